import Testing
import TunstackWire

@Suite("IPv4 header, RFC 791 §3.1")
struct IPv4HeaderTests {
    /// A header with a different value in each field, with options, and 8 bytes after it.
    private static let sample: [UInt8] = withChecksum([
        0x46, 0b101110_01, 0x00, 0x20, 0xBE, 0xEF, 0x40, 0x00, 63, 6, 0, 0, 192, 168, 0, 105, 10, 77, 0, 2,
        0x94, 0x04, 0x00, 0x00, 1, 2, 3, 4, 5, 6, 7, 8,
    ])

    private static func withChecksum(_ packet: [UInt8]) -> [UInt8] {
        var packet = packet
        packet[10] = 0
        packet[11] = 0
        let headerLength = min(Int(packet[0] & 0xF) * 4, packet.count)
        let checksum = plainChecksum(Array(packet[..<headerLength]))
        packet[10] = UInt8(checksum >> 8)
        packet[11] = UInt8(checksum & 0xFF)
        return packet
    }

    private func parse(_ bytes: [UInt8]) throws(WireError) -> IPv4Header {
        try bytes.withRawSpan { (span) throws(WireError) in try IPv4Header(parsing: span) }
    }

    @Test("every field is read from its place, and options are stepped over")
    func fields() throws {
        let header = try parse(Self.sample)
        #expect(header.headerLength == 24)
        #expect(header.totalLength == 32)
        #expect(header.payloadLength == 8)
        #expect(header.dscp == 0b101110)
        #expect(header.ecn == 0b01)
        #expect(header.identification == 0xBEEF)
        #expect(header.dontFragment && !header.moreFragments && header.fragmentOffset == 0 && !header.isFragment)
        #expect(header.timeToLive == 63)
        #expect(header.protocolNumber == .tcp)
        #expect(header.source == IPv4Address(192, 168, 0, 105))
        #expect(header.destination == IPv4Address(10, 77, 0, 2))
    }

    @Test(
        "fragments are recognised by their offset and by the flag for more",
        arguments: [
            (0x2000, true, 0, true), (0x0001, false, 8, true), (0x3FFF, true, 65528, true), (0x4000, false, 0, false),
            (0x8000, false, 0, false), (0x0000, false, 0, false),
        ] as [(UInt16, Bool, Int, Bool)])
    func fragments(field: UInt16, moreFragments: Bool, offset: Int, isFragment: Bool) throws {
        var packet = Self.sample
        packet[6] = UInt8(field >> 8)
        packet[7] = UInt8(field & 0xFF)
        let header = try parse(Self.withChecksum(packet))
        #expect(header.moreFragments == moreFragments)
        #expect(header.fragmentOffset == offset)
        #expect(header.isFragment == isFragment)
        #expect(header.dontFragment == (field & 0x4000 != 0))
    }

    @Test("a packet cut off anywhere is truncated", arguments: 0..<sample.count)
    func truncation(count: Int) {
        #expect(throws: WireError.truncated) { try parse(Array(Self.sample[..<count])) }
    }

    @Test("bytes after the total length are padding")
    func padding() throws {
        let header = try parse(Self.sample + countingBytes(30))
        #expect(header.totalLength == 32)
    }

    @Test("every version but 4 is refused", arguments: (0...15).filter { $0 != 4 })
    func versions(version: Int) {
        var packet = Self.sample
        packet[0] = UInt8(version) << 4 | 6
        #expect(throws: WireError.badVersion) { try parse(Self.withChecksum(packet)) }
    }

    @Test("a header length below 20 is refused", arguments: 0..<5)
    func shortHeader(words: Int) {
        var packet = Self.sample
        packet[0] = 0x40 | UInt8(words)
        #expect(throws: WireError.badHeaderLength) { try parse(packet) }
    }

    @Test("a header that reaches beyond the bytes is truncated", arguments: 9...15)
    func longHeader(words: Int) {
        var packet = Self.sample
        packet[0] = 0x40 | UInt8(words)
        #expect(throws: WireError.truncated) { try parse(packet) }
    }

    @Test("a total length below the header's is refused", arguments: 0..<24)
    func shortTotalLength(length: Int) {
        var packet = Self.sample
        packet[3] = UInt8(length)
        #expect(throws: WireError.badTotalLength) { try parse(Self.withChecksum(packet)) }
    }

    @Test("a header with any one bit turned is refused")
    func bitErrors() {
        for bit in 0..<24 * 8 {
            var packet = Self.sample
            packet[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            #expect(throws: WireError.self, "bit \(bit)") { try parse(packet) }
        }
        var wrongChecksum = Self.sample
        wrongChecksum[8] -= 1
        #expect(throws: WireError.badChecksum) { try parse(wrongChecksum) }
    }

    @Test("a made header is written as 20 bytes with its checksum")
    func writing() {
        let header = IPv4Header(
            source: IPv4Address(10, 77, 0, 2), destination: IPv4Address(10, 77, 0, 1), protocolNumber: .icmp,
            payloadLength: 64)
        let bytes = [UInt8](rawCapacity: 2048) { header.append(to: &$0) }
        #expect(
            bytes
                == Self.withChecksum([
                    0x45, 0, 0, 84, 0, 0, 0x40, 0, 64, 1, 0, 0, 10, 77, 0, 2, 10, 77, 0, 1,
                ]))
    }

    @Test("a thousand seeded headers come back from their bytes")
    func roundTrips() throws {
        var generator = SplitMix64(seed: 791)
        for _ in 0..<1000 {
            var header = IPv4Header(
                source: IPv4Address(rawValue: UInt32.random(in: 0...UInt32.max, using: &generator)),
                destination: IPv4Address(rawValue: UInt32.random(in: 0...UInt32.max, using: &generator)),
                protocolNumber: IPProtocol(rawValue: UInt8.random(in: 0...255, using: &generator)),
                payloadLength: Int.random(in: 0...100, using: &generator),
                timeToLive: UInt8.random(in: 0...255, using: &generator),
                dscp: UInt8.random(in: 0...63, using: &generator),
                ecn: UInt8.random(in: 0...3, using: &generator),
                identification: UInt16.random(in: 0...UInt16.max, using: &generator),
                dontFragment: Bool.random(using: &generator))
            header.moreFragments = Bool.random(using: &generator)
            header.fragmentOffset = Int.random(in: 0...8191, using: &generator) * 8
            let bytes = [UInt8](rawCapacity: 2048) { output in
                header.append(to: &output)
                output.appendZeros(count: header.payloadLength)
            }
            #expect(try parse(bytes) == header)
        }
    }

    @Test("a header that had options is written without them, for the same payload")
    func optionsAreDropped() throws {
        let header = try parse(Self.sample)
        let bytes = [UInt8](rawCapacity: 2048) { output in
            header.append(to: &output)
            output.appendZeros(count: header.payloadLength)
        }
        let again = try parse(bytes)
        #expect(again.headerLength == 20)
        #expect(again.payloadLength == header.payloadLength)
        #expect(again.dscp == header.dscp && again.identification == header.identification)
    }

    @Test("the largest packet has 65535 bytes")
    func largest() throws {
        let header = IPv4Header(
            source: .unspecified, destination: .broadcast, protocolNumber: .udp, payloadLength: 65515)
        let bytes = [UInt8](rawCapacity: 65535) { output in
            header.append(to: &output)
            output.appendZeros(count: 65515)
        }
        #expect(try parse(bytes).totalLength == IPv4Header.maximumTotalLength)
    }

    @Test("a payload too long for the header stops the program")
    func tooLong() async {
        await #expect(processExitsWith: .failure) {
            let header = IPv4Header(
                source: .unspecified, destination: .broadcast, protocolNumber: .udp, payloadLength: 65516)
            _ = [UInt8](rawCapacity: 2048) { header.append(to: &$0) }
        }
    }
}
