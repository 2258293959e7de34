import TunstackWire

/// Recent acknowledgment (RACK, RFC 8985 §6): a segment is lost when one that left later has arrived, and the time is over in which the
/// network may merely have reordered them. What it costs does not depend on how much is in flight.
struct RACK {
    /// RACK.xmit_ts: when the segment left that left last among those delivered.
    private(set) var sentAt = Instant.origin
    /// RACK.rtt: the round trip of the segment delivered last.
    private(set) var roundTrip = Interval.zero
    /// RACK.end_seq: the end of that segment.
    private(set) var end: SequenceNumber
    /// RACK.fack: the highest end of a segment delivered.
    private(set) var highest: SequenceNumber
    /// RACK.dsack_round: until when the window does not grow again.
    private var roundEnd: SequenceNumber?
    /// RACK.reordering_seen.
    private(set) var hasSeenReordering = false
    /// The farthest, in bytes, that a segment arrived behind the highest one delivered before it, and how many acknowledgments told
    /// of such. For statistics; what counts as lost does not depend on it.
    private(set) var reorderingDistance: Int32 = 0
    private(set) var reorderingsSeen: UInt32 = 0
    private var toldOfReordering = false
    /// RACK.reo_wnd_mult: how many quarters of the minimum round trip the network may reorder.
    private(set) var windowQuarters: UInt8 = 1
    /// RACK.reo_wnd_persist: recoveries until the window shrinks again.
    private var recoveriesLeft: UInt8 = 0

    /// Recoveries without a duplicate report after which the window is small again (RFC 8985 §6.2 step 4).
    private static let persistence: UInt8 = 16

    private static let largestLagQuarters: UInt8 = 2

    init(iss: SequenceNumber) {
        end = iss
        highest = iss
    }

    /// What RACK remembers while nothing is in the network: not which segment was delivered last, for all others leave later.
    struct Resting {
        fileprivate let roundTrip: Interval
        fileprivate let highest: SequenceNumber
        fileprivate let reorderingDistance: Int32
        fileprivate let reorderingsSeen: UInt32
        fileprivate let roundEnd: SequenceNumber?
        fileprivate let hasSeenReordering: Bool
        fileprivate let windowQuarters: UInt8
        fileprivate let recoveriesLeft: UInt8
    }

    /// The small form.
    var resting: Resting {
        Resting(
            roundTrip: roundTrip, highest: highest, reorderingDistance: reorderingDistance,
            reorderingsSeen: reorderingsSeen, roundEnd: roundEnd, hasSeenReordering: hasSeenReordering,
            windowQuarters: windowQuarters, recoveriesLeft: recoveriesLeft)
    }

    /// As it was before a rest.
    init(_ resting: Resting) {
        end = resting.highest
        highest = resting.highest
        roundTrip = resting.roundTrip
        reorderingDistance = resting.reorderingDistance
        reorderingsSeen = resting.reorderingsSeen
        roundEnd = resting.roundEnd
        hasSeenReordering = resting.hasSeenReordering
        windowQuarters = resting.windowQuarters
        recoveriesLeft = resting.recoveriesLeft
    }

    /// A segment was delivered (steps 2 and 3). `isAmbiguous`: what arrived may be the original of a segment sent again.
    mutating func onDelivered(_ segment: SentSegment, isAmbiguous: Bool, at now: Instant) {
        if segment.end.isAfter(highest) {
            highest = segment.end
        } else if segment.end.isBefore(highest), !segment.isRetransmitted {
            hasSeenReordering = true
            reorderingDistance = max(reorderingDistance, Int32(clamping: highest - segment.start))
            if !toldOfReordering { reorderingsSeen &+= 1 }
            toldOfReordering = true
        }
        guard !isAmbiguous else { return }
        roundTrip = now - segment.sentAt
        // On a path without delay a repair may leave in the instant in which this arrived: after it, whatever its number is.
        let sentAt = min(segment.sentAt, now - Interval(nanoseconds: 1))
        if isAfter(sentAt, segment.end) { return }
        self.sentAt = sentAt
        end = segment.end
    }

    /// Whether the segment delivered last left after one that left at `time` and ends at `number`.
    @inline(__always)
    func isAfter(_ time: Instant, _ number: SequenceNumber) -> Bool {
        sentAt > time || (sentAt == time && end.isAfter(number))
    }

    /// The marks move along: numbers can be compared only while they are less than 2^31 apart.
    mutating func onAcknowledged(una: SequenceNumber) {
        highest = SequenceNumber.max(highest, una)
        toldOfReordering = false
        if let roundEnd, una.isAtOrAfter(roundEnd) { self.roundEnd = nil }
    }

    /// The peer reports a duplicate: something was sent again that only came late. Once a round (step 4).
    mutating func onDuplicateReported(nxt: SequenceNumber) {
        guard roundEnd == nil else { return }
        roundEnd = nxt
        windowQuarters = min(windowQuarters, .max - 1) + 1
        recoveriesLeft = Self.persistence
    }

    /// A recovery proved spurious: what arrived last may have been an original that counted as its own repair, and nothing is overdue
    /// by that. Unless it began with a time-out, the network does reorder.
    mutating func onSpuriousRecovery(afterTimeout: Bool) {
        if !afterTimeout { hasSeenReordering = true }
        sentAt = .origin
    }

    /// A recovery is over.
    mutating func onRecovered() {
        if recoveriesLeft > 0 { recoveriesLeft -= 1 }
        if recoveriesLeft == 0 { windowQuarters = 1 }
    }

    /// How far behind the clock the timestamp of a repair is: as long as the network may hold back what left before it, but
    /// no more than half of a round trip.
    @inline(__always)
    func repairStampLag(minimumRoundTrip: Interval?) -> Interval {
        guard hasSeenReordering, let minimumRoundTrip else { return .zero }
        return minimumRoundTrip / 4 * Int64(min(windowQuarters, Self.largestLagQuarters))
    }

    /// RACK.reo_wnd: how long a segment may be overdue. None where the number of segments delivered beyond it settles the case and
    /// the network has not been seen to reorder.
    func reorderingWindow(isCertain: Bool, minimumRoundTrip: Interval?, smoothed: Interval) -> Interval {
        if !hasSeenReordering, isCertain { return .zero }
        return min((minimumRoundTrip ?? smoothed) / 4 * Int64(windowQuarters), smoothed)
    }
}
