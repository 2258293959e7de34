/// A TCP sequence number: a position in a stream of bytes, counted modulo 2^32 (RFC 9293 §3.4).
///
/// Two positions on a circle have no order, only a distance, so there is no `<` here. Sums wrap, differences are
/// signed, and no operation traps whatever numbers a peer sends.
public struct SequenceNumber: BitwiseCopyable, Hashable, Sendable, CustomStringConvertible {
    /// The number as the header carries it.
    public let rawValue: UInt32

    /// Makes a sequence number of a header's value; every value is valid.
    @inlinable
    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The number in decimal.
    public var description: String { String(rawValue) }

    // MARK: Arithmetic

    /// The position `count` bytes after `start` (before it when negative), modulo 2^32.
    @inlinable
    public static func + (start: Self, count: Int) -> Self {
        Self(start.rawValue &+ UInt32(truncatingIfNeeded: count))
    }

    /// Moves the position on by `count` bytes, modulo 2^32.
    @inlinable
    public static func += (position: inout Self, count: Int) {
        position = position + count
    }

    /// The position `count` bytes before `end`, modulo 2^32.
    @inlinable
    public static func - (end: Self, count: Int) -> Self {
        Self(end.rawValue &- UInt32(truncatingIfNeeded: count))
    }

    /// The signed distance from `rhs` to `lhs` in bytes, the shorter way round: -2^31 ..< 2^31.
    @inlinable
    public static func - (lhs: Self, rhs: Self) -> Int {
        Int(Int32(bitPattern: lhs.rawValue &- rhs.rawValue))
    }

    // MARK: Comparison by distance

    /// Whether this position lies before `other`, the shorter way round.
    ///
    /// Two positions exactly 2^31 apart are each before the other: from there no way round is shorter.
    @inlinable
    public func isBefore(_ other: Self) -> Bool {
        self - other < 0
    }

    /// Whether this position is `other` or lies before it.
    @inlinable
    public func isAtOrBefore(_ other: Self) -> Bool {
        self - other <= 0
    }

    /// Whether this position lies after `other`, the shorter way round.
    @inlinable
    public func isAfter(_ other: Self) -> Bool {
        self - other > 0
    }

    /// Whether this position is `other` or lies after it.
    @inlinable
    public func isAtOrAfter(_ other: Self) -> Bool {
        self - other >= 0
    }

    /// Whether this position is one of the `count` positions from `start` on, modulo 2^32; never if there are none.
    @inlinable
    public func isWithin(_ start: Self, count: Int) -> Bool {
        Int(rawValue &- start.rawValue) < count
    }

    /// The later of two positions; `a` when neither is later.
    @inlinable
    public static func max(_ a: Self, _ b: Self) -> Self {
        b.isAfter(a) ? b : a
    }
}
