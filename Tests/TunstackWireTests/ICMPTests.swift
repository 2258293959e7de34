import Testing
import TunstackWire

@Suite("ICMP messages, RFC 792")
struct ICMPv4MessageTests {
    private func parse(_ bytes: [UInt8]) throws(WireError) -> ICMPv4Message {
        try bytes.withRawSpan { (span) throws(WireError) in try ICMPv4Message(parsing: span) }
    }

    private func write(_ message: ICMPv4Message, payload: [UInt8]) -> [UInt8] {
        [UInt8](rawCapacity: 2048) { output in payload.withRawSpan { message.append(to: &output, payload: $0) } }
    }

    private func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
        let checksum = plainChecksum(bytes)
        return bytes[..<2] + [UInt8(checksum >> 8), UInt8(checksum & 0xFF)] + bytes[4...]
    }

    static let messages: [(ICMPv4Message, [UInt8])] = [
        (.echoRequest(identifier: 0x1234, sequence: 0x5678), [8, 0, 0, 0, 0x12, 0x34, 0x56, 0x78]),
        (.echoReply(identifier: 0xFFFF, sequence: 1), [0, 0, 0, 0, 0xFF, 0xFF, 0, 1]),
        (.destinationUnreachable(code: 3, nextHopMTU: 0), [3, 3, 0, 0, 0, 0, 0, 0]),
        (.destinationUnreachable(code: 4, nextHopMTU: 1400), [3, 4, 0, 0, 0, 0, 0x05, 0x78]),
        (.sourceQuench, [4, 0, 0, 0, 0, 0, 0, 0]),
        (.timeExceeded(code: 1), [11, 1, 0, 0, 0, 0, 0, 0]),
        (.parameterProblem(pointer: 20), [12, 0, 0, 0, 20, 0, 0, 0]),
        (.other(type: 13, code: 5), [13, 5, 0, 0, 0, 0, 0, 0]),
    ]

    @Test("each message is written to its bytes with the checksum, and read back", arguments: messages)
    func roundTrip(message: ICMPv4Message, bytes: [UInt8]) throws {
        for count in [0, 1, 28, 57] {
            let whole = withChecksum(bytes + countingBytes(count))
            #expect(write(message, payload: countingBytes(count)) == whole)
            #expect(try parse(whole) == message)
        }
    }

    @Test("a message cut off before its payload is truncated", arguments: 0..<8)
    func truncation(count: Int) {
        let whole = write(.echoRequest(identifier: 1, sequence: 1), payload: [])
        #expect(throws: WireError.truncated) { try parse(Array(whole[..<count])) }
    }

    @Test("a message with any one bit turned is refused")
    func bitErrors() {
        let whole = write(.echoRequest(identifier: 1, sequence: 1), payload: countingBytes(9))
        for bit in 0..<whole.count * 8 {
            var turned = whole
            turned[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: WireError.badChecksum, "bit \(bit)") { try parse(turned) }
        }
    }
}

@Suite("Packets quoted by ICMP errors, RFC 792")
struct QuotedTCPPacketTests {
    private static let segment = TCPHeader(
        sourcePort: 40000, destinationPort: 9877, sequenceNumber: SequenceNumber(0xDEAD_BEEF), flags: .syn, window: 0)
    private static let quoted = Array(
        packet(segment, from: IPv4Address(10, 77, 0, 2), to: IPv4Address(10, 77, 0, 1), payload: countingBytes(99))[
            ..<28])

    private func parse(_ bytes: [UInt8]) throws(WireError) -> QuotedTCPPacket {
        try bytes.withRawSpan { (span) throws(WireError) in try QuotedTCPPacket(parsing: span) }
    }

    @Test("both ends and the sequence number come from 28 bytes")
    func fields() throws {
        let packet = try parse(Self.quoted)
        #expect(packet.source == Endpoint(IPv4Address(10, 77, 0, 2), 40000))
        #expect(packet.destination == Endpoint(IPv4Address(10, 77, 0, 1), 9877))
        #expect(packet.sequenceNumber == SequenceNumber(0xDEAD_BEEF))
    }

    @Test("neither the quoted checksum nor the total length needs to be right")
    func changedOnTheWay() throws {
        var bytes = Self.quoted
        bytes[2] = 0xFF
        bytes[8] = 0
        bytes[10] ^= 0xFF
        #expect(try parse(bytes) == parse(Self.quoted))
    }

    @Test("options in the quoted IP header are stepped over", arguments: 6...15)
    func options(words: Int) throws {
        var bytes = Self.quoted
        bytes[0] = 0x40 | UInt8(words)
        bytes.insert(contentsOf: repeatElement(1, count: words * 4 - 20), at: 20)
        #expect(try parse(bytes) == parse(Self.quoted))
        #expect(throws: WireError.truncated) { try parse(bytes.dropLast()) }
    }

    @Test("a quote cut off anywhere is truncated", arguments: 0..<28)
    func truncation(count: Int) {
        #expect(throws: WireError.truncated) { try parse(Array(Self.quoted[..<count])) }
    }

    @Test(
        "what is not the start of a TCP packet over IPv4 is refused",
        arguments: [
            (0, 0x65, .badVersion), (0, 0x44, .badHeaderLength), (0, 0x46, .truncated), (9, 17, .unexpectedProtocol),
            (7, 1, .laterFragment), (6, 0x10, .laterFragment),
        ] as [(Int, UInt8, WireError)])
    func refused(offset: Int, value: UInt8, error: WireError) {
        var bytes = Self.quoted
        bytes[offset] = value
        #expect(throws: error) { try parse(bytes) }
    }

    @Test("the first fragment of a packet still has the ports")
    func firstFragment() throws {
        var bytes = Self.quoted
        bytes[6] = 0x20
        #expect(try parse(bytes) == parse(Self.quoted))
    }
}
