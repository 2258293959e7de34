import TunstackWire

/// Second: check the RST bit (RFC 9293 §3.10.7.4), with the protection of RFC 5961 §3.2.
extension Connection {
    /// Text that rides on a reset is no reason to refuse it (RFC 9293 §3.5.3, SHLD-2).
    mutating func checkReset(_ segment: Segment, _ environment: inout Environment) -> Disposition {
        guard segment.flags.contains(.rst) else { return .proceed }
        // Somewhere in the window is not enough: a blind attacker could hit it. A peer that means it answers the challenge with
        // the exact number.
        guard segment.seq == rcv.nxt else {
            sendChallenge(answering: segment, &environment)
            return .drop(.challengedReset)
        }
        switch state {
        case .synReceived where origin == .active:
            environment.counters.failedOpens &+= 1
            end(.refused, because: .resetArrived, &environment)
        case .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck:
            end(.resetByPeer, because: .resetArrived, &environment)
        case .closed, .listen, .synSent, .timeWait:
            preconditionFailure("step 2 is for synchronized states and SYN-RECEIVED")
        }
        return .consumed
    }
}
