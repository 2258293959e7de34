import TunstackWire

/// Eighth: check the FIN bit (RFC 9293 §3.10.7.4).
extension Connection {
    mutating func checkFin(_ segment: Segment, _ environment: inout Environment) {
        if segment.flags.contains(.fin), state == .synReceived || state.receivesData {
            noteFin(segment.finSequence)
        } else if segment.flags.contains(.fin) {
            // Seen before; the acknowledgment must have been lost.
            acknowledgments.oweNow()
        }
        takePeerFinIfReached(&environment)
    }

    /// Remembers a FIN until everything before it has arrived. The first one counts.
    private mutating func noteFin(_ number: SequenceNumber) {
        guard peerFin == nil, number.isAtOrAfter(rcv.nxt), number.isAtOrBefore(rcv.nxt + rcv.wnd) else {
            acknowledgments.oweNow()
            return
        }
        // Data that is held beyond the FIN contradicts it; what came first stays.
        if let held = receiveBuffer.reassembly.end, held.isAfter(number) { return }
        peerFin = number
        if number != rcv.nxt { acknowledgments.oweNow() }
    }

    /// If the FIN is next in order, the peer's direction is closed.
    mutating func takePeerFinIfReached(_ environment: inout Environment) {
        guard peerFin == rcv.nxt, state.receivesData else {
            leaveFinWait1IfAcknowledged(&environment)
            return
        }
        rcv.nxt += 1
        events.insert(.endOfStream)
        oweAcknowledgment(forReceived: 1, at: environment.now)
        switch state {
        case .established:
            transition(to: .closeWait, because: .finArrived, &environment)
        case .finWait1 where finIsAcknowledged:
            enterTimeWait(because: .finAndAckOfFinArrived, &environment)
        case .finWait1:
            acknowledgments.oweNow()
            transition(to: .closing, because: .finArrived, &environment)
        case .finWait2:
            enterTimeWait(because: .finArrived, &environment)
        case .closed, .listen, .synSent, .synReceived, .closeWait, .closing, .lastAck, .timeWait:
            preconditionFailure("only states that receive data take a FIN")
        }
    }

    /// The fifth step left FIN-WAIT-1 to this one; if the FIN could not be taken after all, only the acknowledgment counts.
    mutating func leaveFinWait1IfAcknowledged(_ environment: inout Environment) {
        guard state == .finWait1, finIsAcknowledged else { return }
        transition(to: .finWait2, because: .ackOfFinArrived, &environment)
        armFinWait2(at: environment.now)
    }

    /// The active closer's last state. The stack turns the connection into a small record; what the application has not read stays
    /// readable.
    mutating func enterTimeWait(because cause: TransitionCause, _ environment: inout Environment) {
        transition(to: .timeWait, because: cause, &environment)
        sendBuffer.discard(pool: &environment.pool)
        settle(.closed)
    }
}
