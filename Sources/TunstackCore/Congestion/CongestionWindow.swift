import TunstackWire

/// The window of an algorithm that goes by losses (RFC 5681): slow start, what recovery and time-outs do to it, and the
/// undo. How it grows in congestion avoidance, and how far it shrinks, is the algorithm's business.
struct CongestionWindow {
    /// No peer can offer more (RFC 7323 §2.3).
    static let largest = 1 << 30

    private enum Stage: UInt8 {
        case open
        /// Losses are being repaired: the window is `ssthresh` when that is done, and proportional rate reduction leads
        /// there.
        case recovery
        /// A time-out is being repaired, in slow start.
        case timeout
    }

    /// cwnd, in bytes.
    private(set) var cwnd: Int
    /// ssthresh, in bytes; begins "arbitrarily high" (RFC 5681 §3.1).
    private(set) var ssthresh = Int.max
    private var smoothedRoundTrip = Interval.zero
    /// What an undo restores; no cwnd where there is nothing to undo.
    private var priorCwnd = 0
    private var priorSsthresh = Int.max
    /// The window in use at the last reduction, without what of it was lost since.
    private(set) var held = 0
    /// SMSS, in bytes.
    private(set) var maximumSegmentSize: Int
    private var round = RoundCounter()
    private var validation = WindowValidation()
    private var hyStart = HyStartPlusPlus()
    /// What ends slow start instead of `hyStart`, if anything does.
    private var plainHyStart: HyStart?
    private let reducesFromWindow: Bool
    private var stage = Stage.open

    init(maximumSegmentSize: Int, rules: WindowRules = WindowRules()) {
        if rules.slowStartExit == .hyStart { plainHyStart = HyStart() }
        reducesFromWindow = rules.reducesFromWindow
        self.maximumSegmentSize = Self.valid(maximumSegmentSize)
        cwnd = Self.initialWindow(self.maximumSegmentSize)
    }

    private static func valid(_ maximumSegmentSize: Int) -> Int { min(max(1, maximumSegmentSize), 65_535) }

    /// IW: ten segments, but no more than 14,600 bytes unless two segments are more (RFC 6928 §2).
    static func initialWindow(_ maximumSegmentSize: Int) -> Int {
        min(10 * maximumSegmentSize, max(2 * maximumSegmentSize, 14_600))
    }

    var isInSlowStart: Bool { cwnd < ssthresh }

    /// The first slow start, and it has seen the round trip grow (RFC 9406).
    private var isConservative: Bool { ssthresh == .max && hyStart.isConservative }

    /// Bytes per second: the window twice in a round trip while it doubles in that time, and 1.2 times otherwise, so
    /// that the window and not the pace is what limits.
    var pacingRate: Int? {
        guard smoothedRoundTrip > .zero else { return nil }
        let tenths = isInSlowStart && !isConservative ? 20 : 12
        return max(1, cwnd * tenths * 100_000_000 / Int(smoothedRoundTrip.nanoseconds))
    }

    var phase: String {
        switch stage {
        case .recovery: "recovery"
        case .timeout where isInSlowStart: "slow start after a time-out"
        case _ where !isInSlowStart: "congestion avoidance"
        case _ where isConservative: "conservative slow start"
        default: "slow start"
        }
    }

    mutating func setMaximumSegmentSize(_ size: Int) {
        maximumSegmentSize = Self.valid(size)
        cwnd = max(cwnd, maximumSegmentSize)
        // A recovery that is under way leads there.
        ssthresh = max(ssthresh, 2 * maximumSegmentSize)
    }

    mutating func onHandshakeRetransmitted() { cwnd = maximumSegmentSize }

    mutating func onIdle(for pause: Interval, rto: Interval) {
        settle()
        (cwnd, ssthresh) = validation.afterPause(
            pause, rto: rto, cwnd: cwnd, ssthresh: ssthresh, initialWindow: Self.initialWindow(maximumSegmentSize))
    }

    // MARK: Growth

    /// Slow start. Answers how many of the acknowledged bytes count for congestion avoidance; nil if the window must
    /// not grow.
    mutating func onAcknowledged(_ news: AcknowledgmentNews) -> Int? {
        if news.smoothedRoundTrip > .zero { smoothedRoundTrip = news.smoothedRoundTrip }
        if stage == .timeout, !news.isAfterTimeout { stage = .open }
        let isRoundOver = round.isOver(news)
        validation.onAcknowledged(news, cwnd: cwnd, isRoundOver: isRoundOver)
        guard stage != .recovery, !news.isInRecovery || news.isAfterTimeout else { return nil }
        // Only the first slow start has no threshold to end at (RFC 9406 §4.3).
        if ssthresh == .max, hasFilledPath(news, isRoundOver: isRoundOver) { ssthresh = cwnd }
        // RFC 3168 §6.1.2: what carries ECN-Echo does not widen the window.
        guard news.acknowledged > 0 || news.isReordered && news.delivered > 0, !news.isMarked,
            validation.mayGrow(news, cwnd: cwnd, isInSlowStart: isInSlowStart)
        else { return nil }
        // What earlier acknowledgments reported beyond a gap has let new data go then. On a path that reorders, a gap is no sign of a
        // loss and much arrives beyond one, so that counts when it is reported.
        let delivered = max(0, news.delivered)
        let bytes = news.isReordered ? delivered : min(news.acknowledged, delivered)
        guard isInSlowStart else { return bytes }
        return slowStart(bytes, isAfterTimeout: news.isAfterTimeout)
    }

    private mutating func hasFilledPath(_ news: AcknowledgmentNews, isRoundOver: Bool) -> Bool {
        guard plainHyStart == nil else {
            return plainHyStart?.isOver(
                news, isRoundOver: isRoundOver, cwnd: cwnd, segmentSize: maximumSegmentSize) ?? false
        }
        return hyStart.isOver(roundTrip: news.roundTrip, isRoundOver: isRoundOver)
    }

    private mutating func slowStart(_ acknowledged: Int, isAfterTimeout: Bool) -> Int {
        var bytes = acknowledged
        if isAfterTimeout {
            // What was in the network before the time-out may be acknowledged now (RFC 3465 §2.3).
            bytes = min(bytes, maximumSegmentSize)
        } else if smoothedRoundTrip == .zero {
            // Not paced yet (RFC 9406 §4.2).
            bytes = min(bytes, 8 * maximumSegmentSize)
        }
        if ssthresh == .max { bytes = hyStart.growth(bytes) }
        let growth = min(bytes, ssthresh - cwnd)
        grow(to: cwnd + growth)
        return bytes - growth
    }

    /// Congestion avoidance has widened the window.
    mutating func grow(to size: Int) { cwnd = max(cwnd, min(size, Self.largest)) }

    // MARK: Reduction

    /// A reduction begins: remembers what an undo needs, and answers the window in use, in bytes. That is FlightSize
    /// (RFC 5681 §3.1) at the time when what was lost was sent: what is in the network now lacks what was lost and
    /// selectively acknowledged. What limited transmit has sent beyond the window does not count (RFC 5681 §3.2 step
    /// 2).
    mutating func beginReduction(inFlight: Int) -> Int {
        settle()
        priorCwnd = cwnd
        priorSsthresh = ssthresh
        // While a time-out is repaired the window is small, but what was lost left under a larger one.
        let limit = stage == .timeout ? max(cwnd, ssthresh) : cwnd
        held = reducesFromWindow ? limit : min(limit, max(inFlight, validation.used))
        return held
    }

    /// The path is congested: `threshold` is the window for it. After a loss, proportional rate reduction leads there.
    mutating func reduce(to threshold: Int, because signal: CongestionSignal) {
        setThreshold(threshold)
        switch signal {
        case .loss:
            stage = .recovery
        case .mark:
            cwnd = min(cwnd, ssthresh)
            // A mark is never spurious (RFC 4015 §3.4).
            priorCwnd = 0
        }
    }

    /// Losses are being repaired.
    var isInRecovery: Bool { stage == .recovery }

    /// A segment counts as lost in recovery. The path is never taken to hold more than the window in use without what
    /// was lost of it in this recovery (RFC 7661 §4.4.1 subtracts that, too). That matters when slow start has overshot
    /// by much: a share of its window is still more than the path holds, and repairs would be lost over and over.
    mutating func onLost(_ bytes: Int) {
        guard !reducesFromWindow else { return }
        held = max(0, held - max(0, bytes))
        ssthresh = min(ssthresh, max(held, 2 * maximumSegmentSize))
    }

    /// The retransmission timer fired (RFC 5681 §3.1); `threshold` is nil if it has been lowered for this segment.
    mutating func onTimeout(threshold: Int?) {
        settle()
        if let threshold { setThreshold(threshold) }
        cwnd = maximumSegmentSize
        stage = .timeout
    }

    /// Recovery is complete (RFC 6582 §3.2 step 3, full acknowledgment; RFC 6937 §3). Pacing spreads what the window
    /// lets go now; without it, option 1 of RFC 6582 keeps the window from letting go a burst.
    mutating func onRecovered(inFlight: Int) {
        guard stage == .recovery else { return }
        stage = .open
        let isPaced = smoothedRoundTrip > .zero
        let (next, _) = max(inFlight, maximumSegmentSize).addingReportingOverflow(maximumSegmentSize)
        cwnd = isPaced ? ssthresh : min(ssthresh, max(next, maximumSegmentSize))
    }

    /// Nothing was lost: back to what was. RFC 4015 §3 leads there by slow start, lest a burst leaves; here pacing keeps
    /// bursts away. Answers whether there was something to undo.
    mutating func onSpurious() -> Bool {
        guard priorCwnd > 0 else { return false }
        cwnd = max(cwnd, priorCwnd)
        ssthresh = priorSsthresh
        priorCwnd = 0
        stage = .open
        return true
    }

    /// The window as it really is: in recovery it is on its way to `ssthresh`.
    private mutating func settle() {
        guard stage == .recovery else { return }
        cwnd = min(cwnd, ssthresh)
        stage = .open
    }

    private mutating func setThreshold(_ threshold: Int) { ssthresh = max(threshold, 2 * maximumSegmentSize) }
}

// MARK: - Rest

extension CongestionWindow {
    /// What a window remembers while nothing is in the network. How it grows is remembered beside it.
    struct Resting {
        fileprivate let smoothedRoundTrip: Interval
        fileprivate let cwnd: UInt32
        /// `UInt32.max` where there is none.
        fileprivate let ssthresh: UInt32
        fileprivate let validation: WindowValidation
        fileprivate let round: RoundCounter
        fileprivate let reducesFromWindow: Bool
        fileprivate let maximumSegmentSize: UInt16
    }

    /// Only the first slow start has no threshold to end at; the search for its end matters there and nowhere else.
    var isInFirstSlowStart: Bool { ssthresh == .max }

    /// The search of the first slow start for its end.
    var slowStartSearch: HyStartPlusPlus { hyStart }

    /// That search is HyStart's, and goes on.
    var searchesPlainly: Bool { isInFirstSlowStart && plainHyStart != nil }

    mutating func forgetUndo() { priorCwnd = 0 }

    /// The small form; nil while something goes on that does not fit in it.
    var resting: Resting? {
        guard stage == .open, priorCwnd == 0, let cwnd = UInt32(exactly: cwnd) else { return nil }
        return Resting(
            smoothedRoundTrip: smoothedRoundTrip, cwnd: cwnd, ssthresh: UInt32(clamping: ssthresh),
            validation: validation, round: round, reducesFromWindow: reducesFromWindow,
            maximumSegmentSize: UInt16(maximumSegmentSize))
    }

    /// The window as it was before a rest.
    init(_ resting: Resting, search: HyStartPlusPlus) {
        cwnd = Int(resting.cwnd)
        ssthresh = resting.ssthresh == .max ? .max : Int(resting.ssthresh)
        smoothedRoundTrip = resting.smoothedRoundTrip
        maximumSegmentSize = Int(resting.maximumSegmentSize)
        round = resting.round
        validation = resting.validation
        hyStart = search
        reducesFromWindow = resting.reducesFromWindow
    }
}
