import Testing

@testable import TunstackWire

@Suite("Internet checksum, RFC 1071 and RFC 1624")
struct InternetChecksumTests {
    private func checksum(_ pieces: [UInt8]...) -> UInt16 {
        var sum = InternetChecksum()
        for piece in pieces { piece.withRawSpan { sum.add($0) } }
        return sum.finish()
    }

    @Test("the example of RFC 1071 §3 sums to ddf2")
    func example() {
        #expect(checksum([0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]) == ~0xDDF2)
    }

    @Test("the wide sum agrees with the plain one at every length up to 300")
    func lengths() {
        var generator = SplitMix64(seed: 1071)
        for count in 0...300 {
            let bytes = generator.bytes(count)
            #expect(checksum(bytes) == plainChecksum(bytes), "\(count) bytes")
        }
    }

    @Test("carries are not lost in long runs of ones", arguments: [1459, 1460, 8960, 65534, 65535])
    func carries(count: Int) {
        let bytes = [UInt8](repeating: 0xFF, count: count)
        #expect(checksum(bytes) == plainChecksum(bytes))
        #expect(checksum(bytes, bytes) == plainChecksum(bytes + bytes))
    }

    @Test("folding adds every carry in again, also the one of the last step but one")
    func folding() {
        for (sum, folded) in [(0, 0), (0xFFFF, 0xFFFF), (0xFFFF_FFFF_FFFF_0001, 1), (.max, 0xFFFF)]
            as [(UInt64, UInt16)]
        {
            #expect(InternetChecksum.folded(sum) == folded)
        }
    }

    @Test("a sum may be added to itself without end")
    func doubling() {
        var sum = InternetChecksum()
        [UInt8]([0x12, 0x34, 0x56, 0x79]).withRawSpan { sum.add($0) }
        var expected: UInt32 = 0x1234 + 0x5679
        for _ in 0..<200 {
            let copy = sum
            sum.add(copy)
            expected = expected * 2 % 0xFFFF
            #expect(sum.finish() == ~UInt16(expected))
        }
    }

    @Test("two pieces sum up as one run, wherever the seam is")
    func splits() {
        var generator = SplitMix64(seed: 1624)
        let bytes = generator.bytes(149)
        let whole = plainChecksum(bytes)
        for seam in 0...bytes.count {
            #expect(checksum(Array(bytes[..<seam]), Array(bytes[seam...])) == whole, "seam at \(seam)")
        }
    }

    @Test("many pieces sum up as one run, whatever their lengths")
    func manyPieces() {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<500 {
            let pieces = (0..<5).map { _ in generator.bytes(Int(generator.next() % 70)) }
            let whole = plainChecksum(pieces.flatMap(\.self))
            #expect(checksum(pieces[0], pieces[1], pieces[2], pieces[3], pieces[4]) == whole)

            // The same from sums that were formed apart.
            var sum = InternetChecksum()
            for piece in pieces {
                var part = InternetChecksum()
                piece.withRawSpan { part.add($0) }
                sum.add(part)
            }
            #expect(sum.finish() == whole)
        }
    }

    @Test("bytes may lie at any address", arguments: 0..<16)
    func alignment(offset: Int) {
        var generator = SplitMix64(seed: 2)
        let bytes = generator.bytes(216)
        var sum = InternetChecksum()
        bytes.withRawSpan { sum.add($0.extracting(offset..<offset + 200)) }
        #expect(sum.finish() == plainChecksum(Array(bytes[offset..<offset + 200])))
    }

    @Test("numbers are summed as their bytes in network order")
    func numbers() {
        var sum = InternetChecksum()
        sum.add(UInt16(0x1234))
        sum.add(UInt32(0x5678_9ABC))
        #expect(sum.finish() == plainChecksum([0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC]))
    }

    @Test("the pseudo-header is both addresses, a zero, the protocol and the length")
    func pseudoHeader() {
        var sum = InternetChecksum()
        sum.addPseudoHeader(
            source: IPv4Address(192, 168, 0, 105), destination: IPv4Address(10, 77, 0, 2), protocolNumber: 6,
            length: 0xABCD)
        #expect(sum.finish() == plainChecksum([192, 168, 0, 105, 10, 77, 0, 2, 0, 6, 0xAB, 0xCD]))
    }

    @Test("bytes with their checksum are valid, and no longer when one bit is turned")
    func validity() {
        var generator = SplitMix64(seed: 3)
        var bytes = generator.bytes(40)
        bytes[10] = 0
        bytes[11] = 0
        let value = plainChecksum(bytes)
        bytes[10] = UInt8(value >> 8)
        bytes[11] = UInt8(value & 0xFF)
        #expect(isValid(bytes))
        for bit in 0..<bytes.count * 8 {
            var turned = bytes
            turned[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!isValid(turned), "bit \(bit)")
        }
    }

    private func isValid(_ bytes: [UInt8]) -> Bool {
        var sum = InternetChecksum()
        bytes.withRawSpan { sum.add($0) }
        return sum.isValid
    }

    @Test("nothing sums to ffff")
    func nothing() {
        #expect(InternetChecksum().finish() == 0xFFFF)
        #expect(checksum([0, 0, 0, 0]) == 0xFFFF)
    }

    @Test("the example of RFC 1624 §4 is updated to 0000 and not to ffff")
    func updateExample() {
        #expect(InternetChecksum.updated(0xDD2F, replacing: 0x5555, with: 0x3285) == 0x0000)
    }

    @Test("an updated checksum is the one of the changed bytes")
    func updates() {
        var generator = SplitMix64(seed: 4)
        for _ in 0..<2000 {
            var bytes = generator.bytes(20)
            let before = plainChecksum(bytes)
            let old = UInt16(bytes[8]) << 8 | UInt16(bytes[9])
            let new = UInt16(truncatingIfNeeded: generator.next())
            bytes[8] = UInt8(new >> 8)
            bytes[9] = UInt8(new & 0xFF)
            #expect(InternetChecksum.updated(before, replacing: old, with: new) == plainChecksum(bytes))
        }
    }

    @Test("a number at an odd offset stops the program")
    func oddOffset() async {
        await #expect(processExitsWith: .failure) {
            var sum = InternetChecksum()
            [UInt8]([1]).withRawSpan { sum.add($0) }
            sum.add(UInt16(1))
        }
    }
}
