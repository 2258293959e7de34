/// CUBIC (RFC 9438) with HyStart++ (RFC 9406) for slow start (RFC 9438 §4.10): the window grows with the time since the last
/// loss, whatever the round trip.
struct Cubic: CongestionController {
    private var window: CongestionWindow
    private var curve = CubicCurve()
    /// The curve before the last reduction (RFC 9438 §4.9).
    private var priorCurve = CubicCurve()

    init(maximumSegmentSize: Int, rules: WindowRules = WindowRules()) {
        window = CongestionWindow(maximumSegmentSize: maximumSegmentSize, rules: rules)
    }

    var cwnd: Int { window.cwnd }
    var ssthresh: Int { window.ssthresh }
    var pacingRate: Int? { window.pacingRate }
    var phase: String { window.phase }

    /// β is 0.7 (RFC 9438 §4.6).
    private static func reduced(_ window: Int) -> Int { window * 7 / 10 }

    mutating func setMaximumSegmentSize(_ size: Int) {
        window.setMaximumSegmentSize(size)
        // The curve's C is in segments.
        curve.end()
    }

    mutating func onHandshakeRetransmitted() { window.onHandshakeRetransmitted() }

    mutating func onSent(_ bytes: Int, inFlight: Int, at now: Instant) {
        if inFlight == 0 { curve.skip(to: now) }
    }

    mutating func onIdle(for pause: Interval, rto: Interval) {
        window.onIdle(for: pause, rto: rto)
        curve.end()
    }

    mutating func onAcknowledged(_ news: AcknowledgmentNews) {
        if !news.isWindowLimited { curve.skip(to: news.now) }
        guard let bytes = window.onAcknowledged(news), !window.isInSlowStart else { return }
        let next = curve.window(
            after: bytes, cwnd: window.cwnd, maximumSegmentSize: window.maximumSegmentSize, at: news.now,
            roundTrip: news.smoothedRoundTrip)
        window.grow(to: next)
    }

    mutating func onLost(_ segment: LostSegment, at now: Instant) {
        guard window.isInRecovery else { return }
        window.onLost(segment.length)
        curve.limit(to: window.held)
    }

    mutating func onCongestion(_ signal: CongestionSignal, inFlight: Int, at now: Instant) {
        let used = window.beginReduction(inFlight: inFlight)
        priorCurve = curve
        curve.onCongestion(cwnd: used)
        window.reduce(to: Self.reduced(used), because: signal)
    }

    mutating func onRecovered(inFlight: Int, at now: Instant) { window.onRecovered(inFlight: inFlight) }

    mutating func onTimeout(inFlight: Int, isFirst: Bool, at now: Instant) {
        guard isFirst else { return window.onTimeout(threshold: nil) }
        let used = window.beginReduction(inFlight: inFlight)
        priorCurve = curve
        curve.onTimeout(cwnd: used)
        window.onTimeout(threshold: Self.reduced(used))
    }

    mutating func onSpurious(inFlight: Int, at now: Instant) {
        if window.onSpurious() { curve = priorCurve }
    }

    // MARK: Rest

    mutating func forgetUndo() { window.forgetUndo() }

    /// HyStart, if it goes on, has too much to remember for the record.
    var fitsInRecord: Bool { !window.searchesPlainly }

    /// The small form; nil while something goes on that does not fit in it.
    var resting: RestingCongestion? {
        guard let window = window.resting else { return nil }
        guard self.window.isInFirstSlowStart else { return .cubic(window, curve.resting) }
        return curve.isBlank ? .cubicInSlowStart(window, self.window.slowStartSearch) : nil
    }

    /// As it was before a rest.
    init(
        _ window: CongestionWindow.Resting, search: HyStartPlusPlus = HyStartPlusPlus(),
        curve: CubicCurve = CubicCurve()
    ) {
        self.window = CongestionWindow(window, search: search)
        self.curve = curve
    }
}
