import TestSupport
import Testing
import TunstackWire

@testable import TunstackSimulator

@Suite("Ranges that an oracle has seen arrive")
struct ReceivedRangesTests {
    @Test("they agree with a list of single numbers", arguments: 1...20 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let start = SequenceNumber(.max - 50)
        var ranges = ReceivedRanges(next: start)
        var seen = [Bool](repeating: false, count: 140)
        for _ in 0..<60 {
            let low = Int.random(in: 0..<120, using: &random)
            let high = low + Int.random(in: 0...12, using: &random)
            ranges.insert(start + low, start + high)
            for number in low..<high { seen[number] = true }
            let missing = seen.firstIndex(of: false) ?? seen.count
            #expect(ranges.next == start + missing)
            let (from, to) = (Int.random(in: 0..<120, using: &random), Int.random(in: 1...10, using: &random))
            #expect(ranges.contains(start + from, start + from + to) == seen[from..<from + to].allSatisfy { $0 })
        }
    }
}
