/// How much of the window is in use (RFC 7661, RFC 2861): a window that was not filled says nothing about the path.
struct WindowValidation {
    /// The most that was in the network in this round and in the one before.
    private var peak: Int32 = 0
    private var priorPeak: Int32 = 0

    /// The most of the window that was in use in this round and the last, in bytes: what RFC 7661 §4.2 calls pipeACK.
    var used: Int { Int(max(peak, priorPeak)) }

    /// An acknowledgment arrived while the window was `cwnd`.
    mutating func onAcknowledged(_ news: AcknowledgmentNews, cwnd: Int, isRoundOver: Bool) {
        if isRoundOver {
            priorPeak = peak
            peak = 0
        }
        peak = max(peak, Int32(clamping: news.hadFilledWindow ? cwnd : min(cwnd, news.priorInFlight)))
    }

    /// Whether the window may grow. In slow start it may while half of it is in use (RFC 7661 §4.3): it doubles in a
    /// round, and what is in the network lags behind. In congestion avoidance it has to be full.
    func mayGrow(_ news: AcknowledgmentNews, cwnd: Int, isInSlowStart: Bool) -> Bool {
        isInSlowStart ? cwnd < 2 * used : news.isWindowLimited
    }

    /// The window after a pause, and its threshold (RFC 2861, RFC 5681 §4.1): halved for each `rto` of `pause`,
    /// but never below the restart window, which is the initial one or `cwnd` if that is less. The threshold keeps
    /// three quarters of what was.
    mutating func afterPause(
        _ pause: Interval, rto: Interval, cwnd: Int, ssthresh: Int, initialWindow: Int
    ) -> (cwnd: Int, ssthresh: Int) {
        let halvings = pause.nanoseconds / max(1, rto.nanoseconds)
        guard halvings > 0 else { return (cwnd, ssthresh) }
        self = WindowValidation()
        let restart = min(initialWindow, cwnd)
        return (max(restart, cwnd >> min(halvings, 62)), max(ssthresh, cwnd / 4 * 3))
    }
}
