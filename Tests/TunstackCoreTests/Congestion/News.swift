import TunstackWire

@testable import TunstackCore

extension AcknowledgmentNews {
    /// What an acknowledgment told, with what a test does not care about left out: each `round` ends the one before.
    init(
        at now: Instant = .origin, delivered: Int, inFlight: Int = 0, round: Int = 0, roundTrip: Interval? = nil,
        smoothed: Interval = .zero, isWindowLimited: Bool = true, isInRecovery: Bool = false,
        isAfterTimeout: Bool = false, isMarked: Bool = false, beyondGap: Bool = false,
        isReordered: Bool = false
    ) {
        self.init(
            now: now, delivered: delivered, acknowledged: beyondGap ? 0 : delivered, lost: 0,
            priorInFlight: inFlight + delivered, inFlight: inFlight, una: SequenceNumber(0) + round,
            nxt: SequenceNumber(0) + (round + 1), roundTrip: roundTrip, smoothedRoundTrip: smoothed, rate: nil,
            totalDelivered: 0, totalLost: 0, isWindowLimited: isWindowLimited, hadFilledWindow: isWindowLimited,
            isInRecovery: isInRecovery,
            isAfterTimeout: isAfterTimeout, isMarked: isMarked, isReordered: isReordered)
    }
}

extension CongestionController {
    /// Acknowledges a whole window, one segment of `size` at a time, or `segments` of them.
    mutating func acknowledgeWindow(
        size: Int, segments: Int = 1, at now: Instant = .origin, smoothed: Interval = .zero,
        isAfterTimeout: Bool = false
    ) {
        var left = cwnd / size
        while left > 0 {
            onAcknowledged(
                AcknowledgmentNews(
                    at: now, delivered: min(left, segments) * size, smoothed: smoothed, isAfterTimeout: isAfterTimeout))
            left -= segments
        }
    }

    /// Slow start, without a round trip that could end it, until the window has `size` bytes.
    mutating func openWindow(to size: Int) {
        while cwnd < size { onAcknowledged(AcknowledgmentNews(delivered: min(size - cwnd, 1_000))) }
    }

    /// A loss of which nothing is left to tell but the smaller window.
    mutating func lose(inFlight: Int, at now: Instant = .origin) {
        onCongestion(.loss, inFlight: inFlight, at: now)
        onRecovered(inFlight: inFlight, at: now)
    }
}
