import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("What every packet of ours has in its headers (RFC 9293 §3.1, §3.8.1)")
struct PacketHeaderTests {
    /// The checksum of RFC 1071, a word at a time, over the pseudo header and the segment.
    private static func sum(_ packet: SentPacket) -> UInt32 {
        let segment = Array(packet.bytes[packet.ip.headerLength...])
        let pseudo = packet.bytes[12..<20] + [0, 6, UInt8(segment.count >> 8), UInt8(segment.count & 0xFF)]
        let bytes = pseudo + segment + (segment.count % 2 == 0 ? [] : [0])
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() { sum += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte) }
        while sum >> 16 > 0 { sum = (sum & 0xFFFF) + sum >> 16 }
        return sum
    }

    /// Segments of every kind: with text of odd and even length, with options, again, resets, and those without a connection.
    private static func everyKind() throws -> [SentPacket] {
        let script = SegmentScript(listening: 9877, options: ConnectionOptions())
        script.peer(.syn, options: TCPOptions(maximumSegmentSize: 1_460))
        script.peer(.ack)
        script.accept()
        for length in 0...9 { try script.send(bytes: StreamBytes.at(length * 31, count: length)) }
        try script.send("urgent", flags: .urgent)
        script.advance(by: .seconds(3))
        script.peer([.psh, .ack], "a")
        try script.close()
        script.peer(.syn, seq: 7)
        script.abort()
        script.connect(fromPort: 2)
        script.peer(.ack, ack: 77)
        return script.takeAllSent()
    }

    @Test("the checksum is there and right", .requirement("RFC9293 MUST-2"))
    func checksum() throws {
        let packets = try Self.everyKind()
        #expect(packets.count > 10)
        for packet in packets { #expect(Self.sum(packet) == 0xFFFF, "\(packet.testDescription)") }
        #expect(
            packets.contains { $0.payload.count % 2 == 1 } && packets.contains { $0.tcp?.flags.contains(.rst) == true })
    }

    @Test(
        "no packet may be fragmented, so the identification is zero, also of what leaves again",
        .requirement("RFC9293 MAY-4"))
    func identification() throws {
        let packets = try Self.everyKind()
        for packet in packets {
            #expect(packet.ip.dontFragment && packet.ip.identification == 0, "\(packet.testDescription)")
        }
    }

    @Test("all that a connection sends comes from the address that it began with", .requirement("RFC9293 MUST-45"))
    func localAddress() throws {
        let second = IPv4Address(10, 77, 0, 3)
        let script = SegmentScript { $0.addresses.append(IPv4Network(second, prefixLength: 24)) }
        script.key = ConnectionKey(local: Endpoint(second, 9877), remote: script.key.remote)
        try script.open()
        script.peer([.syn, .ack])
        try script.send("abc")
        script.advance(by: .seconds(2))
        script.peer([.fin, .ack], "x")
        script.abort()
        let sources = script.takeAllSent().map(\.ip.source)
        #expect(sources.count >= 5)
        #expect(Set(sources) == [second])
    }
}
