import TunstackWire

/// Seventh: process the segment text (RFC 9293 §3.10.7.4).
extension Connection {
    mutating func processText(
        _ segment: Segment, text: RawSpan, _ environment: inout Environment
    ) -> Disposition {
        guard state.receivesData || state == .synReceived, segment.textLength > 0 else { return .proceed }
        if isReleased { return refuseTextAfterRelease(segment, &environment) }

        // Cut to the window, and to a FIN that has been seen: nothing comes after it.
        var end = rcv.nxt + rcv.wnd
        if let peerFin, peerFin.isBefore(end) { end = peerFin }
        let skipped = min(segment.textLength, max(0, rcv.nxt - segment.textStart))
        let kept = min(segment.textLength, max(skipped, end - segment.textStart))
        if skipped > 0 {
            noteRepeatedText(below: segment)
        } else {
            noteRepeatedText(in: SequenceRange(start: segment.textStart, end: segment.textStart + kept))
        }
        guard skipped < kept else {
            acknowledgments.oweNow()
            return .proceed
        }
        noteCongestion(segment, &environment.counters)

        let fillsGap = !receiveBuffer.reassembly.isEmpty
        let insertion =
            segment.isPlaced
            ? receiveBuffer.insertPlaced(kept)
            : receiveBuffer.insert(
                text.extracting(skipped..<kept), at: segment.textStart + skipped,
                rangeLimit: environment.configuration.limits.reassemblyRanges, pool: &environment.pool)
        guard insertion == .stored else {
            acknowledgments.oweNow()
            return .drop(.noBuffer)
        }
        guard state != .synReceived else { return .proceed }
        takeInOrderText(of: kept - skipped, fillsGap: fillsGap, wasCut: kept < segment.textLength, at: environment.now)
        tuneReceiveBuffer(segment, mayGrow: !environment.pool.isScarce, at: environment.now)
        return .proceed
    }

    private mutating func takeInOrderText(of count: Int, fillsGap: Bool, wasCut: Bool, at now: Instant) {
        let advanced = receiveBuffer.advance()
        rcv.advance(by: advanced)
        if advanced > 0 { events.insert(.readable) }
        if advanced == 0 {
            // RFC 5681 §4.2: the sender must know at once of what is out of order, and of what fills a gap (MAY-13).
            // A peer that gets no blocks counts the acknowledgments; of a super-segment it expects one for each segment.
            let segments = negotiated.selectiveAcknowledgment ? 1 : (count + receiveMSS - 1) / max(1, receiveMSS)
            acknowledgments.oweDuplicates(min(segments, LossRecovery.duplicateThreshold))
        } else if fillsGap || wasCut {
            acknowledgments.onGapFilled()
        } else {
            oweAcknowledgment(forReceived: advanced, at: now)
        }
        lastTextReceivedAt = now
    }

    /// In-order data or a FIN is acknowledged now or before the timer fires, as the policy says.
    mutating func oweAcknowledgment(forReceived count: Int, at now: Instant) {
        acknowledgments.onDataReceived(count, maximumSegmentSize: receiveMSS)
        if acknowledgments.debt == .delayed, !timers.isArmed(.delayedAcknowledgment) {
            timers[.delayedAcknowledgment] = now + options.delayedAcknowledgment
        }
    }

    /// Nobody will read it, and the peer must not believe that somebody did (RFC 9293 §3.6.1, SHLD-3).
    private mutating func refuseTextAfterRelease(
        _ segment: Segment, _ environment: inout Environment
    ) -> Disposition {
        guard segment.finSequence.isAfter(rcv.nxt) else {
            acknowledgments.oweNow()
            return .proceed
        }
        environment.sendReset(answering: segment)
        end(.dataAfterRelease, because: .dataAfterRelease, &environment)
        return .drop(.dataAfterRelease)
    }
}
