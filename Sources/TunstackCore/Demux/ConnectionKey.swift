public import TunstackWire

/// What names a connection: the socket at either end (RFC 9293 §3.1, §4 "connection").
@frozen
public struct ConnectionKey: Hashable, Sendable, CustomStringConvertible {
    /// Our end.
    public let local: Endpoint
    /// The peer's end.
    public let remote: Endpoint

    /// The connection between these two sockets, seen from `local`.
    @inlinable
    public init(local: Endpoint, remote: Endpoint) {
        self.local = local
        self.remote = remote
    }

    /// Both sockets, ours first.
    public var description: String { "\(local) <-> \(remote)" }
}

extension ConnectionKey {
    /// A keyed hash of both sockets, for tables.
    func hash(key: SipHash.Key) -> UInt64 { finish(SipHash(key: key, messageRounds: 1, finalRounds: 3)) }

    /// A number that nobody without the key can guess.
    func secret(key: SipHash.Key) -> UInt64 { finish(SipHash(key: key)) }

    @inline(__always)
    private func finish(_ hash: SipHash) -> UInt64 {
        var hash = hash
        hash.combine(local.address.high)
        hash.combine(local.address.low)
        hash.combine(remote.address.high)
        hash.combine(remote.address.low)
        hash.combine(UInt64(local.port.rawValue) << 16 | UInt64(remote.port.rawValue))
        return hash.finish()
    }
}
