import TunstackWire

/// Tail loss probe (TLP, RFC 8985 §7): when acknowledgments stay away, one more segment brings the report that tells what is missing,
/// long before a retransmission timeout (RFC 8985 §3.4). None is out at first (RFC 8985 §7.1).
struct TailLossProbe {
    /// TLP.end_seq: SND.NXT when the probe left; nil while none is out.
    private(set) var end: SequenceNumber?
    /// TLP.is_retrans.
    private var isRetransmission = false

    /// A probe has left.
    mutating func onSent(nxt: SequenceNumber, isRetransmission: Bool) {
        end = nxt
        self.isRetransmission = isRetransmission
    }

    mutating func cancel() { end = nil }

    /// An acknowledgment has arrived (RFC 8985 §7.4, §7.4.1, §7.4.2): whether the probe has repaired a loss that nothing else told of,
    /// which is a reason to slow down.
    mutating func hasRepairedLoss(una: SequenceNumber, duplicateEnd: SequenceNumber?, isPlainDuplicate: Bool) -> Bool {
        // Some peers do not count a FIN as part of the duplicate.
        let isDuplicateReported = duplicateEnd.map { $0 == end || $0 + 1 == end } ?? false
        guard let end, isDuplicateReported || una.isAtOrAfter(end) else { return false }
        // At the end itself the report may still follow that the original arrived too; beyond it there is none any more.
        let isSettled = isDuplicateReported || !isRetransmission || isPlainDuplicate
        guard isSettled || una.isAfter(end) else { return false }
        self.end = nil
        return !isSettled
    }

    /// PTO (§7.2), before it is held to what the retransmission timer would say.
    static func timeout(smoothed: Interval, isSingleSegment: Bool) -> Interval {
        guard smoothed > .zero else { return .seconds(1) }
        return smoothed * 2 + (isSingleSegment ? longestDelayedAcknowledgment : .zero)
    }

    /// TLP.max_ack_delay: what a peer may hold back an acknowledgment for.
    private static let longestDelayedAcknowledgment = Interval.milliseconds(200)
}
