/// Why the device, its interface or the event loop over it could not be had or used.
///
/// `description` is meant for the person at the terminal: it says what happened and what to do next.
public enum TunError: Error, Equatable, Sendable {
    /// The process may not do this (`EPERM`, `EACCES`): it is neither root nor has `CAP_NET_ADMIN`, and the interface
    /// is not one that was made for this user.
    case notPermitted(SystemOperation, Errno)

    /// `/dev/net/tun` does not exist, or no driver stands behind it (`ENOENT`, `ENODEV`, `ENXIO`).
    case driverMissing(Errno)

    /// This is no name for an interface: empty, longer than 15 bytes, or with a byte that the kernel refuses.
    case invalidName(String)

    /// Another process holds the interface of this name (`EBUSY`).
    case nameInUse(String)

    /// An interface of this name exists, but it is not a TUN, or one of another kind (`EINVAL` from `TUNSETIFF`).
    case notATunInterface(String)

    /// There is no interface of this name (`ENODEV`, `ENXIO`).
    case noSuchInterface(String)

    /// No host can have this address, or the prefix length is not in 1...32.
    case invalidAddress(String)

    /// Another interface has an address in the network that was asked for.
    case addressInUse(InterfaceAddress, interface: String)

    /// The MTU, in bytes, is not in ``NetworkInterface/mtuRange``.
    case invalidMTU(Int)

    /// The descriptor to adopt does not keep packets apart: it is neither a device nor a datagram-like socket.
    case notAPacketDescriptor

    /// The device to adopt was attached as a tap, or has a virtio header of an unknown size.
    case unknownPacketForm

    /// The device is gone: its interface was deleted, or the other end of an adopted descriptor was closed.
    case deviceGone(Errno)

    /// The kernel refused an operation for a reason that has no case of its own.
    case refused(SystemOperation, Errno)
}

/// What was asked of the kernel, as the name that a manual page has for it.
public enum SystemOperation: String, Sendable, CustomStringConvertible {
    /// Opening `/dev/net/tun`.
    case openDevice = "open /dev/net/tun"
    /// Making the interface or attaching to it.
    case attach = "TUNSETIFF"
    /// Saying whether the interface goes away with its descriptor.
    case setPersistent = "TUNSETPERSIST"
    /// Asking what the TUN driver can do.
    case readFeatures = "TUNGETFEATURES"
    /// Setting the size of the virtio header.
    case setHeaderSize = "TUNSETVNETHDRSZ"
    /// Reading the size of the virtio header.
    case readHeaderSize = "TUNGETVNETHDRSZ"
    /// Saying what the kernel may leave undone in packets.
    case setOffload = "TUNSETOFFLOAD"
    /// Looking at a descriptor that is to be adopted.
    case adopt = "fcntl"
    /// Reading a packet.
    case read = "read"
    /// Writing a packet.
    case write = "write"
    /// Opening the socket that interface requests are made on.
    case openControlSocket = "socket"
    /// Reading an interface's index.
    case readIndex = "SIOCGIFINDEX"
    /// Reading an interface's address.
    case readAddress = "SIOCGIFADDR"
    /// Setting an interface's address.
    case setAddress = "SIOCSIFADDR"
    /// Reading an interface's network mask.
    case readNetmask = "SIOCGIFNETMASK"
    /// Setting an interface's network mask.
    case setNetmask = "SIOCSIFNETMASK"
    /// Reading an interface's MTU.
    case readMTU = "SIOCGIFMTU"
    /// Setting an interface's MTU.
    case setMTU = "SIOCSIFMTU"
    /// Reading whether an interface is up.
    case readFlags = "SIOCGIFFLAGS"
    /// Bringing an interface up or taking it down.
    case setFlags = "SIOCSIFFLAGS"
    /// Listing the addresses of all interfaces.
    case listAddresses = "getifaddrs"
    /// Making a network namespace.
    case newNetwork = "unshare"
    /// Starting the thread of an event loop.
    case startThread = "pthread_create"
    /// Watching a descriptor.
    case watch = "epoll_ctl"

    /// The name in a manual page.
    public var description: String { rawValue }
}
