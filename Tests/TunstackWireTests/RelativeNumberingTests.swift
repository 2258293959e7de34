import TestSupport
import Testing
import TunstackWire

@Suite("Relative sequence numbers", .requirement("mission B45"))
struct RelativeNumberingTests {
    private static let client = Endpoint(IPv4Address(10, 77, 0, 1), 40000)
    private static let server = Endpoint(IPv4Address(10, 77, 0, 2), 9877)

    private var describer = PacketDescriber()

    /// What the describer says from "Flags" on.
    private mutating func describe(
        from source: Endpoint = client, to destination: Endpoint = server, _ flags: TCPFlags, sequence: UInt32,
        acknowledgment: UInt32 = 0, options: TCPOptions = TCPOptions(), payloadLength: Int = 0
    ) throws -> Substring {
        let header = TCPHeader(
            sourcePort: source.port, destinationPort: destination.port, sequenceNumber: SequenceNumber(sequence),
            acknowledgmentNumber: SequenceNumber(acknowledgment), flags: flags, window: 1, options: options)
        let bytes = packet(
            header, from: try #require(source.address.v4), to: try #require(destination.address.v4),
            payload: countingBytes(payloadLength))
        let line = bytes.withRawSpan { describer.describe($0) }
        return line[try #require(line.firstIndex(of: "F"))...]
    }

    @Test("numbers count from the SYN of their own direction, and wrap with it")
    mutating func wrapping() throws {
        #expect(try describe(.syn, sequence: 0xFFFF_FFFE) == "Flags [S], seq 4294967294, win 1, length 0")
        #expect(
            try describe(
                from: Self.server, to: Self.client, [.syn, .ack], sequence: 100, acknowledgment: 0xFFFF_FFFF)
                == "Flags [S.], seq 100, ack 4294967295, win 1, length 0")
        #expect(
            try describe(.ack, sequence: 0xFFFF_FFFF, acknowledgment: 101, payloadLength: 10)
                == "Flags [.], seq 1:11, ack 1, win 1, length 10")
        #expect(
            try describe(from: Self.server, to: Self.client, .ack, sequence: 101, acknowledgment: 9)
                == "Flags [.], ack 11, win 1, length 0")
    }

    @Test("a conversation met midway counts from the first segment that was seen")
    mutating func midway() throws {
        #expect(
            try describe(.ack, sequence: 5000, acknowledgment: 7000, payloadLength: 100)
                == "Flags [.], seq 5000:5100, ack 7000, win 1, length 100")
        #expect(
            try describe(from: Self.server, to: Self.client, .ack, sequence: 7000, acknowledgment: 5100)
                == "Flags [.], ack 100, win 1, length 0")
        #expect(
            try describe(.ack, sequence: 5100, acknowledgment: 7001, payloadLength: 1)
                == "Flags [.], seq 100:101, ack 2, win 1, length 1")
    }

    @Test("SACK blocks count from the SYN of what they acknowledge")
    mutating func sackBlocks() throws {
        _ = try describe(from: Self.server, to: Self.client, [.syn, .ack], sequence: 100, acknowledgment: 1001)
        let blocks = TCPOptions(sackBlocks: [
            SACKBlock(start: SequenceNumber(1011), end: SequenceNumber(1021)),
            SACKBlock(start: SequenceNumber(1031), end: SequenceNumber(1041)),
        ])
        #expect(
            try describe(
                from: Self.server, to: Self.client, .ack, sequence: 101, acknowledgment: 1001, options: blocks)
                == "Flags [.], ack 1, win 1, options [nop,nop,sack 2 {11:21}{31:41}], length 0")
        #expect(
            try describe(
                .ack, sequence: 1001, acknowledgment: 101,
                options: TCPOptions(sackBlocks: [SACKBlock(start: SequenceNumber(111), end: SequenceNumber(121))]))
                == "Flags [.], ack 1, win 1, options [nop,nop,sack 1 {11:21}], length 0")
    }

    @Test("SACK blocks of the segment that begins a conversation count from the start at once")
    mutating func firstBlocks() throws {
        let blocks = TCPOptions(sackBlocks: [SACKBlock(start: SequenceNumber(2010), end: SequenceNumber(2020))])
        #expect(
            try describe(.ack, sequence: 1000, acknowledgment: 2001, options: blocks)
                == "Flags [.], ack 2001, win 1, options [nop,nop,sack 1 {10:20}], length 0")
    }

    @Test("a new SYN with ACK between the same two ends begins anew")
    mutating func again() throws {
        _ = try describe(from: Self.server, to: Self.client, [.syn, .ack], sequence: 100, acknowledgment: 1001)
        #expect(
            try describe(
                from: Self.server, to: Self.client, [.syn, .ack], sequence: 90_000, acknowledgment: 80_001)
                == "Flags [S.], seq 90000, ack 80001, win 1, length 0")
        #expect(
            try describe(.ack, sequence: 80_001, acknowledgment: 90_001) == "Flags [.], ack 1, win 1, length 0")
    }

    @Test("a segment without ACK is shown with absolute numbers, and begins nothing")
    mutating func withoutAcknowledgment() throws {
        #expect(try describe(.rst, sequence: 5000) == "Flags [R], seq 5000, win 1, length 0")
        #expect(
            try describe(from: Self.server, to: Self.client, [.rst, .ack], sequence: 0, acknowledgment: 5001)
                == "Flags [R.], seq 0, ack 5001, win 1, length 0")
    }

    @Test("conversations between other ends are counted apart", .requirement("mission B1"))
    mutating func conversations() throws {
        let other = Endpoint(Self.client.address, 40001)
        _ = try describe(from: Self.server, to: Self.client, [.syn, .ack], sequence: 100, acknowledgment: 1001)
        _ = try describe(from: Self.server, to: other, [.syn, .ack], sequence: 500, acknowledgment: 2001)
        #expect(
            try describe(.ack, sequence: 1001, acknowledgment: 101) == "Flags [.], ack 1, win 1, length 0")
        #expect(
            try describe(from: other, .ack, sequence: 2001, acknowledgment: 501, payloadLength: 1)
                == "Flags [.], seq 1:2, ack 1, win 1, length 1")
    }

    @Test("of more conversations than are remembered, the oldest is forgotten")
    mutating func bound() throws {
        let count: UInt16 = 4096
        for port in 1...count + 1 {
            let client = Endpoint(Self.client.address, Port(port))
            _ = try describe(from: client, .ack, sequence: 1000, acknowledgment: 2000)
        }
        let oldest = Endpoint(Self.client.address, Port(1))
        let second = Endpoint(Self.client.address, Port(2))
        let newest = Endpoint(Self.client.address, Port(count + 1))
        let relative = "Flags [.], ack 1, win 1, length 0"
        #expect(try describe(from: newest, .ack, sequence: 1000, acknowledgment: 2000) == relative)
        #expect(try describe(from: second, .ack, sequence: 1000, acknowledgment: 2000) == relative)
        #expect(
            try describe(from: oldest, .ack, sequence: 1000, acknowledgment: 2000)
                == "Flags [.], ack 2000, win 1, length 0")
        #expect(
            try describe(from: second, .ack, sequence: 1000, acknowledgment: 2000)
                == "Flags [.], ack 2000, win 1, length 0")
    }
}
