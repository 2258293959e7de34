import Testing
import TunstackWire

@Suite("Captures in pcapng")
struct PcapngWriterTests {
    /// A block taken apart: its body is what is between its two lengths.
    private struct Block {
        var type: UInt32
        var body: [UInt8]

        init(_ bytes: [UInt8]) throws {
            let (type, first, last) = bytes.withRawSpan { span in
                (span.bigEndianUInt32(at: 0), span.bigEndianUInt32(at: 4), span.bigEndianUInt32(at: bytes.count - 4))
            }
            try #require(bytes.count.isMultiple(of: 4))
            try #require(first == UInt32(bytes.count) && last == first)
            self.type = type
            self.body = Array(bytes[8..<bytes.count - 4])
        }
    }

    @Test("a section begins with the byte order mark, version 1.0 and no length")
    func sectionHeader() throws {
        let block = try Block(PcapngWriter.sectionHeader())
        #expect(block.type == 0x0A0D_0D0A)
        #expect(block.body == [0x1A, 0x2B, 0x3C, 0x4D, 0, 1, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
        let named = try Block(PcapngWriter.sectionHeader(application: "tunstack"))
        #expect(Array(named.body[16...]) == [0, 4, 0, 8] + Array("tunstack".utf8) + [0, 0, 0, 0])
    }

    @Test("an interface is raw IP with times in nanoseconds")
    func interfaceDescription() throws {
        let block = try Block(PcapngWriter.interfaceDescription(name: "tun0", snapshotLength: 65535))
        #expect(block.type == 1)
        #expect(
            block.body == [0, 101, 0, 0, 0, 0, 0xFF, 0xFF] + [0, 2, 0, 4] + Array("tun0".utf8)
                + [0, 9, 0, 1, 9, 0, 0, 0] + [0, 0, 0, 0])
    }

    @Test("a packet has its time, its length twice and its bytes, padded to a whole word", arguments: 0...9)
    func packet(count: Int) throws {
        let bytes = countingBytes(count).withRawSpan { span in
            PcapngWriter.enhancedPacket(span, atNanoseconds: 0x0102_0304_0506_0708, interface: 3)
        }
        let block = try Block(bytes)
        let padding = [UInt8](repeating: 0, count: (4 - count % 4) % 4)
        let length: [UInt8] = [0, 0, 0, UInt8(count)]
        #expect(block.type == 6)
        #expect(block.body == [0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8] + length + length + countingBytes(count) + padding)
    }

    @Test("direction and comment are options, the comment padded")
    func options() throws {
        func options(_ direction: PcapngWriter.Direction?, _ comment: String?) throws -> [UInt8] {
            let bytes = [UInt8]().withRawSpan {
                PcapngWriter.enhancedPacket($0, atNanoseconds: 0, direction: direction, comment: comment)
            }
            return Array(try Block(bytes).body[20...])
        }
        #expect(try options(.inbound, nil) == [0, 2, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0])
        #expect(try options(.outbound, nil) == [0, 2, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0])
        #expect(try options(nil, "SYN-SENT") == [0, 1, 0, 8] + Array("SYN-SENT".utf8) + [0, 0, 0, 0])
        #expect(try options(nil, "π") == [0, 1, 0, 2, 0xCF, 0x80, 0, 0, 0, 0, 0, 0])
        #expect(try options(nil, "") == [0, 1, 0, 0, 0, 0, 0, 0])
    }

    @Test("a comment longer than an option can be is cut between two characters", arguments: 0..<4)
    func longComment(ahead: Int) throws {
        let comment = String(repeating: "a", count: ahead) + String(repeating: "π", count: 40_000)
        let bytes = [UInt8]().withRawSpan { PcapngWriter.enhancedPacket($0, atNanoseconds: 0, comment: comment) }
        let body = try Block(bytes).body
        let length = Int(body[22]) << 8 | Int(body[23])
        #expect(length <= 0xFFFC && length > 0xFFF8)
        let kept = try #require(String(validating: body[24..<24 + length], as: UTF8.self))
        #expect(comment.hasPrefix(kept))
    }
}
