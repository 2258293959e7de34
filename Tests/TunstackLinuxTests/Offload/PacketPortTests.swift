import Glibc
import Testing
import TunstackCore
import TunstackLinux
import TunstackWire

@Suite("PacketPort over a socket pair, where no kernel helps")
struct PacketPortTests {
    @Test("a super-segment reaches the other side as packets with their checksums, and is counted as those")
    func cuts() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        var port = PacketPort(try TunDevice(adopting: first))
        let kernel = try TunDevice(adopting: second)
        let segment = SuperSegment(textLength: 5_000, segmentSize: 1_448)
        #expect(try port.write(segment) == .written)
        var text: [UInt8] = []
        for _ in 0..<4 {
            guard case .packet(let bytes) = try kernel.readBytes() else { break }
            let packet = try ReadPacket(bytes)
            #expect(packet.hasValidChecksum)
            text += packet.text
        }
        #expect(text == segment.text)
        #expect(try kernel.readBytes() == .wouldBlock)
        #expect(port.counters.packetsWritten == 4)
        #expect(port.counters.superSegmentsWritten == 0)
        #expect(port.counters.bytesWritten == 5_000 + 4 * 52)
    }

    @Test("a segment without its checksum gets it, a complete packet passes unchanged")
    func completes() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        var port = PacketPort(try TunDevice(adopting: first))
        let kernel = try TunDevice(adopting: second)
        #expect(try port.write(SuperSegment(textLength: 3, segmentSize: 0)) == .written)
        guard case .packet(let bytes) = try kernel.readBytes() else {
            Issue.record("no packet came")
            return
        }
        #expect(try ReadPacket(bytes).hasValidChecksum)
        #expect(try port.writeBytes([1, 2, 3]) == .written)
        #expect(try kernel.readBytes() == .packet([1, 2, 3]))
    }

    @Test("what the device has no room for is counted packet by packet")
    func fullQueue() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        var port = PacketPort(try TunDevice(adopting: first))
        defer { close(second) }
        let segment = SuperSegment(textLength: 60_000, segmentSize: 1_000)
        var result = TunDevice.WriteResult.written
        for _ in 0..<10_000 where result == .written { result = try port.write(segment) }
        #expect(result == .wouldBlock)
        let counters = port.counters
        #expect(counters.packetsLostToFullQueue > 0)
        #expect((counters.packetsWritten + counters.packetsLostToFullQueue) % 60 == 0)
    }

    @Test("packets that come are counted with their bytes")
    func reads() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        var port = PacketPort(try TunDevice(adopting: first))
        let kernel = try TunDevice(adopting: second)
        for packet in [[UInt8](repeating: 1, count: 7), [2, 3]] { #expect(try kernel.writeBytes(packet) == .written) }
        for _ in 0..<3 { _ = try port.readBytes() }
        #expect(port.counters.packetsRead == 2)
        #expect(port.counters.bytesRead == 9)
        #expect(port.counters.superSegmentsRead == 0)
    }
}
