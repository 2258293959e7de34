import Glibc
import TestSupport
import Testing
import TunstackCore
import TunstackLinux
import TunstackWire

@Suite("PacketPump between a core and a socket pair")
struct PacketPumpTests {
    private static let address = IPv4Address(10, 77, 0, 2)
    private static let peer = IPv4Address(10, 77, 0, 1)

    private func makeStack(share: StackShare? = nil) -> Stack {
        var random = SplitMix64(seed: 1)
        var configuration = StackConfiguration(address: IPv4Network(Self.address, prefixLength: 24))
        configuration.transmitOffload = PacketPort.transmitOffload
        configuration.share = share
        return Stack(configuration: configuration, random: &random, at: .origin)
    }

    /// A SYN to a port that nobody listens on.
    private func syn(from port: UInt16) -> [UInt8] {
        let tcp = TCPHeader(
            sourcePort: Port(port), destinationPort: 7, sequenceNumber: SequenceNumber(9),
            acknowledgmentNumber: SequenceNumber(0), flags: .syn, window: 512)
        let ip = IPv4Header(
            source: Self.peer, destination: Self.address, protocolNumber: .tcp, payloadLength: tcp.headerLength,
            identification: port)
        let checksum = tcp.checksum(
            source: ip.source, destination: ip.destination, payloadChecksum: InternetChecksum(), payloadLength: 0)
        return [UInt8](rawCapacity: 120) { output in
            ip.append(to: &output)
            tcp.append(to: &output, checksum: checksum)
        }
    }

    @Test("a batch is 64 packets, and those that are left come with the next")
    func batches() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let kernel = try TunDevice(adopting: second)
        var pump = PacketPump(PacketPort(try TunDevice(adopting: first)))
        var core = makeStack()
        for port in 1...70 as ClosedRange<UInt16> { #expect(try kernel.writeBytes(syn(from: port)) == .written) }
        #expect(try pump.receive(into: &core, at: .origin) == .paused)
        #expect(core.counters.packetsReceived == 64)
        #expect(try pump.receive(into: &core, at: .origin) == .paused)
        #expect(core.counters.packetsReceived == 70)
        #expect(core.counters[.closedPort] == 70)
        #expect(pump.counted().packetsRead == 70)

        #expect(try !pump.transmit(from: &core, at: .origin))
        #expect(pump.counted().packetsWritten == 64)
        #expect(try pump.transmit(from: &core, at: .origin))
        #expect(pump.counted().packetsWritten == 70)
        guard case .packet(let bytes) = try kernel.readBytes() else {
            Issue.record("no packet came")
            return
        }
        let reset = try ReadPacket(bytes)
        #expect(reset.tcp.flags == [.rst, .ack])
        #expect(reset.tcp.destinationPort == 1)
        #expect(reset.hasValidChecksum)
    }

    @Test("the end of the device ends the reading")
    func end() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        var pump = PacketPump(PacketPort(try TunDevice(adopting: first)))
        var core = makeStack()
        close(second)
        #expect(try pump.receive(into: &core, at: .origin) == .endOfStream)
        #expect(try pump.receiveWhole { _, _ in } == .endOfStream)
    }

    @Test("what another stack owns is handed over whole, and does not reach this one")
    func sharing() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let kernel = try TunDevice(adopting: second)
        var random = SplitMix64(seed: 2)
        let share = StackShare.shares(count: 2, random: &random)[0]
        var pump = PacketPump(PacketPort(try TunDevice(adopting: first)), share: share)
        var core = makeStack(share: share)
        let packets = (1...40 as ClosedRange<UInt16>).map(syn)
        for packet in packets { #expect(try kernel.writeBytes(packet) == .written) }
        var foreign: [[UInt8]] = []
        _ = try pump.receive(into: &core, at: .origin) { packet, _ in foreign.append(packet) }
        #expect(foreign == packets.filter { $0.withRawSpan { share.owner(of: $0) } == 1 })
        #expect(!foreign.isEmpty)
        #expect(core.counters.packetsReceived == UInt64(packets.count - foreign.count))

        for packet in packets { #expect(try kernel.writeBytes(packet) == .written) }
        var (foreignWhole, own) = ([[UInt8]](), 0)
        _ = try pump.receiveWhole(handOver: { packet, _ in foreignWhole.append(packet) }) { _, _ in own += 1 }
        #expect(foreignWhole == foreign)
        #expect(own == packets.count - foreign.count)
    }

    @Test("whoever wants to see packets sees them as they are on the wire, in both directions")
    func whole() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let kernel = try TunDevice(adopting: second)
        var pump = PacketPump(PacketPort(try TunDevice(adopting: first)))
        var core = makeStack()
        #expect(try kernel.writeBytes(syn(from: 5)) == .written)
        var seen: [[UInt8]] = []
        _ = try pump.receiveWhole { packet, checksum in
            seen.append(unsafe packet.withUnsafeBytes { unsafe Array($0) })
            _ = core.receive(packet, checksum: checksum, at: .origin)
        }
        #expect(seen == [syn(from: 5)])
        var sent: [[UInt8]] = []
        let isAll = try pump.transmitWhole(from: &core, at: .origin) { _, packet, wasLost in
            #expect(!wasLost)
            sent.append(unsafe packet.withUnsafeBytes { unsafe Array($0) })
        }
        #expect(isAll)
        #expect(sent.count == 1)
        #expect(try kernel.readBytes() == .packet(sent.first ?? []))
    }
}
