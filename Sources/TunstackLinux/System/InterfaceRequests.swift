import CLinuxTun
import Glibc

/// The socket that interface requests are made on; it carries no traffic and is closed with this value.
struct InterfaceRequests: ~Copyable {
    private let control: FileDescriptor

    /// Opens the socket. The corresponding C function is `socket`.
    init() throws(Errno) {
        control = FileDescriptor(owning: try SystemCall.check(clinuxtun_control_socket()))
    }

    /// The corresponding C function is `ioctl` with `SIOCGIFINDEX`.
    func index(of name: InterfaceName) throws(Errno) -> Int {
        Int(try SystemCall.check(unsafe clinuxtun_index(control.rawValue, name.text)))
    }

    /// The address in host byte order. The corresponding C function is `ioctl` with `SIOCGIFADDR`.
    func address(of name: InterfaceName) throws(Errno) -> UInt32 {
        var address: UInt32 = 0
        _ = try SystemCall.check(unsafe clinuxtun_get_address(control.rawValue, name.text, &address))
        return address
    }

    /// The corresponding C function is `ioctl` with `SIOCSIFADDR`.
    func setAddress(_ address: UInt32, of name: InterfaceName) throws(Errno) {
        _ = try SystemCall.check(unsafe clinuxtun_set_address(control.rawValue, name.text, address))
    }

    /// The mask in host byte order. The corresponding C function is `ioctl` with `SIOCGIFNETMASK`.
    func netmask(of name: InterfaceName) throws(Errno) -> UInt32 {
        var netmask: UInt32 = 0
        _ = try SystemCall.check(unsafe clinuxtun_get_netmask(control.rawValue, name.text, &netmask))
        return netmask
    }

    /// The corresponding C function is `ioctl` with `SIOCSIFNETMASK`.
    func setNetmask(_ netmask: UInt32, of name: InterfaceName) throws(Errno) {
        _ = try SystemCall.check(unsafe clinuxtun_set_netmask(control.rawValue, name.text, netmask))
    }

    /// Bytes. The corresponding C function is `ioctl` with `SIOCGIFMTU`.
    func mtu(of name: InterfaceName) throws(Errno) -> Int {
        Int(try SystemCall.check(unsafe clinuxtun_get_mtu(control.rawValue, name.text)))
    }

    /// The corresponding C function is `ioctl` with `SIOCSIFMTU`.
    func setMTU(_ bytes: CInt, of name: InterfaceName) throws(Errno) {
        _ = try SystemCall.check(unsafe clinuxtun_set_mtu(control.rawValue, name.text, bytes))
    }

    /// The corresponding C function is `ioctl` with `SIOCGIFFLAGS`.
    func isUp(_ name: InterfaceName) throws(Errno) -> Bool {
        try SystemCall.check(unsafe clinuxtun_is_up(control.rawValue, name.text)) != 0
    }

    /// The corresponding C function is `ioctl` with `SIOCSIFFLAGS`.
    func setUp(_ up: Bool, of name: InterfaceName) throws(Errno) {
        _ = try SystemCall.check(unsafe clinuxtun_set_up(control.rawValue, name.text, up ? 1 : 0))
    }

    /// The name of an interface other than `name` that has an address in the network of `address`, or nil. The
    /// corresponding C function is `getifaddrs`.
    static func interface(inNetworkOf address: InterfaceAddress, otherThan name: InterfaceName)
        throws(Errno) -> String?
    {
        var found: [CChar] = Array(repeating: 0, count: Int(CLINUXTUN_NAME_SIZE))
        var other: UInt32 = 0
        let result = unsafe clinuxtun_find_address(address.address, address.netmask, name.text, &found, &other)
        return try SystemCall.check(result) == 0 ? nil : SystemCall.name(fromTerminated: found)
    }
}
