/// A point in time, as nanoseconds since an origin that the owner of the stack chooses.
///
/// The core never reads a clock: every call that depends on time takes an `Instant`. A driver makes them from
/// `CLOCK_MONOTONIC`, a test from plain numbers. Arithmetic saturates, so "for ever" stays for ever.
@frozen
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the owner's origin.
    public let nanoseconds: Int64

    /// The instant this many nanoseconds after the origin.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The owner's origin of time.
    public static let origin = Instant(nanoseconds: 0)

    /// Later than every instant that occurs; used for "not armed".
    public static let distantFuture = Instant(nanoseconds: .max)

    /// Whether `lhs` is earlier.
    @inlinable
    public static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    /// The instant `interval` later, saturating.
    @inlinable
    public static func + (lhs: Instant, rhs: Interval) -> Instant {
        let (sum, overflow) = lhs.nanoseconds.addingReportingOverflow(rhs.nanoseconds)
        return Instant(nanoseconds: overflow ? (rhs.nanoseconds < 0 ? .min : .max) : sum)
    }

    /// The instant `interval` earlier, saturating.
    @inlinable
    public static func - (lhs: Instant, rhs: Interval) -> Instant {
        let (difference, overflow) = lhs.nanoseconds.subtractingReportingOverflow(rhs.nanoseconds)
        return Instant(nanoseconds: overflow ? (rhs.nanoseconds < 0 ? .max : .min) : difference)
    }

    /// How long after `rhs` this instant is; negative if it is earlier. Saturates.
    @inlinable
    public static func - (lhs: Instant, rhs: Instant) -> Interval {
        let (difference, overflow) = lhs.nanoseconds.subtractingReportingOverflow(rhs.nanoseconds)
        return Interval(nanoseconds: overflow ? (rhs.nanoseconds < 0 ? .max : .min) : difference)
    }
}
