/// The clock behind one connection's timestamps (RFC 7323 §5.4): the stack's time in ticks, from an offset that tells peers neither
/// uptime nor a common clock.
struct TimestampClock {
    /// The length of a tick, at least 1 ns.
    let tick: Interval
    let offset: UInt32

    init(tick: Interval, offset: UInt32) {
        self.tick = max(tick, Interval(nanoseconds: 1))
        self.offset = offset
    }

    /// TSval at a moment.
    func value(at now: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: now.nanoseconds / tick.nanoseconds) &+ offset
    }

    /// The time since we sent the value that a peer echoes; nil if that cannot be, or was hours ago.
    func elapsed(since echoed: UInt32, at now: Instant) -> Interval? {
        let ticks = value(at: now) &- echoed
        return ticks < 1 << 24 ? tick * Int64(ticks) : nil
    }
}
