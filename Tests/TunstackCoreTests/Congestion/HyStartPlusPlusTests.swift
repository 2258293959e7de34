import TestSupport
import Testing

@testable import TunstackCore

@Suite("HyStart++ (RFC 9406)")
struct HyStartPlusPlusTests {
    private static let mss = 1_000
    private var cubic = Cubic(maximumSegmentSize: mss)
    private var round = 0

    /// A round: `samples` acknowledgments of a segment each, all with one round trip.
    private mutating func round(_ milliseconds: Int64, samples: Int = 8) {
        round += 1
        for _ in 0..<samples {
            cubic.onAcknowledged(
                AcknowledgmentNews(
                    delivered: Self.mss, round: round, roundTrip: .milliseconds(milliseconds),
                    smoothed: .milliseconds(milliseconds)))
        }
    }

    @Test(
        "the threshold is an eighth of the round trip, but 4 ms at least and 16 ms at most",
        .requirement("RFC9406 §4.2"),
        arguments: [(0, 4_000), (32_000, 4_000), (40_000, 5_000), (128_000, 16_000), (4_294_967_295, 16_000)]
            as [(UInt32, UInt32)])
    func threshold(roundTrip: UInt32, expected: UInt32) {
        #expect(HyStartPlusPlus.threshold(roundTrip) == expected)
    }

    @Test(
        "eight round trips of a round that are all longer begin conservative slow start",
        arguments: [(23, false), (24, true)])
    mutating func longerRoundTrip(milliseconds: Int64, isConservative: Bool) {
        round(20)
        round(milliseconds, samples: 7)
        #expect(cubic.phase == "slow start")
        let before = cubic.cwnd
        cubic.onAcknowledged(
            AcknowledgmentNews(
                delivered: 4_000, round: round, roundTrip: .milliseconds(milliseconds), smoothed: .milliseconds(20)))
        #expect(cubic.phase == (isConservative ? "conservative slow start" : "slow start"))
        #expect(cubic.cwnd == before + (isConservative ? 1_000 : 4_000), "it grows a quarter as fast")
        #expect(cubic.ssthresh == .max)
    }

    @Test("conservative slow start is paced like congestion avoidance, so that the queue can drain")
    mutating func pace() throws {
        round(20)
        #expect(try #require(cubic.pacingRate) == 2 * cubic.cwnd * 50)
        round(24)
        #expect(try #require(cubic.pacingRate) == cubic.cwnd * 12 / 10 * 1_000 / 24)
    }

    @Test("one short round trip among the eight tells that the path is not full")
    mutating func oneShortRoundTrip() {
        round(20)
        round(40, samples: 4)
        round -= 1
        round(20, samples: 1)
        round -= 1
        round(40, samples: 3)
        #expect(cubic.phase == "slow start")
    }

    @Test("a long round is judged by eighths, so that its first, short round trips do not hide the queue")
    mutating func eighths() {
        round(20, samples: 160)
        round(20, samples: 20)
        round -= 1
        round(24, samples: 19)
        #expect(cubic.phase == "slow start")
        round -= 1
        round(24, samples: 1)
        #expect(cubic.phase == "conservative slow start")
    }

    @Test("slow start resumes when the round trip gets shorter again", .requirement("RFC9406 §4.2"))
    mutating func resumes() {
        round(20)
        round(24)
        round(24)
        #expect(cubic.phase == "conservative slow start", "as long is not shorter")
        round(23)
        #expect(cubic.phase == "slow start")
        let before = cubic.cwnd
        round(23)
        #expect(cubic.cwnd == before + 8 * Self.mss)
        #expect(cubic.ssthresh == .max)
    }

    @Test(
        "five rounds of conservative slow start end in congestion avoidance", .requirement("RFC9438 §4.10"),
        .requirement("RFC9406 §4.2"))
    mutating func fiveRounds() {
        round(20)
        for _ in 1...5 {
            round(24)
            #expect(cubic.phase == "conservative slow start")
        }
        let before = cubic.cwnd
        round(24, samples: 1)
        #expect(cubic.phase == "congestion avoidance")
        #expect(cubic.ssthresh == before)
    }

    @Test("a round trip that rises once more in a later round of it proves the queue")
    mutating func secondRise() {
        round(20)
        round(24)
        round(27)
        #expect(cubic.phase == "conservative slow start")
        round(28)
        #expect(cubic.phase == "congestion avoidance")
    }

    @Test("only the first slow start is watched", .requirement("RFC9406 §4.3"))
    mutating func onlyFirst() {
        round(20)
        cubic.onTimeout(inFlight: 1_000_000, isFirst: true, at: .origin)
        cubic.openWindow(to: 5 * Self.mss)
        round(20, samples: 1)
        round(60, samples: 1)
        #expect(cubic.phase == "slow start")
        #expect(cubic.cwnd == 7 * Self.mss)
    }

    @Test("a loss ends it", .requirement("RFC9406 §4.2"))
    mutating func loss() {
        round(20)
        round(24)
        cubic.lose(inFlight: cubic.cwnd)
        #expect(cubic.phase == "congestion avoidance")
        cubic.onSpurious(inFlight: 0, at: .origin)
        #expect(cubic.phase == "conservative slow start", "and an undo resumes it")
    }
}
