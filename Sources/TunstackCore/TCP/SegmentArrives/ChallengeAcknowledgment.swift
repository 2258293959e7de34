/// Challenge ACKs (RFC 5961 §7): the answer to what might be an attack, or might be a peer that has restarted.
extension Connection {
    /// A challenge ACK (RFC 5961 §7): the ordinary acknowledgment, at a limited rate.
    mutating func sendChallenge(_ environment: inout Environment) {
        guard environment.allowsChallenge() else { return }
        acknowledgments.oweNow()
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
