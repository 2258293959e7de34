import TunstackWire

/// A constant factor, kept as a fraction because the core has no floating point.
struct Ratio {
    let numerator: Int
    let denominator: Int

    init(_ numerator: Int, over denominator: Int = 1) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// This part of `value`, rounded down; `BBR.unbounded` stays what it is.
    func of(_ value: Int) -> Int {
        value == BBR.unbounded ? value : BBR.product(value, numerator, over: denominator)
    }
}

/// The draft's constants, by their names in it, and arithmetic that cannot overflow.
extension BBR {
    /// "Infinity" of the draft: no bound.
    static var unbounded: Int { .max }
    /// The largest rate or volume that is computed with. Sums of a few of them stay within a word.
    static var limit: Int { 1 << 60 }
    /// No cwnd is larger than the largest window that TCP can offer (RFC 7323 §2.3).
    static var largestWindow: Int { 1 << 30 }
    static var nanosecondsPerSecond: Int { 1_000_000_000 }
    /// No round trip measured yet.
    static var noRoundTrip: Interval { Interval(nanoseconds: .max) }

    static var startupPacingGain: Ratio { Ratio(277, over: 100) }
    static var drainPacingGain: Ratio { Ratio(1, over: 2) }
    static var probeDownPacingGain: Ratio { Ratio(9, over: 10) }
    static var probeUpPacingGain: Ratio { Ratio(5, over: 4) }
    static var defaultCwndGain: Ratio { Ratio(2) }
    static var probeUpCwndGain: Ratio { Ratio(9, over: 4) }
    static var probeRTTCwndGain: Ratio { Ratio(1, over: 2) }
    /// 100 % less PacingMarginPercent.
    static var pacingMargin: Ratio { Ratio(99, over: 100) }

    /// LossThresh, where the path shows a queue.
    static var lossThreshold: Ratio { Ratio(2, over: 100) }
    /// The loss that counts as congestion where the path shows none. Not in the draft: half of what ProbeBW_UP loses
    /// on a path that cannot queue at all, where it sends five bytes for every four that pass.
    static var lossThresholdWithoutQueue: Ratio { Ratio(10, over: 100) }
    /// The same for Startup, whose flight is twice what such a path holds. Not in the draft.
    static var startupLossThresholdWithoutQueue: Ratio { Ratio(25, over: 100) }
    /// So many lost segments never count as congestion without a queue. Not in the draft.
    static var lostSegmentsWithoutQueue: Int { 2 }
    /// A round trip this many times the shortest shows a queue: what one round of ProbeBW_UP builds up. Not in the
    /// draft.
    static var queueingRoundTrip: Ratio { Ratio(5, over: 4) }
    /// Beta: the most that a round with congestion takes off a bound.
    static var beta: Ratio { Ratio(7, over: 10) }
    /// 1 less Headroom.
    static var withHeadroom: Ratio { Ratio(85, over: 100) }

    static var startupFullLossCount: UInt8 { 6 }
    static var fullBandwidthRounds: UInt8 { 3 }
    static var fullBandwidthGrowth: Ratio { Ratio(5, over: 4) }
    static var drainRounds: UInt32 { 3 }
    /// ExtraAckedFilterLen, in two halves of five rounds.
    static var extraAckedHalfWindow: UInt32 { 5 }
    static var renoCoexistenceRounds: Int { 63 }
    static var minRTTFilterLength: Interval { .seconds(10) }
    static var probeRTTInterval: Interval { .seconds(5) }
    static var probeRTTDuration: Interval { .milliseconds(200) }

    /// `a * b / c` without overflow, held within 0 ... `limit`.
    static func product(_ a: Int, _ b: Int, over c: Int) -> Int {
        guard a > 0, b > 0 else { return 0 }
        let divisor = UInt(max(c, 1))
        let wide = UInt(a).multipliedFullWidth(by: UInt(b))
        guard wide.high < divisor else { return limit }
        return Int(min(divisor.dividingFullWidth(wide).quotient, UInt(limit)))
    }
}

extension BBR {
    /// BBR.state.
    enum State: UInt8 {
        case startup
        case drain
        case probeDown
        case probeCruise
        case probeRefill
        case probeUp
        case probeRTT
    }

    /// BBR.ack_phase: what acknowledgments tell about the bandwidth probe.
    enum AckPhase: UInt8 {
        /// Nothing: no probe is under way.
        case initial
        /// The pipe is filled at the estimated bandwidth.
        case refilling
        /// The flight rises.
        case probeStarting
        /// Acknowledgments of what was sent while probing arrive.
        case probeFeedback
        /// Probing has ended, its acknowledgments still arrive.
        case probeStopping
    }
}
