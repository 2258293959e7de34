import BenchmarkSupport
import TunstackWire

/// A packet of the peer's that is used again and again with other numbers in it. Its TCP checksum is left out, as a device with
/// offloads leaves it out.
struct Template: ~Copyable {
    static let local = Endpoint(IPv4Address(10, 77, 0, 2), 9)
    static let remote = Endpoint(IPv4Address(10, 77, 0, 1), 40_000)
    private static let tcp = IPv4Header.minimumLength
    private static let timestampEcho = tcp + TCPHeader.minimumLength + 8

    var block: Block

    /// A packet with so much text.
    init(
        textLength: Int, flags: TCPFlags = .ack, sequenceNumber: UInt32 = 1, options: TCPOptions? = nil,
        from port: Port = remote.port
    ) {
        let header = TCPHeader(
            sourcePort: port, destinationPort: Self.local.port,
            sequenceNumber: SequenceNumber(sequenceNumber), flags: flags, window: .max,
            options: options ?? TCPOptions(timestamps: TCPTimestamps(value: 1, echoReply: 0)))
        let length = header.headerLength + textLength
        block = Block(capacity: Self.tcp + length)
        block.fill { output in
            IPv4Header(
                source: IPv4Address(10, 77, 0, 1), destination: IPv4Address(10, 77, 0, 2), protocolNumber: .tcp,
                payloadLength: length
            ).append(to: &output)
            header.append(to: &output, checksum: 0)
            unsafe output.append(repeating: UInt8(ascii: "x"), count: textLength, as: UInt8.self)
        }
    }

    mutating func set(sequenceNumber: UInt32) { block.put(sequenceNumber, at: Self.tcp + 4) }
    mutating func set(acknowledgmentNumber: UInt32) { block.put(acknowledgmentNumber, at: Self.tcp + 8) }
    mutating func set(timestampEcho: UInt32) { block.put(timestampEcho, at: Self.timestampEcho) }

    /// A SYN as most systems send it.
    static func syn(from port: Port = remote.port) -> Template {
        Template(
            textLength: 0, flags: .syn, sequenceNumber: 0,
            options: TCPOptions(
                maximumSegmentSize: 1_460, windowScale: 10, sackPermitted: true,
                timestamps: TCPTimestamps(value: 1, echoReply: 0)), from: port)
    }

    /// The number of a packet's first byte of text.
    static func sequenceNumber(of packet: RawSpan) -> UInt32 { packet.bigEndianUInt32(at: tcp + 4) }
    /// What a packet's timestamp option says of its sender's clock; the option comes first, after two bytes of padding.
    static func timestamp(of packet: RawSpan) -> UInt32 { packet.bigEndianUInt32(at: timestampEcho - 4) }
}
