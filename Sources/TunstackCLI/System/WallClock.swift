import Glibc
import Tunstack

/// Turns the instants of a stack into the time of the world. The difference is taken once; a trace of one run is in one time
/// even if somebody sets the clock.
struct WallClock: Sendable {
    private let offset: Interval
    private let secondsEastOfGreenwich: Int64

    init() {
        var now = timespec()
        let result = unsafe clock_gettime(CLOCK_REALTIME, &now)
        precondition(result == 0, "CLOCK_REALTIME is always there")
        let wall = Interval(nanoseconds: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
        offset = wall - (MonotonicClock().now() - .origin)
        var local = unsafe tm()
        unsafe localtime_r(&now.tv_sec, &local)
        secondsEastOfGreenwich = Int64(unsafe local.tm_gmtoff)
    }

    /// Nanoseconds since 1970.
    func nanoseconds(at instant: Instant) -> UInt64 {
        UInt64(max(0, (instant + offset).nanoseconds))
    }

    /// The time of day here, as tcpdump prints it.
    func timeOfDay(at instant: Instant) -> TimeOfDay {
        TimeOfDay(microseconds: (instant + offset).nanoseconds / 1_000 + secondsEastOfGreenwich * 1_000_000)
    }
}
