/// A length of time in nanoseconds: one machine word, integer arithmetic only, so that every run of the core
/// computes the same bits.
@frozen
public struct Interval: Hashable, Comparable, Sendable {
    /// Nanoseconds; negative for "earlier".
    public let nanoseconds: Int64

    /// This many nanoseconds.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// No time at all.
    public static let zero = Interval(nanoseconds: 0)

    /// `count` microseconds, saturating.
    @inlinable
    public static func microseconds(_ count: Int64) -> Interval { Interval(nanoseconds: 1_000) * count }

    /// `count` milliseconds, saturating.
    @inlinable
    public static func milliseconds(_ count: Int64) -> Interval { Interval(nanoseconds: 1_000_000) * count }

    /// `count` seconds, saturating.
    @inlinable
    public static func seconds(_ count: Int64) -> Interval { Interval(nanoseconds: 1_000_000_000) * count }

    /// `count` minutes, saturating.
    @inlinable
    public static func minutes(_ count: Int64) -> Interval { Interval(nanoseconds: 60_000_000_000) * count }

    /// Whether `lhs` is shorter.
    @inlinable
    public static func < (lhs: Interval, rhs: Interval) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    /// The sum, saturating.
    @inlinable
    public static func + (lhs: Interval, rhs: Interval) -> Interval {
        let (sum, overflow) = lhs.nanoseconds.addingReportingOverflow(rhs.nanoseconds)
        return Interval(nanoseconds: overflow ? (rhs.nanoseconds < 0 ? .min : .max) : sum)
    }

    /// The difference, saturating.
    @inlinable
    public static func - (lhs: Interval, rhs: Interval) -> Interval {
        let (difference, overflow) = lhs.nanoseconds.subtractingReportingOverflow(rhs.nanoseconds)
        return Interval(nanoseconds: overflow ? (rhs.nanoseconds < 0 ? .max : .min) : difference)
    }

    /// `count` times this long, saturating.
    @inlinable
    public static func * (lhs: Interval, rhs: Int64) -> Interval {
        let (product, overflow) = lhs.nanoseconds.multipliedReportingOverflow(by: rhs)
        return Interval(nanoseconds: overflow ? ((lhs.nanoseconds < 0) != (rhs < 0) ? .min : .max) : product)
    }

    /// A `divisor`-th of this long, rounded towards zero.
    @inlinable
    public static func / (lhs: Interval, divisor: Int64) -> Interval {
        Interval(nanoseconds: lhs.nanoseconds / divisor)
    }
}
