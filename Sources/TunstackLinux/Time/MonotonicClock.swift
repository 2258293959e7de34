import Glibc
import TunstackCore

/// The time that a stack on this machine lives by: nanoseconds of `CLOCK_MONOTONIC`.
///
/// It never jumps and does not count the time the machine sleeps. ``DispatchEventLoop`` reads deadlines on it.
public struct MonotonicClock: Sendable {
    /// The clock.
    public init() {}

    /// The present instant. The corresponding C function is `clock_gettime`, which cannot fail for this clock.
    public func now() -> Instant {
        var time = timespec()
        let result = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        precondition(result == 0, "CLOCK_MONOTONIC is always there on Linux")
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
