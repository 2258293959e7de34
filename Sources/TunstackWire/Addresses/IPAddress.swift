/// An IP address of either version: 128 bits, with IPv4 in the IPv4-mapped form `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
public struct IPAddress: Hashable, Sendable {
    /// The first 64 bits, in host order.
    public let high: UInt64
    /// The last 64 bits, in host order.
    public let low: UInt64

    /// Makes an address of its 128 bits.
    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes the IPv4-mapped form of an IPv4 address.
    @inlinable
    public init(_ v4: IPv4Address) {
        self.high = 0
        self.low = 0xFFFF_0000_0000 | UInt64(v4.rawValue)
    }

    /// The IPv4 address, if this is one.
    @inlinable
    public var v4: IPv4Address? {
        high == 0 && low >> 32 == 0xFFFF ? IPv4Address(rawValue: UInt32(truncatingIfNeeded: low)) : nil
    }

    /// IPv4's 0.0.0.0.
    @inlinable
    public static var unspecified: Self { Self(.unspecified) }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal for IPv4; for IPv6 the one canonical form of RFC 5952 §4.
    public var description: String {
        if let v4 { return v4.description }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64((3 - index % 4) * 16))
        }
        let zeros = Self.longestRunOfZeros(in: groups)
        let head = Self.hexadecimal(groups[..<zeros.lowerBound])
        return zeros.isEmpty ? head : head + "::" + Self.hexadecimal(groups[zeros.upperBound...])
    }

    /// The first of the longest runs of two or more zero groups, which is what `::` replaces; empty at the end if none.
    private static func longestRunOfZeros(in groups: [UInt16]) -> Range<Int> {
        var best = groups.count..<groups.count
        var start = 0
        for index in groups.indices {
            if groups[index] != 0 {
                start = index + 1
            } else if index + 1 - start > max(best.count, 1) {
                best = start..<index + 1
            }
        }
        return best
    }

    private static func hexadecimal(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}
