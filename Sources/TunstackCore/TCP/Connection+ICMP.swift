import TunstackWire

/// What ICMP errors do to a connection (RFC 9293 §3.9.2.2).
extension Connection {
    /// The least path MTU to believe in: what every IPv4 host must take in one piece is 576 bytes; some networks carry a little
    /// less, and an attacker would like to claim much less.
    static let smallestPathMTU = 552

    /// Takes in an error about a segment of ours; false if none such is in flight, which an off-path attacker would have to guess
    /// (RFC 5927 §4.1).
    mutating func icmpArrives(
        _ error: SoftError, about number: SequenceNumber, nextHopMTU: Int, _ environment: inout Environment
    ) -> Bool {
        guard state != .closed, state != .timeWait, snd.outstanding > 0,
            number.isAtOrAfter(snd.una), number.isBefore(snd.nxt)
        else { return false }
        switch error {
        case .unreachable(code: ICMPCode.fragmentationNeeded):
            lowerPathMTU(to: nextHopMTU, &environment)
        case .unreachable(code: let code) where ICMPCode.isHard(code):
            if state == .synSent || state == .synReceived { environment.counters.failedOpens &+= 1 }
            end(.unreachable(code: code), because: .hardError, &environment)
        case .unreachable, .timeExceeded, .parameterProblem:
            // Soft: remembered and told, never a reason to give up (MUST-56, SHLD-25).
            softError = error
            if options.reportsSoftErrors { events.insert(.softError) }
        }
        return true
    }

    /// Path MTU discovery (RFC 1191 §3): smaller segments from now on, and what was too big again, at once.
    private mutating func lowerPathMTU(to mtu: Int, _ environment: inout Environment) {
        let believed = max(Self.smallestPathMTU, mtu)
        guard believed < pathMTU else { return }
        pathMTU = believed
        congestion.setMaximumSegmentSize(effectiveSendMSS)
        timedSegment = nil
        guard !recovery.segments.isEmpty else { return }
        if recovery.phase == .fastRecovery || recovery.phase == .reducing {
            congestion.onRecovered(inFlight: recovery.inFlight, at: environment.now)
        }
        recovery.onPathMTULowered(segmentSize: effectiveSendMSS, nxt: snd.nxt, pool: &environment.pool)
    }
}

/// Codes of ICMP Destination Unreachable (RFC 792, RFC 1122 §3.2.2.1).
enum ICMPCode {
    static let protocolUnreachable: UInt8 = 2
    static let portUnreachable: UInt8 = 3
    static let fragmentationNeeded: UInt8 = 4

    /// Errors that end a connection (SHLD-26). Fragmentation needed is counted among them by the RFC, but RFC 1191 has a better
    /// use for it.
    static func isHard(_ code: UInt8) -> Bool { code == protocolUnreachable || code == portUnreachable }
}
