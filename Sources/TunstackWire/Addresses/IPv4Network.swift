/// An IPv4 network, or the address of an interface together with the network it is on (RFC 4632 §3.1).
public struct IPv4Network: Hashable, Sendable {
    /// The address as given: bits after the prefix are kept, so that `10.77.0.1/24` can name an interface.
    public let address: IPv4Address
    /// How many leading bits name the network, 0 ... 32.
    public let prefixLength: Int

    /// Makes a network of an address in it and the length of its prefix in bits, which must be in 0 ... 32.
    @inlinable
    public init(_ address: IPv4Address, prefixLength: Int) {
        precondition((0...32).contains(prefixLength), "an IPv4 prefix has 0 to 32 bits")
        self.address = address
        self.prefixLength = prefixLength
    }

    /// The mask with one bits over the prefix: /24 is 255.255.255.0.
    @inlinable
    public var netmask: IPv4Address { IPv4Address(rawValue: ~hostMask) }

    /// The network's own address, all host bits zero.
    @inlinable
    public var networkAddress: IPv4Address { IPv4Address(rawValue: address.rawValue & ~hostMask) }

    /// The network's highest address, all host bits one (RFC 919 §7).
    @inlinable
    public var broadcastAddress: IPv4Address { IPv4Address(rawValue: address.rawValue | hostMask) }

    /// Whether `other` has the same prefix.
    @inlinable
    public func contains(_ other: IPv4Address) -> Bool {
        (other.rawValue ^ address.rawValue) & ~hostMask == 0
    }

    /// Whether `other` is this network's directed broadcast; networks of /31 and /32 have none (RFC 3021 §2.1).
    @inlinable
    public func isDirectedBroadcast(_ other: IPv4Address) -> Bool {
        prefixLength <= 30 && other == broadcastAddress
    }

    /// Whether `other` is this network's own address, which no host in it has (RFC 1122 §3.2.1.3); in networks of /31
    /// and /32 it is a host's (RFC 3021 §2.1).
    @inlinable
    public func isOwnAddress(_ other: IPv4Address) -> Bool {
        prefixLength <= 30 && other == networkAddress
    }

    /// One bits over the host part. A smart shift of all 32 bits gives zero, as /32 wants.
    @inlinable
    var hostMask: UInt32 { UInt32.max >> UInt32(prefixLength) }
}

extension IPv4Network: CustomStringConvertible, LosslessStringConvertible {
    /// The address and the prefix length, as in `10.77.0.1/24`.
    public var description: String { "\(address)/\(prefixLength)" }

    /// Reads an address, a slash and a prefix length of 0 ... 32; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        guard let slash = text.firstIndex(of: "/"), let address = IPv4Address(text[..<slash]) else { return nil }
        let digits = text[text.index(after: slash)...]
        // `Int` would also take a sign and leading zeros.
        guard let length = Int(digits), (0...32).contains(length), String(length) == digits else { return nil }
        self.init(address, prefixLength: length)
    }
}
