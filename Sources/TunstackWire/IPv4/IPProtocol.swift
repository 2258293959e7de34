/// The number that says which protocol an IP packet carries (RFC 791 §3.1; numbers from IANA's registry).
public struct IPProtocol: RawRepresentable, Hashable, Sendable {
    /// The number as the header carries it.
    public let rawValue: UInt8

    /// Makes a protocol of its number; every number is valid.
    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// ICMP for IPv4 (RFC 792).
    @inlinable
    public static var icmp: Self { Self(rawValue: 1) }

    /// TCP (RFC 9293).
    @inlinable
    public static var tcp: Self { Self(rawValue: 6) }

    /// UDP (RFC 768).
    @inlinable
    public static var udp: Self { Self(rawValue: 17) }
}
