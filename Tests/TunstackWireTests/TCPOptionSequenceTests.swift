import TestSupport
import Testing
import TunstackWire

@Suite("TCP options in the order of the wire, RFC 9293 §3.2")
struct TCPOptionSequenceTests {
    private static let list: [TCPOption] = [
        .maximumSegmentSize(1460), .noOperation, .windowScale(7), .sackPermitted,
        .timestamps(TCPTimestamps(value: 1, echoReply: 2)), .unknown(kind: 254, length: 5),
        .sack([SACKBlock(start: SequenceNumber(3), end: SequenceNumber(4))]), .unknown(kind: 30, length: 2),
    ]

    @Test("a list comes back from its bytes in the same order")
    func roundTrip() {
        let sequence = TCPOptionSequence(Self.list)
        #expect(Array(sequence).prefix(Self.list.count) == Self.list[...])
        #expect(sequence.bytes.count.isMultiple(of: 4))
    }

    @Test(
        "space after the end of the list is filled with zeros", .requirement("RFC9293 MUST-69"), arguments: 1...9)
    func zeroFill(count: Int) {
        let padded = TCPOptionSequence(Array(repeating: .noOperation, count: count)).bytes
        #expect(padded.count.isMultiple(of: 4) && padded.count < count + 4)
        #expect(padded[..<count].allSatisfy { $0 == 1 })
        #expect(padded[count...].allSatisfy { $0 == 0 })

        let ended = TCPOptionSequence(
            Array(repeating: .noOperation, count: count) + [.endOfList, .noOperation, .windowScale(7)]
        ).bytes
        #expect(ended.count.isMultiple(of: 4) && ended.count < count + 1 + 4)
        #expect(ended[count...].allSatisfy { $0 == 0 })
    }

    @Test("reading stops at the end of the list, which is the last option")
    func endOfList() {
        #expect(Array(TCPOptionSequence(bytes: [1, 0, 1, 1])) == [.noOperation, .endOfList])
    }

    @Test("reading stops before a bad length", arguments: [0, 1, 4, 255] as [UInt8])
    func badLength(length: UInt8) {
        #expect(Array(TCPOptionSequence(bytes: [1, 254, length, 0])) == [.noOperation])
        #expect(Array(TCPOptionSequence(bytes: [1, 1, 1, 254])) == [.noOperation, .noOperation, .noOperation])
    }

    @Test("a known option of the wrong length is unknown")
    func wrongLength() {
        #expect(Array(TCPOptionSequence(bytes: [2, 3, 5, 1])) == [.unknown(kind: 2, length: 3), .noOperation])
        #expect(Array(TCPOptionSequence(bytes: [5, 3, 9, 0])) == [.unknown(kind: 5, length: 3), .endOfList])
    }

    @Test("both ways to read options agree on thirty thousand seeded runs of bytes")
    func agreement() {
        var generator = SplitMix64(seed: 2018)
        let kinds: [UInt8] = [0, 1, 1, 2, 3, 4, 5, 5, 8, 254]
        let lengths: [UInt8] = [0, 1, 2, 3, 4, 4, 10, 10, 18, 40]
        for _ in 0..<30_000 {
            var bytes = generator.bytes(Int(generator.next() % 41))
            for index in bytes.indices where bytes[index] < 128 {
                bytes[index] = (index & 1 == 0 ? kinds : lengths)[Int(bytes[index]) % 10]
            }
            let values = bytes.withRawSpan { TCPOptions(parsing: $0) }
            var expected = TCPOptions()
            for option in TCPOptionSequence(bytes: bytes) {
                switch option {
                case .maximumSegmentSize(let size): expected.maximumSegmentSize = expected.maximumSegmentSize ?? size
                case .windowScale(let shift): expected.windowScale = expected.windowScale ?? shift
                case .sackPermitted: expected.sackPermitted = true
                case .timestamps(let pair): expected.timestamps = expected.timestamps ?? pair
                case .sack(let blocks):
                    guard expected.sackBlocks.isEmpty else { continue }
                    for block in blocks { expected.sackBlocks.append(block) }
                case .endOfList, .noOperation, .unknown: break
                }
            }
            expected.malformed = values.malformed
            guard values == expected else {
                Issue.record("\(bytes): \(values), \(expected)")
                return
            }
        }
    }
}
