import TestSupport
import Testing
import TunstackWire

@Suite("TCP header, RFC 9293 §3.1")
struct TCPHeaderTests {
    /// A header with a different value in each field, with timestamps and 3 bytes of data.
    private static let sample: [UInt8] = [
        0xE2, 0x6A, 0x26, 0x95, 0x23, 0x23, 0x93, 0x2C, 0x8D, 0xA4, 0xA7, 0xFB, 0x80, 0x18, 0xFE, 0xDC, 0xAB, 0xCD,
        0x12, 0x34, 1, 1, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4, 0x61, 0x62, 0x63,
    ]

    private func parse(_ bytes: [UInt8]) throws(WireError) -> TCPHeader {
        try bytes.withRawSpan { (span) throws(WireError) in try TCPHeader(parsing: span) }
    }

    @Test("every field is read from its place", .requirement("mission B2"))
    func fields() throws {
        let header = try parse(Self.sample)
        #expect(header.sourcePort == 57962)
        #expect(header.destinationPort == 9877)
        #expect(header.sequenceNumber == SequenceNumber(0x2323_932C))
        #expect(header.acknowledgmentNumber == SequenceNumber(0x8DA4_A7FB))
        #expect(header.headerLength == 32)
        #expect(header.flags == [.psh, .ack])
        #expect(header.window == 0xFEDC)
        #expect(header.urgentPointer == 0x1234)
        #expect(header.options == TCPOptions(timestamps: TCPTimestamps(value: 3, echoReply: 4)))
    }

    @Test("every field is written to its place", .requirement("mission B2"))
    func writing() {
        let header = TCPHeader(
            sourcePort: 57962, destinationPort: 9877, sequenceNumber: SequenceNumber(0x2323_932C),
            acknowledgmentNumber: SequenceNumber(0x8DA4_A7FB), flags: [.psh, .ack], window: 0xFEDC,
            urgentPointer: 0x1234, options: TCPOptions(timestamps: TCPTimestamps(value: 3, echoReply: 4)))
        #expect(header.headerLength == 32)
        #expect([UInt8](rawCapacity: 2048) { header.append(to: &$0, checksum: 0xABCD) } == Array(Self.sample[..<32]))
    }

    @Test("a window with its top bit set is large and not negative", .requirement("RFC9293 MUST-1"))
    func unsignedWindow() throws {
        var segment = Self.sample
        segment[14] = 0xFF
        segment[15] = 0xFF
        let window = try parse(segment).window
        #expect(Int(window) == 65535)
        #expect(window > 32767)
    }

    @Test("each flag has its own bit", .requirement("mission B6"), arguments: 0..<256)
    func flagBits(bits: Int) throws {
        var segment = Self.sample
        segment[13] = UInt8(bits)
        let header = try parse(segment)
        #expect(header.flags.rawValue == UInt16(bits))
        let named: [(TCPFlags, Int)] = [
            (.fin, 1), (.syn, 2), (.rst, 4), (.psh, 8), (.ack, 16), (.urg, 32), (.ece, 64), (.cwr, 128),
        ]
        for (flag, bit) in named { #expect(header.flags.contains(flag) == (bits & bit != 0)) }
        #expect([UInt8](rawCapacity: 2048) { header.append(to: &$0, checksum: 0xABCD) } == Array(segment[..<32]))
    }

    @Test(
        "flags are written with tcpdump's letters, in its order", .requirement("mission B6"),
        .requirement("mission B7"),
        arguments: [
            ([], "none"), (.syn, "S"), ([.syn, .ack], "S."), (.ack, "."), ([.psh, .ack], "P."), ([.fin, .ack], "F."),
            ([.rst, .ack], "R."), (.rst, "R"), ([.fin, .psh, .urg], "FPU"), ([.fin, .psh, .ack], "FP."),
            ([.syn, .ece, .cwr], "SEW"), (TCPFlags(rawValue: 255), "FSRP.UEW"),
            ([.syn, .ece, .cwr, .ae], "SEWe"), (TCPFlags(rawValue: 0xF000), "none"),
        ] as [(TCPFlags, String)])
    func flagLetters(flags: TCPFlags, letters: String) {
        #expect(flags.description == letters)
    }

    @Test(
        "the three reserved bits are not looked at, and written as zeros; AE goes through",
        .requirement("RFC8311 §4.1"),
        arguments: 0..<16)
    func reservedBits(bits: Int) throws {
        var segment = Self.sample
        segment[12] |= UInt8(bits)
        var header = try parse(segment)
        #expect(header.headerLength == 32)
        #expect(header.flags.contains(.ae) == (bits & 1 != 0))
        #expect(header.flags.rawValue >> 9 == 0)
        header.flags.formUnion(TCPFlags(rawValue: 0xFE00))
        #expect([UInt8](rawCapacity: 2048) { header.append(to: &$0, checksum: 0) }[12] == 0x80 | UInt8(bits & 1))
    }

    @Test("a header cut off anywhere is truncated", arguments: 0..<32)
    func truncation(count: Int) {
        #expect(throws: WireError.truncated) { try parse(Array(Self.sample[..<count])) }
    }

    @Test("a data offset below 5 is refused", arguments: 0..<5)
    func shortOffset(words: Int) {
        var segment = Self.sample
        segment[12] = UInt8(words) << 4
        #expect(throws: WireError.badHeaderLength) { try parse(segment) }
    }

    @Test("a data offset beyond the bytes is truncated", arguments: 9...15)
    func longOffset(words: Int) {
        var segment = Self.sample
        segment[12] = UInt8(words) << 4
        #expect(throws: WireError.truncated) { try parse(segment) }
    }

    @Test("each data offset from 5 to 15 is the length of the header", arguments: 5...15)
    func offsets(words: Int) throws {
        var segment = Array(Self.sample[..<20]) + [UInt8](repeating: 1, count: 40)
        segment[12] = UInt8(words) << 4
        #expect(try parse(segment).headerLength == words * 4)
    }

    @Test("options are taken on any segment, not on SYNs alone", .requirement("RFC9293 MUST-5"), arguments: 0..<256)
    func optionsOnAnySegment(bits: Int) throws {
        var segment = Self.sample
        segment[13] = UInt8(bits)
        #expect(try parse(segment).options.timestamps == TCPTimestamps(value: 3, echoReply: 4))
    }

    @Test("a header with bad option lengths is still a header", .requirement("RFC9293 MUST-7"))
    func badOptions() throws {
        var segment = Self.sample
        segment[23] = 0
        let header = try parse(segment)
        #expect(header.options.malformed)
        #expect(header.headerLength == 32)
    }

    @Test("the header length follows a change of the options")
    func headerLength() throws {
        var segment = Self.sample
        segment[20] = 254
        segment[21] = 12
        var header = try parse(segment)
        #expect(header.headerLength == 32)
        #expect(header.options == TCPOptions())
        #expect([UInt8](rawCapacity: 2048) { header.append(to: &$0, checksum: 0) }.count == 20)
        header.options.maximumSegmentSize = 1460
        #expect(header.headerLength == 24)
        #expect([UInt8](rawCapacity: 2048) { header.append(to: &$0, checksum: 0) }.count == 24)
        header.options = TCPOptions()
        #expect(header.headerLength == 20)
    }

    @Test("a thousand seeded headers come back from their bytes")
    func roundTrips() throws {
        var generator = SplitMix64(seed: 9293)
        for number in 0..<1000 {
            let header = TCPHeader.random(using: &generator)
            let bytes = [UInt8](rawCapacity: 2048) { header.append(to: &$0, checksum: 0) }
            #expect(bytes.count == header.headerLength)
            #expect(try parse(bytes) == header, "header \(number)")
        }
    }
}

@Suite("TCP checksum, RFC 9293 §3.1")
struct TCPChecksumTests {
    private let source = IPv4Address(192, 168, 0, 105)
    private let destination = IPv4Address(192, 168, 0, 100)

    private func isValid(_ segment: [UInt8], from source: IPv4Address) -> Bool {
        segment.withRawSpan { TCPHeader.verifyChecksum($0, source: source, destination: destination) }
    }

    private func pseudoHeader(length: Int) -> [UInt8] {
        [192, 168, 0, 105, 192, 168, 0, 100, 0, 6, UInt8(length >> 8), UInt8(length & 0xFF)]
    }

    @Test("the checksum covers pseudo-header, header and data of any length", .requirement("mission B2"))
    func plainAgreement() {
        var generator = SplitMix64(seed: 6)
        for count in 0..<200 {
            let header = TCPHeader.random(using: &generator)
            let payload = generator.bytes(count)
            var sum = InternetChecksum()
            payload.withRawSpan { sum.add($0) }
            let checksum = header.checksum(
                source: source, destination: destination, payloadChecksum: sum, payloadLength: count)
            let unsummed = [UInt8](rawCapacity: 2048) { header.append(to: &$0, checksum: 0) } + payload
            #expect(checksum == plainChecksum(pseudoHeader(length: unsummed.count) + unsummed), "\(count) bytes")
            #expect(
                isValid(
                    [UInt8](rawCapacity: 2048) { header.append(to: &$0, checksum: checksum) } + payload, from: source))
        }
    }

    @Test("a segment with any one bit turned, or from another address, is not valid")
    func bitErrors() {
        var generator = SplitMix64(seed: 7)
        let header = TCPHeader.random(using: &generator)
        let segment = Array(packet(header, from: source, to: destination, payload: countingBytes(33))[20...])
        #expect(isValid(segment, from: source))
        for bit in 0..<segment.count * 8 {
            var turned = segment
            turned[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!isValid(turned, from: source), "bit \(bit)")
        }
        #expect(!isValid(segment, from: IPv4Address(192, 168, 0, 104)))
        #expect(!isValid(Array(segment.dropLast()), from: source))
    }

    @Test("a segment longer than the pseudo-header can say has no valid checksum")
    func tooLong() {
        #expect(!isValid([UInt8](repeating: 0, count: 65536), from: source))
        #expect(!isValid([], from: source))
    }
}

extension TCPHeader {
    /// A header of seeded values in which no option takes another's place.
    static func random(using generator: inout SplitMix64) -> TCPHeader {
        var number: UInt32 { UInt32(truncatingIfNeeded: generator.next()) }
        var options = TCPOptions()
        let choice = generator.next()
        if choice & 1 != 0 { options.maximumSegmentSize = UInt16(truncatingIfNeeded: number) }
        if choice & 2 != 0 { options.windowScale = UInt8(truncatingIfNeeded: number) }
        if choice & 4 != 0 { options.sackPermitted = true }
        if choice & 8 != 0 { options.timestamps = TCPTimestamps(value: number, echoReply: number) }
        for _ in 0..<(choice >> 4) % 3 {
            options.sackBlocks.append(SACKBlock(start: SequenceNumber(number), end: SequenceNumber(number)))
        }
        return TCPHeader(
            sourcePort: Port(UInt16(truncatingIfNeeded: number)),
            destinationPort: Port(UInt16(truncatingIfNeeded: number)),
            sequenceNumber: SequenceNumber(number), acknowledgmentNumber: SequenceNumber(number),
            flags: TCPFlags(rawValue: UInt16(truncatingIfNeeded: number) & 0x1FF),
            window: UInt16(truncatingIfNeeded: number),
            urgentPointer: UInt16(truncatingIfNeeded: number), options: options)
    }
}
