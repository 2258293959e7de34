/// Allows so many things a second, in a burst if need be: a budget that is refilled every second, not saved up.
struct RateLimiter {
    private let perSecond: Int
    private var tokens: Int
    private var refilledAt: Instant

    init(perSecond: Int, at now: Instant) {
        self.perSecond = perSecond
        tokens = perSecond
        refilledAt = now
    }

    /// Takes one from the budget; false if none is left. `refill` may make a new budget smaller.
    mutating func allow(at now: Instant, refill: (Int) -> Int = { $0 }) -> Bool {
        if now - refilledAt >= .seconds(1) {
            tokens = refill(perSecond)
            refilledAt = now
        }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }
}
