import Dispatch
import Glibc
import Testing
import TunstackLinux

/// A real TUN, in a network namespace of its own.
@Suite(
    "TunDevice and NetworkInterface in the kernel",
    .enabled("needs root, /dev/net/tun and network namespaces") { await PrivateNetwork.isAvailable() },
    .timeLimit(.minutes(1)))
struct KernelTunTests {
    private static let host: UInt32 = 0x0A4D_0001
    private static let stack: UInt32 = 0x0A4D_0002

    /// The address that the tests give the host.
    private static func hostAddress() throws -> InterfaceAddress {
        try InterfaceAddress(host, prefixLength: 24)
    }

    @Test("a device has the name that was asked for, or one that the kernel numbered")
    func names() async throws {
        try await PrivateNetwork.run {
            let named = try TunDevice.open(name: "tunstack0")
            let numbered = try TunDevice.open(name: "other%d")
            #expect(named.interface?.name == "tunstack0")
            #expect(numbered.interface?.name == "other0")
        }
    }

    @Test("an interface takes address, MTU and up, and reads them back")
    func configure() async throws {
        try await PrivateNetwork.run {
            let device = try TunDevice.open(name: "tunstack0")
            let interface = try #require(device.interface as NetworkInterface?)
            #expect(try interface.address() == nil)
            #expect(try interface.mtu() == 1500)
            #expect(try !interface.isUp())
            for _ in 0..<2 {
                try interface.configure(address: Self.hostAddress(), mtu: 1400)
                #expect(try interface.address() == Self.hostAddress())
                #expect(try interface.mtu() == 1400)
                #expect(try interface.isUp())
            }
            try interface.configure(address: InterfaceAddress(0xC0A8_4D01, prefixLength: 30), mtu: 576)
            #expect(try interface.address()?.description == "192.168.77.1/30")
            try interface.takeDown()
            #expect(try !interface.isUp())
        }
    }

    @Test("an interface goes with its device")
    func interfaceGoesWithDevice() async throws {
        try await PrivateNetwork.run {
            let interface = try NetworkInterface(name: "tunstack0")
            #expect(try interface.index() == nil)
            do {
                let device = try TunDevice.open(name: "tunstack0")
                #expect(try interface.index() != nil)
                #expect(device.interface == interface)
            }
            #expect(try interface.index() == nil)
        }
    }

    @Test("a persistent interface outlives its device and can be attached to again")
    func persistentInterface() async throws {
        try await PrivateNetwork.run {
            let interface = try NetworkInterface(name: "tunstack0")
            try TunDevice.open(name: "tunstack0").setPersistent(true)
            let index = try interface.index()
            #expect(index != nil)
            do {
                let device = try TunDevice.open(name: "tunstack0")
                #expect(try interface.index() == index)
                try device.setPersistent(false)
            }
            #expect(try interface.index() == nil)
        }
    }

    @Test("packets of the kernel are read whole, and packets written reach the kernel's sockets")
    func udpBothWays() async throws {
        try await PrivateNetwork.run {
            let device = try TunDevice.open(name: "tunstack0", usesOffload: false)
            try device.interface?.configure(address: Self.hostAddress(), mtu: 1500)
            let socket = try KernelUDPSocket(from: (Self.host, 5001), to: (Self.stack, 5002))
            let payload = [UInt8](repeating: 0x2A, count: 1472)
            let sent = socket.send(payload)
            #expect(sent)

            let packet = try #require(try Self.nextIPv4Packet(from: device))
            #expect(packet.count == 1500)
            #expect(Array(packet[12..<20]) == [10, 77, 0, 1, 10, 77, 0, 2])
            #expect(Array(packet[28...]) == payload)

            // Addresses and ports swapped leave both checksums right.
            let answer = Array(packet[..<12] + packet[16..<20] + packet[12..<16] + packet[22..<24] + packet[20..<22])
            #expect(try device.writeBytes(answer + packet[24...]) == .written)
            let received = socket.receive()
            #expect(received == payload)
        }
    }

    @Test("a packet for an interface that is down, and one that is no IP packet, are dropped with the reason")
    func writeDrops() async throws {
        try await PrivateNetwork.run {
            let device = try TunDevice.open(name: "tunstack0")
            let packet: [UInt8] = [0x45] + [UInt8](repeating: 0, count: 19)
            #expect(try device.writeBytes(packet) == .dropped(Errno(rawValue: EIO)))
            try device.interface?.bringUp()
            #expect(try device.writeBytes(packet) == .written)
            #expect(try device.writeBytes([0x15] + packet.dropFirst()) == .dropped(Errno(rawValue: EINVAL)))
        }
    }

    @Test("a name in use, a name of something else and a name of nothing are told apart")
    func refusedNames() async throws {
        try await PrivateNetwork.run {
            let device = try TunDevice.open(name: "tunstack0")
            #expect(device.interface != nil)
            #expect(throws: TunError.nameInUse("tunstack0")) { try TunDevice.open(name: "tunstack0").fileDescriptor }
            #expect(throws: TunError.notATunInterface("lo")) { try TunDevice.open(name: "lo").fileDescriptor }
            #expect(throws: TunError.noSuchInterface("nothing0")) { try NetworkInterface(name: "nothing0").bringUp() }
        }
    }

    @Test("an address in the network of another interface is refused, and the interface stays as it was")
    func addressInUse() async throws {
        try await PrivateNetwork.run {
            let first = try TunDevice.open(name: "first0")
            let second = try TunDevice.open(name: "second0")
            try first.interface?.configure(address: Self.hostAddress(), mtu: 1500)
            let address = try InterfaceAddress(0x0A4D_0007, prefixLength: 24)
            #expect(throws: TunError.addressInUse(address, interface: "first0")) {
                try second.interface?.setAddress(address)
            }
            #expect(try second.interface?.address() == nil)
            try second.interface?.setAddress(InterfaceAddress(0x0A4D_0101, prefixLength: 24))
        }
    }

    @Test("an MTU out of range is refused", arguments: [575, 65_536, .min, .max])
    func mtuOutOfRange(bytes: Int) async throws {
        try await PrivateNetwork.run {
            let device = try TunDevice.open(name: "tunstack0")
            #expect(throws: TunError.invalidMTU(bytes)) { try device.interface?.setMTU(bytes) }
            try device.interface?.setMTU(576)
            try device.interface?.setMTU(65_535)
        }
    }

    @Test(
        "an interface deleted by somebody else wakes the owner, whose read says that the device is gone",
        arguments: LoopOwner.Kind.allCases)
    func interfaceDeleted(kind: LoopOwner.Kind) async throws {
        let owner = try await PrivateNetwork.run {
            let device = try TunDevice.open(name: "tunstack0")
            let index = try #require(try device.interface?.index())
            let owner = try LoopOwner(kind, device: device)
            let started = DispatchSemaphore(value: 0)
            Task {
                try await owner.start()
                started.signal()
            }
            started.wait()
            try deleteInterface(index: index)
            return owner
        }
        let expected: [LoopOwner.Event] = [.failed(.deviceGone(Errno(rawValue: EBADFD))), .closed]
        #expect(await owner.events.collect() == expected)
    }

    /// The next IPv4 packet that waits, past the IPv6 ones that the kernel sends by itself.
    private static func nextIPv4Packet(from device: borrowing TunDevice) throws -> [UInt8]? {
        while case .packet(let bytes) = try device.readBytes() {
            if bytes[0] >> 4 == 4 { return bytes }
        }
        return nil
    }
}
