extension TunError: CustomStringConvertible {
    /// What happened and what to do next.
    public var description: String {
        switch self {
        case .notPermitted(let operation, let errno):
            """
            no permission for \(operation) (\(errno)): run it as root; or without root in a private namespace with \
            `tunstack lab`; or give the program the capability, `sudo setcap cap_net_admin+ep PROGRAM`; or let root \
            make an interface for you, `sudo ip tuntap add dev NAME mode tun user $USER`, and name it with --tun
            """
        case .driverMissing(let errno):
            """
            /dev/net/tun is missing (\(errno)): load the driver, `sudo modprobe tun`; in a container start it with \
            `--device /dev/net/tun`, or make the node, `mkdir -p /dev/net && mknod /dev/net/tun c 10 200`
            """
        case .invalidName(let name):
            """
            "\(name)" cannot be the name of an interface: give --tun 1 to \(InterfaceName.maximumLength) bytes \
            without spaces, control characters, "/", ":" or "%", and not "." or ".."; one "%d" lets the kernel \
            choose a number
            """
        case .nameInUse(let name):
            "interface \(name) is busy: another process holds it; end that one, or choose another name with --tun"
        case .notATunInterface(let name):
            """
            interface \(name) exists and is not a TUN interface of the kind needed: choose another name with --tun, \
            or delete it if it is a leftover, `sudo ip link delete \(name)`
            """
        case .noSuchInterface(let name):
            "there is no interface \(name) here: look with `ip link`; it may have been deleted, then start again"
        case .invalidAddress(let text):
            """
            \(text) is no address for an interface: take a unicast IPv4 address with a prefix length from 1 to 32, \
            for instance 10.77.0.1/24
            """
        case .addressInUse(let address, let interface):
            """
            \(address) is in use: interface \(interface) has an address in this network; choose another network \
            with --host-address and --address
            """
        case .invalidMTU(let bytes):
            """
            an MTU of \(bytes) bytes is not possible: give --mtu a value from \
            \(NetworkInterface.mtuRange.lowerBound) to \(NetworkInterface.mtuRange.upperBound)
            """
        case .notAPacketDescriptor:
            "the descriptor does not keep packets apart: pass a TUN device, or a SOCK_SEQPACKET or SOCK_DGRAM socket"
        case .unknownPacketForm:
            """
            the adopted device gives something else than IP packets: attach it with IFF_TUN and IFF_NO_PI; with \
            IFF_VNET_HDR, its virtio header must have 10 to 64 bytes
            """
        case .deviceGone(let errno):
            "the device is gone (\(errno)): its interface was deleted or its other end closed; start again"
        case .refused(let operation, let errno):
            "the kernel refused \(operation) (\(errno)): its log may say more, `sudo dmesg | tail`"
        }
    }
}
