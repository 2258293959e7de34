/// One end of a connection: an address and a port, which RFC 9293 §3.1 calls a socket.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The host.
    public var address: IPAddress
    /// The port on it.
    public var port: Port

    /// Makes an endpoint of an address of either version.
    @inlinable
    public init(_ address: IPAddress, _ port: Port) {
        self.address = address
        self.port = port
    }

    /// Makes an endpoint of an IPv4 address.
    @inlinable
    public init(_ address: IPv4Address, _ port: Port) {
        self.init(IPAddress(address), port)
    }

    /// The address, a colon and the port: `10.77.0.2:9877`, `[::1]:80`.
    public var description: String {
        address.v4 == nil ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
