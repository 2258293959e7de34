import TestSupport
import TunstackCore
import TunstackWire

/// A super-segment of a stack's, as bytes: its TCP checksum field holds what `TransmitOffload.fillsChecksum` says.
struct SuperSegment {
    var flags: TCPFlags = [.psh, .ack]
    var sequenceNumber = SequenceNumber(0xFFFF_F000)
    var identification: UInt16 = 0xFFFE
    var source = IPv4Address(10, 77, 0, 2)
    var destination = IPv4Address(10, 77, 0, 1)
    var destinationPort: Port = 5001
    var options = TCPOptions(timestamps: TCPTimestamps(value: 3, echoReply: 4))
    var text: [UInt8]
    var segmentSize: Int

    /// Text of so many bytes that no piece of it looks like another.
    init(textLength: Int, segmentSize: Int) {
        var random = SplitMix64(seed: UInt64(textLength))
        text = random.bytes(textLength)
        self.segmentSize = segmentSize
    }

    /// The IP and TCP header.
    var header: [UInt8] {
        let tcp = TCPHeader(
            sourcePort: 9877, destinationPort: destinationPort, sequenceNumber: sequenceNumber,
            acknowledgmentNumber: SequenceNumber(77), flags: flags, window: 512, options: options)
        let ip = IPv4Header(
            source: source, destination: destination, protocolNumber: .tcp,
            payloadLength: tcp.headerLength + text.count, identification: identification)
        var sum = InternetChecksum()
        sum.addPseudoHeader(
            source: source, destination: destination, protocolNumber: IPProtocol.tcp.rawValue, length: ip.payloadLength)
        return [UInt8](rawCapacity: 120) { output in
            ip.append(to: &output)
            tcp.append(to: &output, checksum: ~sum.finish())
        }
    }

    var metadata: TransmitMetadata {
        TransmitMetadata(segmentSize: segmentSize, headerLength: header.count, checksumStart: 20)
    }
}

/// A packet taken apart.
struct ReadPacket {
    let ip: IPv4Header
    let tcp: TCPHeader
    let text: [UInt8]
    let hasValidChecksum: Bool

    init(_ bytes: [UInt8]) throws(WireError) {
        let ip = try bytes.withRawSpan { packet throws(WireError) in try IPv4Header(parsing: packet) }
        let segment = Array(bytes[ip.headerLength..<ip.totalLength])
        tcp = try segment.withRawSpan { segment throws(WireError) in try TCPHeader(parsing: segment) }
        text = Array(segment[tcp.headerLength...])
        hasValidChecksum = segment.withRawSpan {
            TCPHeader.verifyChecksum($0, source: ip.source, destination: ip.destination)
        }
        self.ip = ip
    }
}
