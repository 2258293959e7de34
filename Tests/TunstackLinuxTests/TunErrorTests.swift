import Glibc
import Testing

@testable import TunstackLinux

@Suite("TunError")
struct TunErrorTests {
    @Test(
        "a failure says what happened and what to do next",
        arguments: [
            (TunError.notPermitted(.attach, Errno(rawValue: EPERM)), ["TUNSETIFF", "EPERM", "as root"]),
            (.notPermitted(.attach, Errno(rawValue: EPERM)), ["`tunstack lab`"]),
            (.notPermitted(.openDevice, Errno(rawValue: EACCES)), ["sudo setcap cap_net_admin+ep"]),
            (.notPermitted(.setAddress, Errno(rawValue: EPERM)), ["sudo ip tuntap add dev"]),
            (.driverMissing(Errno(rawValue: ENOENT)), ["/dev/net/tun", "modprobe tun", "mknod"]),
            (.invalidName("a name that is too long"), ["a name that is too long", "15 bytes", "--tun"]),
            (.nameInUse("tunstack0"), ["tunstack0", "another process", "--tun"]),
            (.notATunInterface("eth0"), ["eth0", "--tun", "ip link delete eth0"]),
            (.noSuchInterface("tunstack0"), ["tunstack0", "ip link"]),
            (.invalidAddress("224.0.0.1/24"), ["224.0.0.1/24", "unicast"]),
            (.invalidMTU(575), ["575", "576", "65535", "--mtu"]),
            (.notAPacketDescriptor, ["SOCK_SEQPACKET"]),
            (.deviceGone(Errno(rawValue: EBADFD)), ["EBADFD", "deleted"]),
            (.refused(.setMTU, Errno(rawValue: EINVAL)), ["SIOCSIFMTU", "EINVAL"]),
        ])
    func description(error: TunError, hints: [String]) {
        for hint in hints {
            #expect(error.description.contains(hint))
        }
        #expect(!error.description.contains("\n"))
    }

    @Test("an address in use names the address, the interface that has it and the options to change it")
    func addressInUse() throws {
        let address = try InterfaceAddress(0x0A4D_0001, prefixLength: 24)
        let text = TunError.addressInUse(address, interface: "eth0").description
        for hint in ["10.77.0.1/24", "eth0", "--host-address", "--address"] {
            #expect(text.contains(hint))
        }
    }

    @Test("each refusal to open the driver has the error that tells the cure")
    func opening() {
        for number in [ENOENT, ENODEV, ENXIO] {
            let errno = Errno(rawValue: number)
            #expect(TunError(opening: errno) == .driverMissing(errno))
        }
        for number in [EPERM, EACCES] {
            let errno = Errno(rawValue: number)
            #expect(TunError(opening: errno) == .notPermitted(.openDevice, errno))
        }
        let other = Errno(rawValue: EMFILE)
        #expect(TunError(opening: other) == .refused(.openDevice, other))
    }

    @Test("each refusal to attach has the error that tells the cure")
    func attaching() throws {
        let name = try InterfaceName("tunstack0")
        let notPermitted = Errno(rawValue: EPERM)
        let other = Errno(rawValue: ENFILE)
        #expect(TunError(attachingTo: name, notPermitted) == .notPermitted(.attach, notPermitted))
        #expect(TunError(attachingTo: name, Errno(rawValue: EBUSY)) == .nameInUse("tunstack0"))
        #expect(TunError(attachingTo: name, Errno(rawValue: EINVAL)) == .notATunInterface("tunstack0"))
        #expect(TunError(attachingTo: name, other) == .refused(.attach, other))
    }
}
