import TestSupport
import Testing
import TunstackWire

/// A segment of a captured session: its line in tcpdump's form, and the values that the line speaks of.
struct GoldenSegment: Sendable, CustomTestStringConvertible {
    enum Sender { case client, server }

    var time: String
    var sender: Sender
    var line: String
    var flags: TCPFlags
    var sequence: UInt32
    var acknowledgment: UInt32 = 0
    var window: UInt16
    var options = TCPOptions()
    var payloadLength = 0

    static let clientAddress = IPv4Address(192, 168, 0, 105)
    static let serverAddress = IPv4Address(192, 168, 0, 100)

    var testDescription: String { time.isEmpty ? line : "\(time) \(line)" }

    var header: TCPHeader {
        TCPHeader(
            sourcePort: sender == .client ? 57962 : 9877, destinationPort: sender == .client ? 9877 : 57962,
            sequenceNumber: SequenceNumber(sequence), acknowledgmentNumber: SequenceNumber(acknowledgment),
            flags: flags, window: window, options: options)
    }

    var bytes: [UInt8] {
        packet(
            header, from: sender == .client ? Self.clientAddress : Self.serverAddress,
            to: sender == .client ? Self.serverAddress : Self.clientAddress, payload: countingBytes(payloadLength))
    }

    /// tcpdump's whole line without the time.
    var fullLine: String {
        let client = "192.168.0.105.57962"
        let server = "192.168.0.100.9877"
        return sender == .client ? "IP \(client) > \(server): \(line)" : "IP \(server) > \(client): \(line)"
    }

    private static func stamps(_ value: UInt32, _ echoReply: UInt32) -> TCPOptions {
        TCPOptions(timestamps: TCPTimestamps(value: value, echoReply: echoReply))
    }

    private static func synOptions(_ value: UInt32, _ echoReply: UInt32) -> TCPOptions {
        TCPOptions(
            maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true,
            timestamps: TCPTimestamps(value: value, echoReply: echoReply))
    }

    /// An echo session on port 9877: ten segments.
    static let echoSession: [GoldenSegment] = [
        GoldenSegment(
            time: "09:18:37.316083", sender: .client,
            line: "Flags [S], seq 589530732, win 29200, "
                + "options [mss 1460,sackOK,TS val 383644 ecr 0,nop,wscale 7], length 0",
            flags: .syn, sequence: 589_530_732, window: 29200, options: synOptions(383_644, 0)),
        GoldenSegment(
            time: "09:18:37.316111", sender: .server,
            line: "Flags [S.], seq 2376443707, ack 589530733, win 28960, "
                + "options [mss 1460,sackOK,TS val 383292 ecr 383644,nop,wscale 7], length 0",
            flags: [.syn, .ack], sequence: 2_376_443_707, acknowledgment: 589_530_733, window: 28960,
            options: synOptions(383_292, 383_644)),
        GoldenSegment(
            time: "09:18:37.317085", sender: .client,
            line: "Flags [.], ack 2376443708, win 229, options [nop,nop,TS val 383645 ecr 383292], length 0",
            flags: .ack, sequence: 589_530_733, acknowledgment: 2_376_443_708, window: 229,
            options: stamps(383_645, 383_292)),
        GoldenSegment(
            time: "09:19:54.498279", sender: .client,
            line: "Flags [P.], seq 589530733:589530743, ack 2376443708, win 229, "
                + "options [nop,nop,TS val 402940 ecr 383292], length 10",
            flags: [.psh, .ack], sequence: 589_530_733, acknowledgment: 2_376_443_708, window: 229,
            options: stamps(402_940, 383_292), payloadLength: 10),
        GoldenSegment(
            time: "09:19:54.498836", sender: .server,
            line: "Flags [.], ack 589530743, win 227, options [nop,nop,TS val 402588 ecr 402940], length 0",
            flags: .ack, sequence: 2_376_443_708, acknowledgment: 589_530_743, window: 227,
            options: stamps(402_588, 402_940)),
        GoldenSegment(
            time: "09:19:54.499296", sender: .server,
            line: "Flags [P.], seq 2376443708:2376443718, ack 589530743, win 227, "
                + "options [nop,nop,TS val 402588 ecr 402940], length 10",
            flags: [.psh, .ack], sequence: 2_376_443_708, acknowledgment: 589_530_743, window: 227,
            options: stamps(402_588, 402_940), payloadLength: 10),
        GoldenSegment(
            time: "09:19:54.500593", sender: .client,
            line: "Flags [.], ack 2376443718, win 229, options [nop,nop,TS val 402940 ecr 402588], length 0",
            flags: .ack, sequence: 589_530_743, acknowledgment: 2_376_443_718, window: 229,
            options: stamps(402_940, 402_588)),
        GoldenSegment(
            time: "09:21:09.244375", sender: .client,
            line: "Flags [F.], seq 589530743, ack 2376443718, win 229, "
                + "options [nop,nop,TS val 421626 ecr 402588], length 0",
            flags: [.fin, .ack], sequence: 589_530_743, acknowledgment: 2_376_443_718, window: 229,
            options: stamps(421_626, 402_588)),
        GoldenSegment(
            time: "09:21:09.244603", sender: .server,
            line: "Flags [F.], seq 2376443718, ack 589530744, win 227, "
                + "options [nop,nop,TS val 421275 ecr 421626], length 0",
            flags: [.fin, .ack], sequence: 2_376_443_718, acknowledgment: 589_530_744, window: 227,
            options: stamps(421_275, 421_626)),
        GoldenSegment(
            time: "09:21:09.245937", sender: .client,
            line: "Flags [.], ack 2376443719, win 229, options [nop,nop,TS val 421626 ecr 421275], length 0",
            flags: .ack, sequence: 589_530_744, acknowledgment: 2_376_443_719, window: 229,
            options: stamps(421_626, 421_275)),
    ]

    /// A closed port's answer to a SYN at 499186042.
    static let refusal = GoldenSegment(
        time: "", sender: .server, line: "Flags [R.], seq 0, ack 499186043, win 0, length 0", flags: [.rst, .ack],
        sequence: 0, acknowledgment: 499_186_043, window: 0)
}

@Suite("A captured echo session", .requirement("mission B46"))
struct GoldenTraceTests {
    static let segments = GoldenSegment.echoSession + [GoldenSegment.refusal]

    @Test("the bytes made of a segment's values are described by its line", arguments: segments)
    func description(segment: GoldenSegment) {
        var describer = PacketDescriber(numbering: .absolute)
        #expect(segment.bytes.withRawSpan { describer.describe($0) } == segment.fullLine)
        #expect(PacketDescriber.describe(tcp: segment.header, payloadLength: segment.payloadLength) == segment.line)
    }

    @Test("a parsed segment has the values again, and is written as the same bytes", arguments: segments)
    func roundTrip(segment: GoldenSegment) throws {
        let bytes = segment.bytes
        let (outer, header, checksum) = try bytes.withRawSpan { span throws(WireError) in
            let outer = try IPv4Header(parsing: span)
            let payload = span.extracting(outer.headerLength..<outer.totalLength)
            return (outer, try TCPHeader(parsing: payload), payload.bigEndianUInt16(at: 16))
        }
        #expect(header == segment.header)
        #expect(outer.payloadLength == header.headerLength + segment.payloadLength)
        let again = [UInt8](rawCapacity: 2048) { output in
            outer.append(to: &output)
            header.append(to: &output, checksum: checksum)
            countingBytes(segment.payloadLength).withRawSpan { output.append(bytes: $0) }
        }
        #expect(again == bytes)
        let isValid = Array(bytes[20...]).withRawSpan {
            TCPHeader.verifyChecksum($0, source: outer.source, destination: outer.destination)
        }
        #expect(isValid)
    }

    @Test("the time of a segment is read and written alike", arguments: GoldenSegment.echoSession)
    func time(segment: GoldenSegment) throws {
        #expect(try #require(TimeOfDay(segment.time)).description == segment.time)
    }

    @Test(
        "without -S, only the numbers of the first two segments are absolute", .requirement("mission B45"))
    func relative() {
        var describer = PacketDescriber()
        let lines = GoldenSegment.echoSession.map { segment in
            segment.bytes.withRawSpan { describer.describe($0) }
        }
        let client = "IP 192.168.0.105.57962 > 192.168.0.100.9877: Flags "
        let server = "IP 192.168.0.100.9877 > 192.168.0.105.57962: Flags "
        #expect(
            lines == [
                GoldenSegment.echoSession[0].fullLine,
                GoldenSegment.echoSession[1].fullLine,
                client + "[.], ack 1, win 229, options [nop,nop,TS val 383645 ecr 383292], length 0",
                client + "[P.], seq 1:11, ack 1, win 229, options [nop,nop,TS val 402940 ecr 383292], length 10",
                server + "[.], ack 11, win 227, options [nop,nop,TS val 402588 ecr 402940], length 0",
                server + "[P.], seq 1:11, ack 11, win 227, options [nop,nop,TS val 402588 ecr 402940], length 10",
                client + "[.], ack 11, win 229, options [nop,nop,TS val 402940 ecr 402588], length 0",
                client + "[F.], seq 11, ack 11, win 229, options [nop,nop,TS val 421626 ecr 402588], length 0",
                server + "[F.], seq 11, ack 12, win 227, options [nop,nop,TS val 421275 ecr 421626], length 0",
                client + "[.], ack 12, win 229, options [nop,nop,TS val 421626 ecr 421275], length 0",
            ])
    }
}
