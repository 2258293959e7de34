import TunstackWire

/// Challenge ACKs (RFC 5961 §7): the answer to what might be an attack, or might be a peer that has restarted.
extension Connection {
    /// A challenge ACK (RFC 5961 §7): the ordinary acknowledgment, at a limited rate for the stack and for the connection.
    mutating func sendChallenge(answering segment: Segment, _ environment: inout Environment) {
        guard refusals.allow(segment, at: environment.now) else {
            environment.counters.challengeAcknowledgmentsWithheld &+= 1
            return
        }
        guard environment.allowsChallenge() else { return }
        acknowledgments.oweNow()
    }
}

/// How often a bare ACK that is refused is answered: by the ACK of RFC 9293 §3.10.7.4, but not more than twice a second.
///
/// Two ends that each find the other's numbers unacceptable, one in TIME-WAIT and one that an old SYN has made half-open, would
/// otherwise answer each other's answers as fast as the path carries them. What has a length is sent again by timers alone, and is
/// always answered.
struct RefusalSpacing {
    private static let milliseconds: UInt32 = 500
    /// When the last one was answered, in milliseconds that wrap: four bytes, and once in 49 days half a second in vain.
    private var answeredAt: UInt32 = 0 &- milliseconds

    /// Whether this segment, which is refused, is to be answered now.
    @inline(__always)
    mutating func allow(_ segment: Segment, at now: Instant) -> Bool {
        guard segment.len == 0, !segment.flags.contains(.rst) else { return true }
        guard millisecondsLeft(at: now) == 0 else { return false }
        answeredAt = Self.milliseconds(of: now)
        return true
    }

    /// How long it is until the next one would be answered.
    func millisecondsLeft(at now: Instant) -> UInt32 {
        let passed = Self.milliseconds(of: now) &- answeredAt
        return passed >= Self.milliseconds ? 0 : Self.milliseconds - passed
    }

    private static func milliseconds(of instant: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: instant.nanoseconds / 1_000_000)
    }
}

extension Environment {
    /// Whether the rate limit leaves room for another challenge ACK (RFC 5961 §7); counts either way.
    mutating func allowsChallenge() -> Bool {
        // A budget that is always the same would let a third party measure how much of it a connection uses (CVE-2016-5696).
        var random = random
        defer { self.random = random }
        let isAllowed = challengeBudget.allow(at: now) { $0 - Int.random(in: 0...$0 / 2, using: &random) }
        guard isAllowed else {
            counters.challengeAcknowledgmentsWithheld &+= 1
            return false
        }
        counters.challengeAcknowledgmentsSent &+= 1
        return true
    }
}
