import TunstackWire

/// Tells from round trips whether data waits on the path, and so a full queue from a lossy link. Not in the draft.
///
/// A round shows a queue if even its shortest round trip is a quarter longer than the average one of the best round
/// of late. Jitter stretches the average of every round and leaves some short round trips in each, so it does not
/// pass for a queue; ProbeRTT and the phases that drain see to it that a round without a queue comes by.
struct QueueSignal {
    /// The shortest round trip of this round and of the one before.
    private var shortest = BBR.noRoundTrip
    private var priorShortest = BBR.noRoundTrip
    /// The sum of this round's round trips, and how many they are.
    private var sum = Interval.zero
    private var count: UInt32 = 0
    /// The lowest average of a round in the window that goes on, and in the one before.
    private var bestAverage = BBR.noRoundTrip
    private var priorBestAverage = BBR.noRoundTrip
    private var windowStart = Instant.origin

    /// Takes in what one acknowledgment told.
    mutating func add(_ roundTrip: Interval?, startsRound: Bool, at now: Instant) {
        if startsRound { endRound(at: now) }
        guard let roundTrip else { return }
        shortest = min(shortest, roundTrip)
        sum = sum + roundTrip
        count &+= 1
    }

    private mutating func endRound(at now: Instant) {
        guard count > 0 else { return }
        let average = sum / Int64(count)
        if now > windowStart + BBR.probeRTTInterval {
            windowStart = now
            priorBestAverage = bestAverage
            bestAverage = average
        } else {
            bestAverage = min(bestAverage, average)
        }
        priorShortest = shortest
        shortest = BBR.noRoundTrip
        sum = .zero
        count = 0
    }

    /// Whether this round and the one before show a queue.
    var isQueueing: Bool {
        let present = min(shortest, priorShortest)
        let best = min(bestAverage, priorBestAverage)
        guard present < BBR.noRoundTrip, best < BBR.noRoundTrip else { return false }
        return present.nanoseconds > BBR.queueingRoundTrip.of(Int(best.nanoseconds))
    }
}
