/// Why a stack could not be brought up, or why it ended by itself. `description` says what to do next.
public enum TunnelError: Error, Equatable, Sendable {
    /// The device or its interface could not be had, or was lost.
    case device(TunError)
    /// The other end of the adopted descriptor was closed.
    case endOfStream
    /// The stack's address is not in the network of the host's address, so the host would not route to it.
    case addressOutsideNetwork(IPv4Address, IPv4Network)
    /// The stack's address is the host's own.
    case addressIsHosts(IPv4Address)
    /// The stack's address is the network's own or its broadcast address, which no host can have.
    case addressNamesNoHost(IPv4Address, IPv4Network)
}

extension TunnelError: CustomStringConvertible {
    /// What happened and what to do next.
    public var description: String {
        switch self {
        case .device(let error):
            error.description
        case .endOfStream:
            "the other end of the stack's descriptor was closed"
        case .addressOutsideNetwork(let address, let network):
            """
            \(address) is not in the network of \(network), so the host would not find it: choose --address and \
            --host-address in one network, for instance 10.77.0.2 and 10.77.0.1/24
            """
        case .addressIsHosts(let address):
            "\(address) is the host's own address: choose another one for the stack with --address"
        case .addressNamesNoHost(let address, let network):
            """
            \(address) names all or none of the hosts in the network of \(network): choose another one for the stack \
            with --address
            """
        }
    }
}
