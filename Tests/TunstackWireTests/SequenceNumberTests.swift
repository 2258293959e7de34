import TestSupport
import Testing
import TunstackWire

@Suite("Sequence numbers, RFC 9293 §3.4")
struct SequenceNumberTests {
    /// Positions around which a mistake in the arithmetic shows.
    static let corners: [UInt32] = [
        0, 1, 2, 0x7FFF_FFFE, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_FFFE, 0xFFFF_FFFF,
    ]

    @Test("a segment at 301 with 100 bytes is followed by 401", .requirement("mission B3"))
    func nextSegment() {
        #expect(SequenceNumber(301) + 100 == SequenceNumber(401))
    }

    @Test("the acknowledgment of 200 bytes at 501 is 701", .requirement("mission B4"))
    func acknowledgment() {
        #expect(SequenceNumber(501) + 200 == SequenceNumber(701))
    }

    @Test("after ISN 1000, acknowledgment 2001 covers the bytes 1001 to 2000", .requirement("mission B4"))
    func acknowledgedBytes() {
        let initial = SequenceNumber(1000)
        let acknowledgment = SequenceNumber(2001)
        #expect(acknowledgment - initial == 1001)
        #expect(SequenceNumber(1001).isWithin(initial + 1, count: acknowledgment - (initial + 1)))
        #expect(SequenceNumber(2000).isWithin(initial + 1, count: acknowledgment - (initial + 1)))
        #expect(!SequenceNumber(2001).isWithin(initial + 1, count: acknowledgment - (initial + 1)))
        #expect(!SequenceNumber(1000).isWithin(initial + 1, count: acknowledgment - (initial + 1)))
    }

    @Test("sums wrap at 2^32 in both directions")
    func wrapping() {
        #expect(SequenceNumber(0xFFFF_FFFF) + 1 == SequenceNumber(0))
        #expect(SequenceNumber(0xFFFF_FFF0) + 0x20 == SequenceNumber(0x10))
        #expect(SequenceNumber(0) - 1 == SequenceNumber(0xFFFF_FFFF))
        #expect(SequenceNumber(5) + -6 == SequenceNumber(0xFFFF_FFFF))
        #expect(SequenceNumber(7) + (1 << 32) == SequenceNumber(7))
        #expect(SequenceNumber(7) + Int.max == SequenceNumber(6))
        #expect(SequenceNumber(7) - Int.min == SequenceNumber(7))
        var position = SequenceNumber(0xFFFF_FFFE)
        position += 3
        #expect(position == SequenceNumber(1))
    }

    @Test("a difference is the shorter way round, for every pair of corners", arguments: corners, corners)
    func differences(from a: UInt32, to b: UInt32) {
        let start = SequenceNumber(a)
        let end = SequenceNumber(b)
        let distance = end - start
        #expect(start + distance == end)
        #expect(end - distance == start)
        #expect((-(1 << 31)..<1 << 31).contains(distance))
        #expect(distance == 0 ? a == b : a != b)
    }

    @Test("before and after turn round with the circle", arguments: corners)
    func order(at base: UInt32) {
        let here = SequenceNumber(base)
        for distance in [1, 2, 1000, 0x7FFF_FFFE, 0x7FFF_FFFF] {
            let there = here + distance
            #expect(here.isBefore(there) && here.isAtOrBefore(there))
            #expect(!here.isAfter(there) && !here.isAtOrAfter(there))
            #expect(there.isAfter(here) && there.isAtOrAfter(here))
            #expect(!there.isBefore(here) && !there.isAtOrBefore(here))
            #expect(SequenceNumber.max(here, there) == there)
            #expect(SequenceNumber.max(there, here) == there)
        }
        #expect(here.isAtOrBefore(here) && here.isAtOrAfter(here))
        #expect(!here.isBefore(here) && !here.isAfter(here))
        #expect(SequenceNumber.max(here, here) == here)
    }

    @Test("two positions half the circle apart are each before the other", arguments: corners)
    func antipodes(at base: UInt32) {
        let here = SequenceNumber(base)
        let there = here + (1 << 31)
        #expect(here - there == -(1 << 31))
        #expect(there - here == -(1 << 31))
        #expect(here.isBefore(there) && there.isBefore(here))
        #expect(!here.isAfter(there) && !there.isAfter(here))
        #expect(SequenceNumber.max(here, there) == here)
    }

    @Test("a range holds its first position and not the one after its last", arguments: corners)
    func ranges(at base: UInt32) {
        let start = SequenceNumber(base)
        for count in [1, 2, 65535, 1 << 30, 1 << 31, 1 << 32] {
            #expect(start.isWithin(start, count: count))
            #expect((start + (count - 1)).isWithin(start, count: count))
            #expect((start + count).isWithin(start, count: count) == (count == 1 << 32))
            #expect((start - 1).isWithin(start, count: count) == (count == 1 << 32))
        }
        #expect(!start.isWithin(start, count: 0))
        #expect(!start.isWithin(start, count: -1))
        #expect(!(start - 1).isWithin(start, count: Int.min))
        #expect((start - 1).isWithin(start, count: Int.max))
    }

    @Test("the arithmetic holds at ten thousand seeded positions")
    func seeded() {
        var generator = SplitMix64(seed: 9293)
        for _ in 0..<10_000 {
            let a = SequenceNumber(UInt32(truncatingIfNeeded: generator.next()))
            let b = SequenceNumber(UInt32(truncatingIfNeeded: generator.next()))
            let count = Int(truncatingIfNeeded: generator.next())
            #expect(a + (b - a) == b)
            #expect((a + count) - count == a)
            #expect(a.isBefore(b) == !a.isAtOrAfter(b))
            #expect(a.isAfter(b) == !a.isAtOrBefore(b))
            #expect(b.isWithin(a, count: 1 << 31) == (b == a || b - a > 0))
        }
    }

    @Test("a sequence number is written in decimal")
    func text() {
        #expect(SequenceNumber(4_294_967_295).description == "4294967295")
        #expect(SequenceNumber(589_530_732).rawValue == 589_530_732)
    }
}
