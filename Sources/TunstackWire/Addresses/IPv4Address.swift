/// An IPv4 address (RFC 791 §3.1).
public struct IPv4Address: Hashable, Sendable {
    /// The address as a number in host order: 10.77.0.1 is `0x0A4D_0001`.
    public let rawValue: UInt32

    /// Makes an address of its number in host order.
    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Makes an address of its four parts, in the order in which they are written.
    @inlinable
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        self.rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// 0.0.0.0, which stands for "no address" or "any address of ours".
    @inlinable
    public static var unspecified: Self { Self(rawValue: 0) }

    /// 255.255.255.255, every host on this link.
    @inlinable
    public static var broadcast: Self { Self(rawValue: 0xFFFF_FFFF) }
}

// MARK: - Special ranges (RFC 6890 §2.2.2, RFC 1122 §3.2.1.3)

extension IPv4Address {
    /// Whether this is 0.0.0.0.
    @inlinable
    public var isUnspecified: Bool { rawValue == 0 }

    /// Whether this is in 0.0.0.0/8, "this network": a source at most, never a destination.
    @inlinable
    public var isThisNetwork: Bool { rawValue >> 24 == 0 }

    /// Whether this is in 127.0.0.0/8, which never appears outside a host.
    @inlinable
    public var isLoopback: Bool { rawValue >> 24 == 127 }

    /// Whether this is in 224.0.0.0/4, a group of hosts.
    @inlinable
    public var isMulticast: Bool { rawValue >> 28 == 0xE }

    /// Whether this is in 240.0.0.0/4, which nobody was given, and is not the limited broadcast address.
    @inlinable
    public var isReserved: Bool { rawValue >> 28 == 0xF && !isLimitedBroadcast }

    /// Whether this is 255.255.255.255.
    @inlinable
    public var isLimitedBroadcast: Bool { rawValue == 0xFFFF_FFFF }
}

// MARK: - Text

extension IPv4Address: CustomStringConvertible, LosslessStringConvertible {
    /// The address in dotted decimal, as in `10.77.0.1`.
    public var description: String {
        "\(rawValue >> 24).\(rawValue >> 16 & 0xFF).\(rawValue >> 8 & 0xFF).\(rawValue & 0xFF)"
    }

    /// Reads four decimal numbers of 0 ... 255 with dots between them; `nil` for anything else.
    ///
    /// Leading zeros are refused, for some readers take them for octal.
    public init?(_ text: some StringProtocol) {
        var parts = 0
        var number: UInt32 = 0
        var digits = 0
        var address: UInt32 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard digits == 0 || number > 0 else { return nil }
                number = number * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard number <= 0xFF else { return nil }
            case UInt8(ascii: "."):
                guard digits > 0, parts < 3 else { return nil }
                address = address << 8 | number
                parts += 1
                number = 0
                digits = 0
            default:
                return nil
            }
        }
        guard parts == 3, digits > 0 else { return nil }
        self.init(rawValue: address << 8 | number)
    }
}
