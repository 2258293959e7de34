import TunstackWire

@testable import TunstackCore

extension AcknowledgmentNews {
    /// What an acknowledgment told, with what a test does not care about left out: the sequence numbers are those of round `round`.
    init(
        at now: Instant = .origin, delivered: Int, inFlight: Int = 0, round: Int = 0, roundTrip: Interval? = nil,
        smoothed: Interval = .zero, isWindowLimited: Bool = true, isInRecovery: Bool = false,
        isAfterTimeout: Bool = false, isMarked: Bool = false
    ) {
        self.init(
            now: now, delivered: delivered, acknowledged: delivered, lost: 0, priorInFlight: inFlight + delivered,
            inFlight: inFlight, una: SequenceNumber(0) + round, nxt: SequenceNumber(0) + (round + 1),
            roundTrip: roundTrip, smoothedRoundTrip: smoothed, rate: nil, totalDelivered: 0, totalLost: 0,
            isWindowLimited: isWindowLimited, isInRecovery: isInRecovery, isAfterTimeout: isAfterTimeout,
            isMarked: isMarked)
    }
}
