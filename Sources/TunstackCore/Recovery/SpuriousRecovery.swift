import TunstackWire

/// Finds out that a recovery was about nothing lost, so that the window can be given back. Three signs: an acknowledgment echoes a
/// timestamp from before the first retransmission (Eifel, RFC 3522); the peer reports every retransmission as a duplicate (RFC 2883,
/// RFC 3708); after a time-out data arrives that was not sent again (F-RTO, RFC 5682).
struct SpuriousRecovery {
    /// F-RTO: how far the question has got.
    enum Suspicion: UInt8 {
        case none
        /// The first segment was sent again; the next acknowledgment decides whether to go on asking.
        case timedOut
        /// SND.UNA moved; new data is sent instead of repairs, and the next acknowledgment answers.
        case probing
    }

    private(set) var suspicion = Suspicion.none
    /// SND.UNA when the recovery began; nil when there is nothing to undo.
    private(set) var start: SequenceNumber?
    // What was sent again, in this recovery, or before it and not acknowledged then: the answer to an earlier repair must not pass
    // for one to something that left before this recovery's.

    /// What time the timestamp of the first of it told.
    private var firstStamp: Instant?
    /// Retransmissions that the peer has not reported as duplicates.
    private var retransmissions: Int32 = 0
    /// One past the highest number of it; nil when there is nothing.
    private var retransmittedEnd: SequenceNumber?

    /// A recovery begins.
    mutating func begin(una: SequenceNumber) {
        end()
        forgetRetransmissions(upTo: una)
        start = una
    }

    /// A recovery begins with a time-out. `isFirst`: the segment was not sent again before, so the question makes sense.
    mutating func beginTimeout(una: SequenceNumber, isFirst: Bool) {
        begin(una: una)
        suspicion = isFirst ? .timedOut : .none
    }

    /// There is nothing to undo any more.
    mutating func end() {
        start = nil
        suspicion = .none
    }

    private mutating func forgetRetransmissions(upTo una: SequenceNumber) {
        guard let retransmittedEnd, !retransmittedEnd.isAfter(una) else { return }
        firstStamp = nil
        retransmissions = 0
        self.retransmittedEnd = nil
    }

    /// The marks are forgotten in time: numbers can be compared only while they are less than 2^31 apart.
    mutating func keepMarksNear(_ una: SequenceNumber) {
        let oldest = start ?? retransmittedEnd ?? una
        guard una - oldest > 1 << 30 else { return }
        end()
        forgetRetransmissions(upTo: una)
    }

    mutating func onRetransmitted(upTo end: SequenceNumber, stamp: Instant) {
        // A repair that could not wait for the answer.
        if suspicion == .probing { suspicion = .none }
        if firstStamp == nil { firstStamp = stamp }
        retransmissions += 1
        retransmittedEnd = retransmittedEnd.map { SequenceNumber.max($0, end) } ?? end
    }

    /// RFC 3522 §3.2 steps 4 and 5: SND.UNA moved, and the acknowledgment echoes what left before the first retransmission.
    func isRefuted(byEcho echoed: UInt32, clock: TimestampClock) -> Bool {
        guard start != nil, let firstStamp else { return false }
        return Int32(bitPattern: echoed &- clock.value(at: firstStamp)) < 0
    }

    /// Everything that counted as lost has arrived before any of it was sent again.
    func hasBeenOvertaken(hasMissing: Bool) -> Bool { start != nil && retransmittedEnd == nil && !hasMissing }

    /// The peer reports that something arrived twice; true when that holds for everything that was sent again. What was not sent again
    /// in this recovery was doubled by the network (RFC 3708 §2).
    mutating func isRefutedByDuplicate(_ block: SACKBlock, segmentSize: Int) -> Bool {
        guard let start, let retransmittedEnd, !block.start.isBefore(start), !block.end.isAfter(retransmittedEnd)
        else { return false }
        let reported = (block.end - block.start + segmentSize - 1) / max(1, segmentSize)
        retransmissions = max(0, retransmissions - Int32(clamping: max(1, reported)))
        return retransmissions == 0
    }

    /// F-RTO (RFC 5682 §3.1): what the first and the second acknowledgment after a time-out say; true if it was spurious.
    /// `hasDeliveredOriginal`: it tells of data sent before the time-out and not again. `canSendNew`: there is new data, and room.
    mutating func isRefutedAfterTimeout(hasAdvanced: Bool, hasDeliveredOriginal: Bool, canSendNew: Bool) -> Bool {
        switch suspicion {
        case .none: return false
        case .timedOut:
            suspicion = hasAdvanced && canSendNew ? .probing : .none
            return false
        case .probing:
            suspicion = .none
            return hasDeliveredOriginal
        }
    }
}
