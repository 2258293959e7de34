/// Slow start and congestion avoidance (RFC 5681) with appropriate byte counting (RFC 3465) and an initial window of ten
/// segments (RFC 6928). Decides how much may be in flight; what to send again is `LossRecovery`'s business.
struct NewRenoCongestion {
    /// cwnd, in bytes.
    private(set) var cwnd: Int
    /// ssthresh, in bytes; begins "arbitrarily high" (RFC 5681 §3.1).
    private(set) var ssthresh = Int.max
    /// SMSS, in bytes.
    private(set) var maximumSegmentSize: Int
    /// Bytes acknowledged in congestion avoidance since cwnd last grew.
    private var acknowledgedBytes = 0

    init(maximumSegmentSize: Int) {
        self.maximumSegmentSize = maximumSegmentSize
        cwnd = Self.initialWindow(maximumSegmentSize)
    }

    /// IW: ten segments, but no more than 14,600 bytes unless two segments are more (RFC 6928 §2).
    static func initialWindow(_ maximumSegmentSize: Int) -> Int {
        min(10 * maximumSegmentSize, max(2 * maximumSegmentSize, 14_600))
    }

    var isInSlowStart: Bool { cwnd < ssthresh }

    /// The path's MTU has changed.
    mutating func setMaximumSegmentSize(_ size: Int) { maximumSegmentSize = size }

    /// The SYN or SYN-ACK had to be sent again (RFC 5681 §3.1, RFC 6298 §5.7): begin with one segment.
    mutating func onHandshakeRetransmitted() { cwnd = maximumSegmentSize }

    /// New data was acknowledged outside recovery, and the window was in use.
    mutating func onAcknowledged(_ bytes: Int, afterTimeout: Bool = false) {
        if isInSlowStart {
            // RFC 3465 §2.3: L is two segments an acknowledgment, but one while repairing after a time-out.
            cwnd += min(bytes, (afterTimeout ? 1 : 2) * maximumSegmentSize)
            return
        }
        acknowledgedBytes += bytes
        if acknowledgedBytes >= cwnd {
            acknowledgedBytes -= cwnd
            cwnd += maximumSegmentSize
        }
    }

    /// RFC 5681 §3.1 equation 4.
    private func halved(_ flightSize: Int) -> Int { max(flightSize / 2, 2 * maximumSegmentSize) }

    /// Duplicate acknowledgments told of a loss: fast recovery begins (RFC 6582 §3.2 step 2).
    mutating func onFastRetransmit(flightSize: Int) {
        // What limited transmit has sent beyond cwnd does not count (RFC 5681 §3.2 step 2).
        ssthresh = halved(min(flightSize, cwnd))
        cwnd = ssthresh + 3 * maximumSegmentSize
        acknowledgedBytes = 0
    }

    /// Another duplicate: one more segment has left the network (RFC 6582 §3.2 step 3).
    mutating func onDuplicateInRecovery() { cwnd += maximumSegmentSize }

    /// Part of what was outstanding when recovery began is acknowledged (RFC 6582 §3.2 step 5, partial).
    mutating func onPartialAcknowledgment(_ bytes: Int) {
        cwnd = max(maximumSegmentSize, cwnd - bytes)
        if bytes >= maximumSegmentSize { cwnd += maximumSegmentSize }
    }

    /// Recovery is complete (RFC 6582 §3.2 step 5, full, option 1).
    mutating func onRecovered(flightSize: Int) {
        cwnd = min(ssthresh, max(flightSize, maximumSegmentSize) + maximumSegmentSize)
    }

    /// The retransmission timer fired (RFC 5681 §3.1): `isFirst` for the first time for this segment.
    mutating func onTimeout(flightSize: Int, isFirst: Bool) {
        if isFirst { ssthresh = halved(flightSize) }
        cwnd = maximumSegmentSize
        acknowledgedBytes = 0
    }

    /// Nothing was sent for longer than an RTO: what cwnd knew is stale (RFC 5681 §4.1).
    mutating func onIdle() { cwnd = min(cwnd, Self.initialWindow(maximumSegmentSize)) }
}
