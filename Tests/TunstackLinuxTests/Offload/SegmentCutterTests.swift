import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("SegmentCutter: segmentation without the kernel")
struct SegmentCutterTests {
    /// The packets that a super-segment is cut into, its text being handed over in two pieces.
    private func cut(
        _ segment: SuperSegment, firstPiece: Int = 0, fillsChecksums: Bool = true
    ) -> [[UInt8]] {
        var cutter = SegmentCutter(fillsChecksums: fillsChecksums)
        var packets: [[UInt8]] = []
        segment.header.withRawSpan { header in
            segment.text.withRawSpan { text in
                cutter.cut(
                    header: header, text: text.extracting(first: firstPiece),
                    moreText: text.extracting(droppingFirst: firstPiece), metadata: segment.metadata
                ) { header, text, moreText in
                    var packet: [UInt8] = []
                    packet.append(bytes: header)
                    packet.append(bytes: text)
                    packet.append(bytes: moreText)
                    packets.append(packet)
                }
            }
        }
        return packets
    }

    @Test(
        "every packet parses with right checksums, and together they are the text, numbered without a gap",
        arguments: [(1, 1_448), (1_448, 1_448), (1_449, 1_448), (2_895, 1_448), (64_000, 1_448), (1_001, 7), (10, 1)])
    func wholeText(textLength: Int, segmentSize: Int) throws {
        let segment = SuperSegment(textLength: textLength, segmentSize: segmentSize)
        let packets = try cut(segment).map { try ReadPacket($0) }
        #expect(packets.count == (textLength + segmentSize - 1) / segmentSize)
        #expect(packets.flatMap(\.text) == segment.text)
        for (number, packet) in packets.enumerated() {
            #expect(packet.hasValidChecksum)
            #expect(packet.tcp.sequenceNumber == segment.sequenceNumber + number * segmentSize)
            #expect(packet.ip.identification == segment.identification &+ UInt16(number))
            #expect(packet.tcp.options == segment.options)
            #expect(packet.tcp.acknowledgmentNumber == SequenceNumber(77))
            #expect(packet.tcp.window == 512)
            #expect(packet.text.count == segmentSize || number == packets.count - 1)
        }
    }

    @Test("FIN and PSH are on the last packet alone, CWR on the first alone, the others on all")
    func flags() throws {
        var segment = SuperSegment(textLength: 30, segmentSize: 10)
        segment.flags = [.fin, .psh, .ack, .ece, .cwr]
        let flags = try cut(segment).map { try ReadPacket($0).tcp.flags }
        #expect(flags == [[.ack, .ece, .cwr], [.ack, .ece], [.fin, .psh, .ack, .ece]])
    }

    @Test("text in two pieces is cut as text in one, wherever the seam is")
    func pieces() {
        let segment = SuperSegment(textLength: 101, segmentSize: 13)
        let whole = cut(segment)
        for firstPiece in 0...segment.text.count {
            #expect(cut(segment, firstPiece: firstPiece) == whole, "the seam is at \(firstPiece)")
        }
    }

    @Test("a segment that is not to be cut only gets its checksum", arguments: [0, 1, 1_447, 1_448])
    func checksumOnly(textLength: Int) throws {
        let segment = SuperSegment(textLength: textLength, segmentSize: 0)
        let packets = cut(segment)
        #expect(packets.count == 1)
        let packet = try ReadPacket(try #require(packets.first))
        #expect(packet.hasValidChecksum)
        #expect(packet.tcp.flags == segment.flags)
        #expect(packet.text == segment.text)
    }

    @Test("checksums that are left to the device hold the sum of each packet's own pseudo-header")
    func partialChecksums() throws {
        let segment = SuperSegment(textLength: 25, segmentSize: 10)
        let packets = cut(segment, fillsChecksums: false)
        #expect(packets.count == 3)
        for (number, bytes) in packets.enumerated() {
            var single = segment
            single.sequenceNumber = segment.sequenceNumber + number * 10
            single.identification &+= UInt16(number)
            single.text = Array(segment.text[(number * 10)..<min(25, number * 10 + 10)])
            single.flags = number == 2 ? [.psh, .ack] : .ack
            #expect(bytes == single.header + single.text)
        }
    }

    @Test("headers with all the options they can have are repeated whole")
    func longestHeaders() throws {
        var segment = SuperSegment(textLength: 5, segmentSize: 2)
        segment.options.maximumSegmentSize = 1_460
        let lengths = try cut(segment).map { try ReadPacket($0).tcp.headerLength }
        #expect(lengths == [36, 36, 36])
    }
}
