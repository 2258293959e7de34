/// NewReno's additive increase and multiplicative decrease (RFC 5681), counted in bytes (RFC 3465), with HyStart++ (RFC
/// 9406).
struct NewReno: CongestionController {
    private var window: CongestionWindow
    /// Bytes acknowledged in congestion avoidance since cwnd last grew.
    private var acknowledgedBytes = 0

    init(maximumSegmentSize: Int, rules: WindowRules = WindowRules()) {
        window = CongestionWindow(maximumSegmentSize: maximumSegmentSize, rules: rules)
    }

    var cwnd: Int { window.cwnd }
    var ssthresh: Int { window.ssthresh }
    var pacingRate: Int? { window.pacingRate }
    var phase: String { window.phase }

    mutating func setMaximumSegmentSize(_ size: Int) { window.setMaximumSegmentSize(size) }

    mutating func onHandshakeRetransmitted() { window.onHandshakeRetransmitted() }

    mutating func onIdle(for pause: Interval, rto: Interval) { window.onIdle(for: pause, rto: rto) }

    mutating func onAcknowledged(_ news: AcknowledgmentNews) {
        guard let bytes = window.onAcknowledged(news) else { return }
        acknowledgedBytes += min(bytes, window.cwnd)
        if acknowledgedBytes >= window.cwnd {
            acknowledgedBytes -= window.cwnd
            window.grow(to: window.cwnd + window.maximumSegmentSize)
        }
    }

    mutating func onLost(_ segment: LostSegment, at now: Instant) {
        if window.isInRecovery { window.onLost(segment.length) }
    }

    mutating func onCongestion(_ signal: CongestionSignal, inFlight: Int, at now: Instant) {
        let used = window.beginReduction(inFlight: inFlight)
        window.reduce(to: used / 2, because: signal)
        acknowledgedBytes = 0
    }

    mutating func onRecovered(inFlight: Int, at now: Instant) { window.onRecovered(inFlight: inFlight) }

    mutating func onTimeout(inFlight: Int, isFirst: Bool, at now: Instant) {
        let threshold = isFirst ? window.beginReduction(inFlight: inFlight) / 2 : nil
        window.onTimeout(threshold: threshold)
        acknowledgedBytes = 0
    }

    mutating func onSpurious(inFlight: Int, at now: Instant) { _ = window.onSpurious() }
}
