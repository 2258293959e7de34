import TunstackCore

/// A host's clock beside the network's: what it shows at the network's time zero, and how much too fast it runs.
///
/// The arithmetic is exact in both directions: `show(_:)` rounds down, and `time(showing:)` is the first nanosecond at
/// which the clock shows at least that much. So a deadline is due when it is reached, neither before nor twice.
struct HostClock {
    private let start: Int64
    /// How far the clock gets while the network's gets a million.
    private let pace: Int128

    private static let million: Int128 = 1_000_000

    /// - Parameter skew: how much too fast it runs, in parts per million; negative for too slow; -500000 ... 500000.
    init(start: Interval, skew: Int) {
        self.start = start.nanoseconds
        pace = Self.million + Int128(min(max(skew, -500_000), 500_000))
    }

    /// What the clock shows at a time of the network.
    func reading(at time: Instant) -> Instant {
        guard pace != Self.million else { return time + Interval(nanoseconds: start) }
        let elapsed = (Int128(time.nanoseconds) * pace).quotientRoundedDown(by: Self.million)
        return Instant(nanoseconds: Int64(clamping: elapsed + Int128(start)))
    }

    /// The earliest time of the network at which the clock shows `reading` or later.
    func time(showing reading: Instant) -> Instant {
        guard pace != Self.million else { return reading - Interval(nanoseconds: start) }
        let elapsed = (Int128(reading.nanoseconds) - Int128(start)) * Self.million
        return Instant(nanoseconds: Int64(clamping: -(-elapsed).quotientRoundedDown(by: pace)))
    }
}

extension Int128 {
    /// The quotient, rounded towards minus infinity; the divisor must be positive.
    fileprivate func quotientRoundedDown(by divisor: Int128) -> Int128 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
