/// An IPv4 address that an interface can have, with the length of its network's prefix: "10.77.0.1/24".
public struct InterfaceAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address in host byte order: 10.77.0.1 is `0x0A4D_0001`.
    public let address: UInt32

    /// How many leading bits name the network, 1...32.
    public let prefixLength: Int

    /// An interface's address.
    ///
    /// - Parameters:
    ///   - address: In host byte order. Not in 0/8, not multicast or above (224/4, 240/4).
    ///   - prefixLength: 1...32. A length of 0 would send all of the machine's traffic here.
    /// - Throws: ``TunError/invalidAddress(_:)``.
    public init(_ address: UInt32, prefixLength: Int) throws(TunError) {
        let isUnicast = address >> 24 != 0 && address >> 28 < 0xE
        guard isUnicast, (1...32).contains(prefixLength) else {
            throw .invalidAddress(Self.text(address, prefixLength))
        }
        self.init(unchecked: address, prefixLength: prefixLength)
    }

    /// An address as the kernel reported it.
    init(unchecked address: UInt32, prefixLength: Int) {
        self.address = address
        self.prefixLength = prefixLength
    }

    /// The network mask in host byte order.
    var netmask: UInt32 { ~0 << UInt32(32 - prefixLength) }

    /// Dotted quad, slash, prefix length.
    public var description: String { Self.text(address, prefixLength) }

    private static func text(_ address: UInt32, _ prefixLength: Int) -> String {
        let octets = [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }
        return octets.joined(separator: ".") + "/\(prefixLength)"
    }
}
