import TunstackWire

/// Decides what to send again: after three duplicate acknowledgments the segment at SND.UNA (fast retransmit and NewReno's
/// fast recovery, RFC 6582), after a time-out everything outstanding, as the window allows (RFC 5681 §3.1).
struct LossRecovery {
    enum Phase: UInt8 {
        /// Nothing is known to be lost.
        case open
        /// Repairing on duplicate acknowledgments, until `recover` is acknowledged.
        case fastRecovery
        /// Repairing after a time-out, until `recover` is acknowledged.
        case afterTimeout
    }

    /// RFC 5681 §3.2.
    static let duplicateThreshold: UInt8 = 3

    private(set) var phase = Phase.open
    private(set) var duplicates: UInt8 = 0
    /// The end of what was outstanding when the last recovery began (RFC 6582 §3.2 "recover").
    private(set) var recover: SequenceNumber
    /// What has to be sent again: `resendNext ..< resendEnd`.
    private(set) var resendNext: SequenceNumber
    private(set) var resendEnd: SequenceNumber

    init(iss: SequenceNumber) {
        recover = iss
        resendNext = iss
        resendEnd = iss
    }

    /// Whether something waits to be sent again.
    var hasResend: Bool { resendNext.isBefore(resendEnd) }

    /// What an acknowledgment of new data means.
    enum Progress { case ordinary, partial, complete }

    mutating func onAcknowledged(una: SequenceNumber, maximumSegmentSize: Int) -> Progress {
        duplicates = 0
        resendNext = SequenceNumber.max(resendNext, una)
        switch phase {
        case .open:
            // The marks move along: numbers can be compared only while they are less than 2^31 apart.
            endRecovery(at: una)
            if una.isAfter(recover) { recover = una - 1 }
            return .ordinary
        case .fastRecovery where una.isBefore(recover):
            resendNext = una
            resendEnd = una + min(maximumSegmentSize, recover - una)
            return .partial
        case .afterTimeout where una.isBefore(recover):
            return .ordinary
        case .fastRecovery:
            endRecovery(at: una)
            return .complete
        case .afterTimeout:
            endRecovery(at: una)
            return .ordinary
        }
    }

    private mutating func endRecovery(at una: SequenceNumber) {
        phase = .open
        resendNext = una
        resendEnd = una
    }

    /// What a duplicate acknowledgment means.
    enum Duplicate { case counted, fastRetransmit, inRecovery }

    mutating func onDuplicate(una: SequenceNumber, nxt: SequenceNumber, maximumSegmentSize: Int) -> Duplicate {
        if phase == .fastRecovery { return .inRecovery }
        duplicates = duplicates == .max ? .max : duplicates + 1
        // RFC 6582 §3.2 step 1: not again for losses of a recovery that is over.
        guard duplicates == Self.duplicateThreshold, phase == .open, una.isAfter(recover) else { return .counted }
        phase = .fastRecovery
        recover = nxt
        resendNext = una
        resendEnd = una + min(maximumSegmentSize, nxt - una)
        return .fastRetransmit
    }

    /// Bytes that may leave beyond cwnd: a new segment each for the first and second duplicate, so that a third can come of them
    /// (RFC 5681 §3.2, RFC 3042).
    @inline(__always)
    func limitedTransmit(_ maximumSegmentSize: Int) -> Int {
        phase == .open ? Int(min(duplicates, Self.duplicateThreshold - 1)) * maximumSegmentSize : 0
    }

    /// The retransmission timer fired: everything outstanding counts as lost.
    mutating func onTimeout(una: SequenceNumber, nxt: SequenceNumber) {
        phase = .afterTimeout
        duplicates = 0
        recover = nxt
        resendNext = una
        resendEnd = nxt
    }

    /// Everything outstanding was too big for the path and has to be cut anew. No sign of congestion (RFC 1191 §6.5), so
    /// cwnd stays; the repair goes on as after a time-out.
    mutating func onPathMTULowered(una: SequenceNumber, nxt: SequenceNumber) {
        onTimeout(una: una, nxt: nxt)
    }

    /// `count` numbers from `resendNext` have been sent again.
    mutating func onResent(_ count: Int) { resendNext += count }

    /// Numbers that count as being in the network, for comparison with cwnd.
    func flightSize(una: SequenceNumber, nxt: SequenceNumber) -> Int {
        phase == .afterTimeout && hasResend ? resendNext - una : nxt - una
    }
}
