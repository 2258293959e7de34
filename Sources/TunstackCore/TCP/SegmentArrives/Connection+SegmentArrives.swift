import TunstackWire

/// SEGMENT ARRIVES in every state that has a TCB (RFC 9293 §3.10.7.3, §3.10.7.4).
extension Connection {
    /// Takes a segment through the eight steps, in the RFC's order.
    mutating func segmentArrives(
        _ segment: Segment, text: RawSpan, _ environment: inout Environment
    ) -> Disposition {
        if state == .synSent { return segmentArrivesInSynSent(segment, text: text, &environment) }
        var trimmed = segment
        var disposition = checkSequenceNumber(&trimmed, &environment)
        let segment = trimmed
        if disposition == .proceed { disposition = checkReset(segment, &environment) }
        if disposition == .proceed { disposition = checkSecurity() }
        if disposition == .proceed { disposition = checkSyn(segment, &environment) }
        if disposition == .proceed { disposition = checkAcknowledgment(segment, &environment) }
        guard disposition == .proceed else { return disposition }
        recordTimestamp(segment, at: environment.now)
        if let arriving = environment.arrivingRoute { takeReturnRoute(of: arriving, &environment) }
        return continueAfterAcknowledgment(segment, text: text, &environment)
    }

    /// The sixth to eighth step, which a SYN-ACK in SYN-SENT also reaches.
    mutating func continueAfterAcknowledgment(
        _ segment: Segment, text: RawSpan, _ environment: inout Environment
    ) -> Disposition {
        checkUrgent(segment)
        let disposition = processText(segment, text: text, &environment)
        guard disposition == .proceed else {
            leaveFinWait1IfAcknowledged(&environment)
            return disposition
        }
        checkFin(segment, &environment)
        return .consumed
    }
}
