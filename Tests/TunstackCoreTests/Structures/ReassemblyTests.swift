import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Reassembly (RFC 9293 §3.10.7.4, RFC 2018)")
struct ReassemblyTests {
    private func range(_ start: Int, _ end: Int, from origin: SequenceNumber = SequenceNumber(0)) -> SequenceRange {
        SequenceRange(start: origin + start, end: origin + end)
    }

    /// The runs of true in a list, as offsets.
    private func runs(_ held: [Bool]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for (offset, isHeld) in held.enumerated() where isHeld {
            if let last = runs.last, last.upperBound == offset {
                runs[runs.count - 1] = last.lowerBound..<offset + 1
            } else {
                runs.append(offset..<offset + 1)
            }
        }
        return runs
    }

    @Test(
        "it knows which bytes have arrived, as a list of booleans does", .requirement("RFC9293 SHLD-31"),
        arguments: CriticalNumbers.all)
    func model(start: UInt32) {
        var random = SplitMix64(seed: UInt64(start) &+ 17)
        let origin = SequenceNumber(start)
        for _ in 0..<6 {
            var reassembly = Reassembly()
            var held = [Bool](repeating: false, count: 400)
            var next = 0
            for _ in 0..<60 {
                let from = Int.random(in: next..<400, using: &random)
                let to = min(400, from + Int.random(in: 1...40, using: &random))
                var gaps: [Int] = []
                reassembly.forEachGap(in: range(from, to, from: origin)) { gap in
                    gaps += Array((gap.start - origin)..<(gap.end - origin))
                }
                expectEqual(gaps, (from..<to).filter { !held[$0] }, "the gaps in \(from)..<\(to)")
                reassembly.insert(range(from, to, from: origin))
                for offset in from..<to { held[offset] = true }

                let advanced = reassembly.advance(from: origin + next) - origin
                while next < 400, held[next] { next += 1 }
                expectEqual(advanced, next)
                let expected = runs(held).filter { $0.lowerBound >= next }
                expectEqual(
                    reassembly.ranges, expected.map { range($0.lowerBound, $0.upperBound, from: origin) })
                expectEqual(reassembly.end.map { $0 - origin }, expected.last?.upperBound)
                if next == 400 { break }
            }
        }
    }

    @Test("the block of the latest segment is reported first", .requirement("RFC2018 §4"))
    func latestFirst() {
        var reassembly = Reassembly()
        for start in [10, 30, 50] { reassembly.insert(range(start, start + 5)) }
        #expect(reassembly.sackBlocks(maximum: 3)[0] == SACKBlock(start: SequenceNumber(50), end: SequenceNumber(55)))
        reassembly.insert(range(35, 40))
        #expect(reassembly.sackBlocks(maximum: 3)[0] == SACKBlock(start: SequenceNumber(30), end: SequenceNumber(40)))
    }

    @Test(
        "after the first block come those that were reported most recently, none of them twice",
        .requirement("RFC2018 §4"))
    func recencyOrder() {
        var reassembly = Reassembly()
        for start in [70, 10, 50, 30, 90] { reassembly.insert(range(start, start + 5)) }
        func starts(_ maximum: Int) -> [Int] {
            let blocks = reassembly.sackBlocks(maximum: maximum)
            return (0..<blocks.count).map { blocks[$0].start - SequenceNumber(0) }
        }
        #expect(starts(4) == [90, 30, 50, 10])
        #expect(starts(3) == [90, 30, 50])
        // Filling the space between two blocks makes one of them, which moves to the front.
        reassembly.insert(range(15, 30))
        #expect(starts(4) == [10, 90, 50, 70])
        // What the in-order stream reaches is not reported any more.
        #expect(reassembly.advance(from: SequenceNumber(12)) == SequenceNumber(35))
        #expect(starts(4) == [90, 50, 70])
        // A block that arrives again counts as the latest.
        reassembly.insert(range(70, 72))
        #expect(starts(4) == [70, 90, 50])
    }

    @Test("a fourth block is reported only if there is room, and none when nothing is missing")
    func blockCount() {
        var reassembly = Reassembly()
        #expect(reassembly.sackBlocks(maximum: 4).isEmpty)
        for start in 0..<10 { reassembly.insert(range(start * 10 + 5, start * 10 + 8)) }
        #expect(reassembly.sackBlocks(maximum: 0).isEmpty)
        #expect(reassembly.sackBlocks(maximum: 1).count == 1)
        #expect(reassembly.sackBlocks(maximum: 3).count == 3)
        #expect(reassembly.sackBlocks(maximum: 4).count == 4)
    }

    @Test("beyond the limit only what touches a known range has room")
    func limit() {
        var reassembly = Reassembly()
        for start in [10, 30, 50] { reassembly.insert(range(start, start + 5)) }
        #expect(reassembly.hasRoom(for: range(70, 75), limit: 4))
        #expect(!reassembly.hasRoom(for: range(70, 75), limit: 3))
        #expect(reassembly.hasRoom(for: range(55, 75), limit: 3), "adjoins the last")
        #expect(reassembly.hasRoom(for: range(5, 10), limit: 3), "adjoins the first")
        #expect(reassembly.hasRoom(for: range(5, 90), limit: 3), "covers all")
    }

    @Test("a range that only touches another has nothing in common with it")
    func touching() {
        var reassembly = Reassembly()
        reassembly.insert(range(10, 20))
        #expect(reassembly.firstOverlap(with: range(20, 30)) == nil)
        #expect(reassembly.firstOverlap(with: range(0, 10)) == nil)
        #expect(reassembly.firstOverlap(with: range(19, 30)) == range(19, 20))
    }
}
