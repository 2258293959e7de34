import TunstackWire

/// The stack's own addresses, and what follows from them about others.
struct LocalAddresses {
    private let networks: [IPv4Network]

    init(_ networks: [IPv4Network]) {
        self.networks = networks
    }

    /// The address connections start from unless the application names one.
    var primary: IPv4Address? { networks.first?.address }

    func contains(_ address: IPv4Address) -> Bool { networks.contains { $0.address == address } }

    /// Whether packets to the address go to every host of a network.
    func isBroadcast(_ address: IPv4Address) -> Bool {
        address.isLimitedBroadcast || networks.contains { $0.isDirectedBroadcast(address) }
    }

    /// Whether a host can have this address, as the source of a packet or the peer of a connection (RFC 1122 §3.2.1.3,
    /// RFC 9293 §3.9.1.1 MUST-46, §3.9.2.3 MUST-63). Our own addresses count as impossible: what we send never comes back.
    func isPossiblePeer(_ address: IPv4Address) -> Bool {
        !address.isThisNetwork && !address.isLoopback && !address.isMulticast && !address.isReserved
            && !isBroadcast(address) && !contains(address) && !networks.contains { $0.isOwnAddress(address) }
    }
}
