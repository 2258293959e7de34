import TestSupport
import Testing
import TunstackWire

@Suite("TCP options as values, RFC 9293 §3.2")
struct TCPOptionsTests {
    private func parse(_ bytes: [UInt8]) -> TCPOptions {
        bytes.withRawSpan { TCPOptions(parsing: $0) }
    }

    private func write(_ options: TCPOptions) -> [UInt8] {
        [UInt8](rawCapacity: 2048) { options.append(to: &$0) }
    }

    private static let block = SACKBlock(start: SequenceNumber(0x0102_0304), end: SequenceNumber(0x0506_0708))
    private static let blockBytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    @Test("no bytes are no options")
    func none() {
        #expect(parse([]) == TCPOptions())
        #expect(TCPOptions().encodedLength == 0)
        #expect(write(TCPOptions()) == [])
    }

    @Test(
        "each option is read from its bytes", .requirement("RFC9293 MUST-4"), .requirement("RFC9293 MUST-14"),
        arguments: [
            ([2, 4, 0x05, 0xB4], TCPOptions(maximumSegmentSize: 1460)),
            ([2, 4, 0xFF, 0xFF], TCPOptions(maximumSegmentSize: 65535)),
            ([3, 3, 7, 0], TCPOptions(windowScale: 7)),
            ([3, 3, 255, 0], TCPOptions(windowScale: 255)),
            ([4, 2, 0, 0], TCPOptions(sackPermitted: true)),
            (
                [8, 10, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0],
                TCPOptions(timestamps: TCPTimestamps(value: 1, echoReply: 0xFFFF_FFFF))
            ),
            ([5, 10] + blockBytes, TCPOptions(sackBlocks: [block])),
            (
                [5, 34] + blockBytes + blockBytes + blockBytes + blockBytes,
                TCPOptions(sackBlocks: [block, block, block, block])
            ),
            ([5, 2], TCPOptions()),
            ([0, 2, 4, 5], TCPOptions()),
            ([1, 1, 1, 0], TCPOptions()),
        ] as [([UInt8], TCPOptions)])
    func reading(bytes: [UInt8], options: TCPOptions) {
        #expect(parse(bytes) == options)
    }

    @Test(
        "options may begin at any byte", .requirement("RFC9293 MUST-64"), arguments: 0..<8)
    func unaligned(padding: Int) {
        let options = parse(
            Array(repeating: 1, count: padding) + [2, 4, 5, 0xB4, 8, 10, 0, 5, 0xDA, 0x9C, 0, 0, 0, 9, 3, 3, 7, 4, 2])
        #expect(
            options
                == TCPOptions(
                    maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true,
                    timestamps: TCPTimestamps(value: 383_644, echoReply: 9)))
    }

    @Test(
        "an unknown option is stepped over by its length", .requirement("RFC9293 MUST-6"),
        .requirement("RFC9293 MUST-68"), arguments: [6, 7, 9, 19, 28, 30, 34, 69, 253, 254, 255] as [UInt8])
    func unknownOptions(kind: UInt8) {
        for length in 2...36 {
            // The value looks like another option, which must not be taken for one.
            let value = (0..<length - 2).map { [2, 4, 0xDE, 0xAD][$0 % 4] as UInt8 }
            let options = parse([kind, UInt8(length)] + value + [2, 4, 5, 0xB4])
            #expect(options == TCPOptions(maximumSegmentSize: 1460), "length \(length)")
        }
    }

    @Test(
        "a length of 0 or 1, or beyond the end, ends the reading and is noted", .requirement("RFC9293 MUST-7"),
        arguments: 2...255 as ClosedRange<UInt8>)
    func hostileLengths(kind: UInt8) {
        for length in 0...255 as ClosedRange<UInt8> {
            let bytes: [UInt8] = [4, 2, kind, length] + [UInt8](repeating: 1, count: 8)
            let options = parse(bytes)
            #expect(options.malformed == !(2...10).contains(length), "kind \(kind), length \(length)")
            #expect(options.sackPermitted, "what came before a bad length stands")
        }
    }

    @Test("a kind without a length byte at the end is a bad length", .requirement("RFC9293 MUST-7"))
    func missingLength() {
        #expect(parse([1, 1, 1, 2]).malformed)
        #expect(parse([254]).malformed)
        #expect(!parse([1, 1, 1, 1]).malformed)
        #expect(!parse([1, 1, 1, 0]).malformed)
    }

    @Test("what follows the end of the list is not read")
    func endOfList() {
        let options = parse([4, 2, 0, 2, 0, 3, 3, 7])
        #expect(options == TCPOptions(sackPermitted: true))
    }

    @Test(
        "a known option of the wrong length is passed over, and the next one is read",
        arguments: [(2, 4), (3, 3), (4, 2), (8, 10)] as [(UInt8, Int)])
    func wrongLengths(kind: UInt8, rightLength: Int) {
        for length in 2...20 where length != rightLength {
            let bytes = [kind, UInt8(length)] + [UInt8](repeating: 9, count: length - 2) + [5, 10] + Self.blockBytes
            #expect(parse(bytes) == TCPOptions(sackBlocks: [Self.block]), "length \(length)")
        }
    }

    @Test("a SACK option whose last block is not whole has no blocks", arguments: (2...34).filter { $0 % 8 != 2 })
    func brokenBlocks(length: Int) {
        #expect(parse([5, UInt8(length)] + [UInt8](repeating: 7, count: length - 2)) == TCPOptions())
    }

    @Test("of an option that appears twice the first counts")
    func repeated() {
        let bytes: [UInt8] = [
            2, 4, 0, 1, 2, 4, 0, 2, 3, 3, 1, 3, 3, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4,
        ]
        #expect(
            parse(bytes)
                == TCPOptions(
                    maximumSegmentSize: 1, windowScale: 1, timestamps: TCPTimestamps(value: 1, echoReply: 2)))
        let other = [UInt8](repeating: 9, count: 8)
        #expect(parse([5, 10] + Self.blockBytes + [5, 10] + other) == TCPOptions(sackBlocks: [Self.block]))
    }

    @Test("more blocks than a header can have are cut off at four")
    func tooManyBlocks() {
        let options = parse([5, 42] + (0..<5).flatMap { _ in Self.blockBytes })
        #expect(options.sackBlocks == [Self.block, Self.block, Self.block, Self.block])
    }

    @Test(
        "options are written in Linux's order, and in whole words", .requirement("mission B46"),
        arguments: [
            (
                TCPOptions(
                    maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true,
                    timestamps: TCPTimestamps(value: 383_644, echoReply: 0)),
                [2, 4, 5, 0xB4, 4, 2, 8, 10, 0, 5, 0xDA, 0x9C, 0, 0, 0, 0, 1, 3, 3, 7]
            ),
            (
                TCPOptions(maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true),
                [2, 4, 5, 0xB4, 1, 1, 4, 2, 1, 3, 3, 7]
            ),
            (TCPOptions(maximumSegmentSize: 536), [2, 4, 2, 0x18]),
            (TCPOptions(windowScale: 14), [1, 3, 3, 14]),
            (TCPOptions(sackPermitted: true), [1, 1, 4, 2]),
            (
                TCPOptions(timestamps: TCPTimestamps(value: 1, echoReply: 2)),
                [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
            ),
            (TCPOptions(sackBlocks: [block]), [1, 1, 5, 10] + blockBytes),
            (
                TCPOptions(timestamps: TCPTimestamps(value: 1, echoReply: 2), sackBlocks: [block, block]),
                [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 5, 18] + blockBytes + blockBytes
            ),
        ] as [(TCPOptions, [UInt8])])
    func writing(options: TCPOptions, bytes: [UInt8]) {
        #expect(write(options) == bytes)
        #expect(options.encodedLength == bytes.count)
        #expect(parse(bytes) == options)
    }

    @Test("of the SACK blocks, only as many are written as fit into 40 bytes")
    func sackRoom() {
        let four: SACKBlocks = [Self.block, Self.block, Self.block, Self.block]
        var options = TCPOptions(sackBlocks: four)
        #expect(options.encodedLength == 36)
        options.timestamps = TCPTimestamps(value: 1, echoReply: 2)
        #expect(options.encodedLength == 40)
        #expect(parse(write(options)).sackBlocks.count == 3)
        options.maximumSegmentSize = 1460
        options.windowScale = 7
        options.sackPermitted = true
        #expect(options.encodedLength == 40)
        #expect(parse(write(options)).sackBlocks.count == 2)
    }

    @Test(
        "every combination of options comes back from its bytes", .requirement("mission B16"), arguments: 0..<128)
    func combinations(number: Int) {
        let options = TCPOptions(
            maximumSegmentSize: number & 1 == 0 ? nil : 1460,
            windowScale: number & 2 == 0 ? nil : 7,
            sackPermitted: number & 4 != 0,
            timestamps: number & 8 == 0 ? nil : TCPTimestamps(value: 0xDEAD_BEEF, echoReply: 0x0BAD_CAFE),
            sackBlocks: number >> 4 == 0 || number & 1 != 0
                ? [] : number & 16 == 0 ? [Self.block] : [Self.block, Self.block])
        let bytes = write(options)
        #expect(bytes.count == options.encodedLength)
        #expect(bytes.count.isMultiple(of: 4) && bytes.count <= TCPOptions.maximumLength)
        #expect(parse(bytes) == options)
        #expect(parse(bytes).maximumSegmentSize == options.maximumSegmentSize)
    }

    @Test("the short way for timestamps alone reads what the long way reads")
    func fastPath() {
        let bytes: [UInt8] = [1, 1, 8, 10, 0, 6, 0x26, 0x08, 0, 5, 0xD9, 0x3C]
        let expected = TCPOptions(timestamps: TCPTimestamps(value: 402_952, echoReply: 383_292))
        #expect(parse(bytes) == expected)
        #expect(parse(bytes + [1, 1, 1, 1]) == expected)
        #expect(parse([1] + bytes) == expected)
    }
}

@Suite("Blocks of selective acknowledgments, RFC 2018")
struct SACKBlocksTests {
    private let blocks = (0..<5).map { SACKBlock(start: SequenceNumber($0 * 10), end: SequenceNumber($0 * 10 + 5)) }

    @Test("blocks keep their order, and there are at most four")
    func appending() {
        var list = SACKBlocks()
        #expect(list.isEmpty)
        for (index, block) in blocks.enumerated() {
            list.append(block)
            #expect(list.count == min(index + 1, SACKBlocks.capacity))
        }
        #expect((0..<4).map { list[$0] } == Array(blocks[..<4]))
        #expect(!list.isEmpty)
    }

    @Test("two lists are equal if they hold the same blocks in the same order")
    func equality() {
        #expect([blocks[0], blocks[1]] as SACKBlocks == [blocks[0], blocks[1]])
        #expect([blocks[0], blocks[1]] as SACKBlocks != [blocks[1], blocks[0]])
        #expect([blocks[0], blocks[1]] as SACKBlocks != [blocks[0]])
        #expect([] as SACKBlocks == SACKBlocks())
    }

    @Test("a block that is not there stops the program")
    func outOfRange() async {
        await #expect(processExitsWith: .failure) { _ = SACKBlocks()[0] }
        await #expect(processExitsWith: .failure) { _ = SACKBlocks()[-1] }
    }
}
