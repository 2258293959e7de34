import Glibc

/// A network interface of the calling thread's network namespace, by its name.
///
/// Reading needs no privilege, changing needs `CAP_NET_ADMIN`.
public struct NetworkInterface: Hashable, Sendable {
    /// The MTUs that the stack and the TUN driver both take, in bytes: every IPv4 host takes packets of 576 (RFC 791 §3.2).
    public static let mtuRange = 576...65_535

    private let checkedName: InterfaceName

    /// The interface's name.
    public var name: String { checkedName.text }

    /// The interface of this name; it need not exist.
    ///
    /// - Throws: ``TunError/invalidName(_:)``.
    public init(name: String) throws(TunError) {
        checkedName = try InterfaceName(name)
    }

    /// Gives the interface its address and MTU and brings it up.
    ///
    /// Only what differs is set, so an interface that root prepared needs no privilege here.
    ///
    /// - Parameters:
    ///   - address: The host's own address on this interface; the kernel routes the rest of its network here.
    ///   - mtu: In bytes, in ``mtuRange``.
    /// - Throws: ``TunError/addressInUse(_:interface:)`` if another interface has an address in the same network,
    ///   ``TunError/invalidMTU(_:)``, ``TunError/noSuchInterface(_:)``, ``TunError/notPermitted(_:_:)`` or
    ///   ``TunError/refused(_:_:)``.
    public func configure(address: InterfaceAddress, mtu: Int) throws(TunError) {
        if try self.mtu() != mtu {
            try setMTU(mtu)
        }
        if try self.address() != address {
            try setAddress(address)
        }
        if try !isUp() {
            try bringUp()
        }
    }

    /// The interface's index, or nil if there is no such interface.
    public func index() throws(TunError) -> Int? {
        do {
            return try request(.readIndex) { requests, name throws(Errno) in try requests.index(of: name) }
        } catch .noSuchInterface {
            return nil
        }
    }

    /// The interface's first IPv4 address, or nil if it has none.
    public func address() throws(TunError) -> InterfaceAddress? {
        let address: UInt32
        do {
            address = try request(.readAddress) { requests, name throws(Errno) in try requests.address(of: name) }
        } catch .refused(.readAddress, Errno(rawValue: EADDRNOTAVAIL)) {
            return nil
        }
        let netmask = try request(.readNetmask) { requests, name throws(Errno) in try requests.netmask(of: name) }
        return InterfaceAddress(unchecked: address, prefixLength: netmask.nonzeroBitCount)
    }

    /// Sets the interface's address and network mask.
    ///
    /// - Throws: See ``configure(address:mtu:)``.
    public func setAddress(_ address: InterfaceAddress) throws(TunError) {
        let owner: String?
        do throws(Errno) {
            owner = try InterfaceRequests.interface(inNetworkOf: address, otherThan: checkedName)
        } catch {
            throw .refused(.listAddresses, error)
        }
        if let owner {
            throw .addressInUse(address, interface: owner)
        }
        try request(.setAddress) { requests, name throws(Errno) in
            try requests.setAddress(address.address, of: name)
        }
        try request(.setNetmask) { requests, name throws(Errno) in
            try requests.setNetmask(address.netmask, of: name)
        }
    }

    /// The largest packet that the interface carries, in bytes.
    public func mtu() throws(TunError) -> Int {
        try request(.readMTU) { requests, name throws(Errno) in try requests.mtu(of: name) }
    }

    /// Sets the largest packet that the interface carries.
    ///
    /// - Parameter bytes: In ``mtuRange``.
    /// - Throws: See ``configure(address:mtu:)``.
    public func setMTU(_ bytes: Int) throws(TunError) {
        guard Self.mtuRange.contains(bytes) else { throw .invalidMTU(bytes) }
        try request(.setMTU) { requests, name throws(Errno) in try requests.setMTU(CInt(bytes), of: name) }
    }

    /// Whether the interface is up.
    public func isUp() throws(TunError) -> Bool {
        try request(.readFlags) { requests, name throws(Errno) in try requests.isUp(name) }
    }

    /// Brings the interface up: packets flow and the route to its network appears.
    public func bringUp() throws(TunError) {
        try request(.setFlags) { requests, name throws(Errno) in try requests.setUp(true, of: name) }
    }

    /// Takes the interface down: packets written to the device are dropped with `EIO`.
    public func takeDown() throws(TunError) {
        try request(.setFlags) { requests, name throws(Errno) in try requests.setUp(false, of: name) }
    }

    private func request<Result>(
        _ operation: SystemOperation,
        _ body: (borrowing InterfaceRequests, InterfaceName) throws(Errno) -> Result
    ) throws(TunError) -> Result {
        let requests: InterfaceRequests
        do throws(Errno) {
            requests = try InterfaceRequests()
        } catch {
            throw .refused(.openControlSocket, error)
        }
        do throws(Errno) {
            return try body(requests, checkedName)
        } catch {
            switch error.rawValue {
            case ENODEV, ENXIO: throw .noSuchInterface(name)
            case EPERM, EACCES: throw .notPermitted(operation, error)
            default: throw .refused(operation, error)
            }
        }
    }
}
