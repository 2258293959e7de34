import CLinuxTun
import Glibc
import NetworkTestSupport
import Testing
import TunstackCore
import TunstackLinux
import TunstackWire

/// Offloads of a real TUN, in a network namespace of its own.
@Suite(
    "Offloads of the kernel's TUN",
    .enabled("needs root, /dev/net/tun and network namespaces") {
        await PrivateNetwork.isAvailable()
    }, .timeLimit(.minutes(1)))
struct KernelOffloadTests {
    private static let host = IPv4Address(10, 77, 0, 1)

    /// A device that is up, with the host's address.
    private static func open() throws -> TunDevice {
        let device = try TunDevice.open(name: "tunstack0")
        try bringUp(device)
        return device
    }

    private static func bringUp(_ device: borrowing TunDevice) throws(TunError) {
        try device.interface?.configure(address: InterfaceAddress(host.rawValue, prefixLength: 24), mtu: 1500)
    }

    /// Attaches again to a persistent interface. A program that another test starts has a copy of the former descriptor for a
    /// moment, until it begins; so long the interface is busy.
    private static func attachAgain(usesOffload: Bool = true) throws(TunError) -> TunDevice {
        while true {
            do throws(TunError) {
                return try TunDevice.open(name: "tunstack0", usesOffload: usesOffload)
            } catch .nameInUse {
                sched_yield()
            }
        }
    }

    @Test("a kernel of today agrees to everything, and to nothing if that is wanted")
    func negotiation() async throws {
        try await PrivateNetwork.run {
            let with = try TunDevice.open(name: "with0").offload
            let without = try TunDevice.open(name: "without0", usesOffload: false).offload
            #expect(with == .all)
            #expect(without == .none)
        }
    }

    @Test("an interface that was made without headers gets them, one that had offloads goes without when asked to")
    func persistentInterface() async throws {
        try await PrivateNetwork.run {
            try TunDevice.open(name: "tunstack0", usesOffload: false).setPersistent(true)
            let again = try Self.attachAgain().offload
            #expect(again == .all)
            let device = try Self.attachAgain(usesOffload: false)
            try Self.bringUp(device)
            try device.setPersistent(false)
            let socket = try KernelUDPSocket(from: (Self.host.rawValue, 5001), to: (0x0A4D_0002, 5002))
            let sent = socket.send([1])
            #expect(sent)
            #expect(try Self.firstIPv4(from: device) == .packet(byteCount: 29, checksum: .unverified, segmentSize: 0))
        }
    }

    @Test("an adopted TUN is found out about: with headers, without them, and in another form")
    func adoption() async throws {
        try await PrivateNetwork.run {
            let with = try TunDevice(adopting: attachedTun("one0", flags: 0x5001)).offload
            let without = try TunDevice(adopting: attachedTun("two0", flags: 0x1001)).offload
            #expect(with == .all)
            #expect(without == .none)
            for flags: CInt in [0x1002, 0x5002] {
                let descriptor = try attachedTun("other%d", flags: flags)
                #expect(throws: TunError.unknownPacketForm) { try TunDevice(adopting: descriptor).fileDescriptor }
                #expect(close(descriptor) == 0)
            }
        }
    }

    @Test("an adopted TUN keeps the size of its header")
    func headerSizes() async throws {
        for size in [10, 12, 20, 64] {
            try await PrivateNetwork.run {
                let device = try TunDevice(adopting: attachedTun("tunstack0", flags: 0x5001, headerSize: CInt(size)))
                let interface = try NetworkInterface(name: "tunstack0")
                try interface.configure(address: InterfaceAddress(Self.host.rawValue, prefixLength: 24), mtu: 1500)
                try Self.expectResetForStraySegment(of: device)
            }
        }
    }

    @Test("the kernel leaves out the checksum of what it sends itself, and says so")
    func receivesPartialChecksum() async throws {
        try await PrivateNetwork.run {
            let device = try Self.open()
            let socket = try KernelUDPSocket(from: (Self.host.rawValue, 5001), to: (0x0A4D_0002, 5002))
            let sent = socket.send([1])
            #expect(sent)
            #expect(try Self.firstIPv4(from: device) == .packet(byteCount: 29, checksum: .verified, segmentSize: 0))
        }
    }

    @Test("the kernel's TCP takes a segment whose checksum is left to it")
    func sendsPartialChecksum() async throws {
        try await PrivateNetwork.run { try Self.expectResetForStraySegment(of: try Self.open()) }
    }

    @Test("a super-segment passes in one write, and one that the kernel refuses is cut here from then on")
    func superSegments() async throws {
        try await PrivateNetwork.run {
            var port = PacketPort(try Self.open())
            let segment = SuperSegment(textLength: 60_000, segmentSize: 1_448)
            #expect(try port.write(segment) == .written)
            #expect(port.counters.superSegmentsWritten == 1)
            #expect(port.counters.packetsWritten == 1)
            #expect(!port.counters.segmentationWasRefused)
            var refused = segment.metadata
            refused.checksumStart = 65_000
            for count in 1...2 {
                let result = try segment.header.withRawSpan { header throws(TunError) in
                    try segment.text.withRawSpan { text throws(TunError) in
                        try port.write(header, text, RawSpan(), count == 1 ? refused : segment.metadata)
                    }
                }
                // The packets of the first have no place for a checksum; those of the second are good.
                #expect(count == 1 ? result == .dropped(Errno(rawValue: EINVAL)) : result == .written)
            }
            #expect(port.counters.segmentationWasRefused)
            #expect(port.counters.superSegmentsWritten == 1)
            #expect(port.counters.packetsWritten == 1 + 42)
        }
    }

    /// A segment that belongs to no connection is answered by a reset, if its checksum is right.
    private static func expectResetForStraySegment(of device: consuming TunDevice) throws {
        var port = PacketPort(device)
        var segment = SuperSegment(textLength: 100, segmentSize: 0)
        segment.destination = host
        #expect(try port.write(segment) == .written)
        while true {
            guard case .packet(let bytes) = try port.readBytes() else {
                Issue.record("no reset came")
                return
            }
            guard bytes[0] >> 4 == 4 else { continue }
            #expect(try ReadPacket(bytes).tcp.flags.contains(.rst))
            return
        }
    }

    /// The next reading that is not one of the IPv6 packets which the kernel sends by itself.
    private static func firstIPv4(from device: borrowing TunDevice) throws -> TunDevice.ReadResult {
        while true {
            var version: UInt8 = 0
            var result = TunDevice.ReadResult.wouldBlock
            _ = try TunDevice.Reading(capacity: 2048) { output throws(TunError) in
                result = try device.read(into: &output)
                if output.byteCount > 0 { version = output.bytes.byte(at: 0) >> 4 }
                return result
            }
            if version != 6 { return result }
        }
    }
}

/// A TUN or TAP that another program attached. The flags are those of `TUNSETIFF`: 1 TUN, 2 TAP, 0x1000 no packet information,
/// 0x4000 virtio header.
private func attachedTun(_ name: String, flags: CInt, headerSize: CInt? = nil) throws -> CInt {
    let descriptor = clinuxtun_open()
    try #require(descriptor >= 0)
    var assigned = [CChar](repeating: 0, count: 16)
    let attached = unsafe clinuxtun_attach(descriptor, name, flags, &assigned)
    try #require(attached == 0)
    if let headerSize { try #require(clinuxtun_set_header_size(descriptor, headerSize) == 0) }
    return descriptor
}
