import TestSupport
import Testing

@testable import TunstackCore

@Suite("HyStart (Ha and Rhee, 2011)")
struct HyStartTests {
    private var hyStart = HyStart()

    /// An acknowledgment of one segment. Whether slow start is over.
    private mutating func isOver(
        at milliseconds: Int64, roundTrip: Int64 = 40, isRoundOver: Bool = false, segments: Int = 16
    ) -> Bool {
        hyStart.isOver(
            AcknowledgmentNews(
                at: .origin + .milliseconds(milliseconds), delivered: 1_000, roundTrip: .milliseconds(roundTrip)),
            isRoundOver: isRoundOver, cwnd: segments * 1_000, segmentSize: 1_000)
    }

    @Test("acknowledgments that come close together for longer than half of the round trip end slow start")
    mutating func train() {
        expectEqual(isOver(at: 100, isRoundOver: true), false)
        for time in stride(from: Int64(102), through: 120, by: 2) { expectEqual(isOver(at: time), false) }
        expectEqual(isOver(at: 122), true)
    }

    @Test("a gap ends the train, and a new round begins another")
    mutating func gap() {
        expectEqual(isOver(at: 100, isRoundOver: true), false)
        for time in [102, 105, 107, 109, 140] as [Int64] { expectEqual(isOver(at: time), false) }
        expectEqual(isOver(at: 200, isRoundOver: true), false)
        for time in stride(from: Int64(202), through: 220, by: 2) { expectEqual(isOver(at: time), false) }
        expectEqual(isOver(at: 221), true)
    }

    @Test(
        "round trips of a round that are all longer by more than an eighth end slow start with the ninth",
        arguments: [(45, false), (46, true)] as [(Int64, Bool)])
    mutating func longerRoundTrips(milliseconds: Int64, isEnd: Bool) {
        expectEqual(isOver(at: 100, isRoundOver: true), false)
        expectEqual(isOver(at: 200, roundTrip: milliseconds, isRoundOver: true), false)
        for step in 1..<8 as Range<Int64> { expectEqual(isOver(at: 200 + 3 * step, roundTrip: milliseconds), false) }
        expectEqual(isOver(at: 224, roundTrip: milliseconds), isEnd)
    }

    @Test("below sixteen segments slow start goes on")
    mutating func smallWindow() {
        expectEqual(isOver(at: 100, isRoundOver: true, segments: 15), false)
        for time in stride(from: Int64(102), through: 140, by: 2) {
            expectEqual(isOver(at: time, segments: 15), false)
        }
    }
}
