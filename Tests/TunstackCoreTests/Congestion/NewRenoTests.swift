import TestSupport
import Testing

@testable import TunstackCore

@Suite("NewReno (RFC 5681, RFC 6582, RFC 6928)")
struct NewRenoTests {
    private static let mss = 1_000
    private var newReno = NewReno(maximumSegmentSize: mss)

    @Test(
        "the initial window is ten segments, at most 14,600 bytes or two segments", .requirement("RFC6928 §2"),
        arguments: [(536, 5_360), (1_448, 14_480), (1_460, 14_600), (1_461, 14_600), (7_300, 14_600), (8_960, 17_920)])
    func initialWindow(mss: Int, expected: Int) {
        let newReno = NewReno(maximumSegmentSize: mss)
        #expect(newReno.cwnd == expected)
        #expect(newReno.ssthresh == .max)
        #expect(newReno.phase == "slow start")
        #expect(!newReno.governsRecovery)
    }

    /// cwnd, in segments, at the end of each round in which a whole window is acknowledged, one ACK per so many
    /// segments.
    private mutating func rounds(_ count: Int, segmentsPerAck: Int = 1, isAfterTimeout: Bool = false) -> [Int] {
        var windows: [Int] = []
        for _ in 0..<count {
            newReno.acknowledgeWindow(size: Self.mss, segments: segmentsPerAck, isAfterTimeout: isAfterTimeout)
            windows.append(newReno.cwnd / Self.mss)
        }
        return windows
    }

    @Test(
        "slow start doubles the window every round, also when every second segment is acknowledged",
        .requirement("RFC9293 MUST-19"), .requirement("RFC5681 §3.1"), arguments: [1, 2])
    mutating func slowStart(segmentsPerAck: Int) {
        #expect(rounds(4, segmentsPerAck: segmentsPerAck) == [20, 40, 80, 160])
    }

    @Test("a path that takes larger segments after a loss leaves a window for two of them")
    mutating func largerSegments() {
        newReno.lose(inFlight: 4 * Self.mss)
        #expect(newReno.ssthresh == 2 * Self.mss)
        newReno.setMaximumSegmentSize(9_000)
        #expect(newReno.ssthresh == 18_000)
    }

    @Test("what is reported beyond a gap widens the window once the path is known to reorder, and not before")
    mutating func reordered() {
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 2 * Self.mss, beyondGap: true))
        #expect(newReno.cwnd == 10 * Self.mss)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 2 * Self.mss, beyondGap: true, isReordered: true))
        #expect(newReno.cwnd == 12 * Self.mss)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 2 * Self.mss, isReordered: true))
        #expect(newReno.cwnd == 14 * Self.mss)
        let repairing = AcknowledgmentNews(
            delivered: 2 * Self.mss, isInRecovery: true, beyondGap: true, isReordered: true)
        newReno.onAcknowledged(repairing)
        #expect(newReno.cwnd == 14 * Self.mss)
    }

    @Test(
        "before anything is paced, one acknowledgment opens the window by eight segments at most",
        .requirement("RFC9406 §4.2"))
    mutating func stretchedAcknowledgment() {
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 9 * Self.mss))
        #expect(newReno.cwnd == 18 * Self.mss)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 300))
        #expect(newReno.cwnd == 18 * Self.mss + 300)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 17 * Self.mss, smoothed: .milliseconds(20)))
        #expect(newReno.cwnd == 35 * Self.mss + 300, "paced, it counts in full")
    }

    @Test(
        "while repairing after a time-out it opens the window by one segment only: it may count what was there before",
        .requirement("RFC3465 §2.3"))
    mutating func stretchedAcknowledgmentAfterTimeout() {
        newReno.onTimeout(inFlight: 10 * Self.mss, isFirst: true, at: .origin)
        #expect(newReno.phase == "slow start after a time-out")
        newReno.onAcknowledged(
            AcknowledgmentNews(
                delivered: 9 * Self.mss, smoothed: .milliseconds(20), isInRecovery: true, isAfterTimeout: true))
        #expect(newReno.cwnd == 2 * Self.mss)
    }

    @Test(
        "congestion avoidance grows by one segment a round", .requirement("RFC9293 MUST-19"),
        .requirement("RFC5681 §3.1"), arguments: [1, 2])
    mutating func congestionAvoidance(segmentsPerAck: Int) {
        #expect(rounds(1) == [20])
        newReno.lose(inFlight: 20 * Self.mss)
        #expect(newReno.cwnd == 10 * Self.mss)
        #expect(newReno.phase == "congestion avoidance")
        #expect(rounds(4, segmentsPerAck: segmentsPerAck) == [11, 12, 13, 14])
    }

    @Test("what an acknowledgment brings beyond the end of slow start counts for congestion avoidance")
    mutating func endOfSlowStart() {
        #expect(rounds(1) == [20])
        newReno.onTimeout(inFlight: 20 * Self.mss, isFirst: true, at: .origin)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 7_000, smoothed: .milliseconds(20)))
        #expect(newReno.cwnd == 8 * Self.mss)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 7_000, smoothed: .milliseconds(20)))
        #expect(newReno.cwnd == 10 * Self.mss, "two of the seven segments reach the threshold; five are half a round")
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 4_999, smoothed: .milliseconds(20)))
        #expect(newReno.cwnd == 10 * Self.mss)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 1, smoothed: .milliseconds(20)))
        #expect(newReno.cwnd == 11 * Self.mss)
    }

    @Test("a time-out leaves one segment and halves the threshold once", .requirement("RFC5681 §3.1"))
    mutating func timeout() {
        newReno.onTimeout(inFlight: 10 * Self.mss, isFirst: true, at: .origin)
        #expect(newReno.cwnd == Self.mss)
        #expect(newReno.ssthresh == 5 * Self.mss)
        newReno.onTimeout(inFlight: Self.mss, isFirst: false, at: .origin)
        #expect(newReno.ssthresh == 5 * Self.mss)
        #expect(rounds(2, isAfterTimeout: true) == [2, 4])
        #expect(rounds(2) == [5, 6], "slow start ends at the threshold")
    }

    @Test("the threshold is never below two segments", .requirement("RFC5681 §3.1"))
    mutating func smallestThreshold() {
        newReno.onTimeout(inFlight: Self.mss, isFirst: true, at: .origin)
        #expect(newReno.ssthresh == 2 * Self.mss)
        newReno.onCongestion(.loss, inFlight: 0, at: .origin)
        #expect(newReno.ssthresh == 2 * Self.mss)
    }

    @Test("the first time-out of another segment lowers the threshold of the first, not the window that repairs it")
    mutating func twoTimeouts() {
        #expect(rounds(2) == [20, 40])
        newReno.onTimeout(inFlight: 40 * Self.mss, isFirst: true, at: .origin)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: Self.mss, isAfterTimeout: true))
        newReno.onTimeout(inFlight: 39 * Self.mss, isFirst: true, at: .origin)
        #expect(newReno.ssthresh == 10 * Self.mss)
        #expect(newReno.cwnd == Self.mss)
    }

    @Test(
        "what was sent beyond the window by limited transmit does not raise the threshold", .requirement("RFC5681 §3.2")
    )
    mutating func limitedTransmit() {
        newReno.onCongestion(.loss, inFlight: 12 * Self.mss, at: .origin)
        #expect(newReno.ssthresh == 5 * Self.mss)
    }

    @Test("a loss lowers the threshold at once and the window when it is repaired", .requirement("RFC6937 §3"))
    mutating func recovery() {
        #expect(rounds(1) == [20])
        newReno.onCongestion(.loss, inFlight: 16 * Self.mss, at: .origin)
        // When the last acknowledgment arrived, the window was full with 19 segments.
        #expect(newReno.ssthresh == 9_500, "selectively acknowledged segments count, too")
        #expect(newReno.cwnd == 20 * Self.mss)
        #expect(newReno.phase == "recovery")
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 5 * Self.mss, isInRecovery: true))
        #expect(newReno.cwnd == 20 * Self.mss, "no growth in recovery")
        newReno.onAcknowledged(
            AcknowledgmentNews(delivered: 5 * Self.mss, smoothed: .milliseconds(20), isInRecovery: true))
        newReno.onRecovered(inFlight: 0, at: .origin)
        #expect(newReno.cwnd == 9_500, "paced, the whole window may be used")
    }

    @Test(
        "unpaced, recovery ends with the threshold, or with what is in flight and a segment",
        .requirement("RFC6582 §3.2"), arguments: [(50, 10), (10, 10), (4, 5), (0, 2)])
    mutating func recovered(flightSegments: Int, expected: Int) {
        #expect(rounds(1) == [20])
        newReno.onCongestion(.loss, inFlight: 20 * Self.mss, at: .origin)
        newReno.onRecovered(inFlight: flightSegments * Self.mss, at: .origin)
        #expect(newReno.cwnd == expected * Self.mss)
    }

    @Test(
        "losses beyond the reduction lower the threshold to what the path was seen to hold",
        .requirement("RFC7661 §4.4.1"))
    mutating func overshoot() {
        #expect(rounds(1) == [20])
        newReno.onCongestion(.loss, inFlight: 20 * Self.mss, at: .origin)
        let lost = LostSegment(
            length: 4 * Self.mss, inFlightAtSend: 0, lostSince: 0, priorDelivered: 0, isApplicationLimited: false)
        newReno.onLost(lost, at: .origin)
        newReno.onLost(lost, at: .origin)
        #expect(newReno.ssthresh == 10 * Self.mss)
        newReno.onLost(lost, at: .origin)
        #expect(newReno.ssthresh == 8 * Self.mss)
        for _ in 0..<9 { newReno.onLost(lost, at: .origin) }
        #expect(newReno.ssthresh == 2 * Self.mss)
    }

    @Test("a time-out in recovery starts from the window that recovery was on its way to")
    mutating func timeoutInRecovery() {
        #expect(rounds(2) == [20, 40])
        newReno.onCongestion(.loss, inFlight: 40 * Self.mss, at: .origin)
        newReno.onTimeout(inFlight: 18 * Self.mss, isFirst: true, at: .origin)
        #expect(newReno.ssthresh == 10 * Self.mss)
        newReno.onSpurious(inFlight: 0, at: .origin)
        #expect(newReno.cwnd == 20 * Self.mss)
        #expect(newReno.ssthresh == 20 * Self.mss)
    }

    @Test(
        "a congestion mark halves the window at once, and what carries it does not widen it",
        .requirement("RFC3168 §6.1.2"))
    mutating func mark() {
        #expect(rounds(1) == [20])
        newReno.onCongestion(.mark, inFlight: 20 * Self.mss, at: .origin)
        #expect(newReno.cwnd == 10 * Self.mss)
        #expect(newReno.phase == "congestion avoidance")
        for _ in 0..<20 { newReno.onAcknowledged(AcknowledgmentNews(delivered: Self.mss, isMarked: true)) }
        #expect(newReno.cwnd == 10 * Self.mss)
        newReno.onSpurious(inFlight: 0, at: .origin)
        #expect(newReno.cwnd == 10 * Self.mss, "a mark is never spurious")
    }

    @Test(
        "a spurious reduction is undone: window, threshold and phase", .requirement("RFC4015 §3"),
        arguments: [true, false])
    mutating func undo(afterTimeout: Bool) {
        #expect(rounds(1) == [20])
        newReno.lose(inFlight: 20 * Self.mss)
        #expect(rounds(3) == [11, 12, 13])
        if afterTimeout {
            newReno.onTimeout(inFlight: 13 * Self.mss, isFirst: true, at: .origin)
            newReno.onTimeout(inFlight: Self.mss, isFirst: false, at: .origin)
            #expect(newReno.cwnd == Self.mss)
        } else {
            newReno.lose(inFlight: 13 * Self.mss)
            #expect(newReno.cwnd == 6_500)
        }
        newReno.onSpurious(inFlight: 0, at: .origin)
        #expect(newReno.cwnd == 13 * Self.mss)
        #expect(newReno.ssthresh == 10 * Self.mss)
        #expect(newReno.phase == "congestion avoidance")
        newReno.onSpurious(inFlight: 0, at: .origin)
        #expect(newReno.cwnd == 13 * Self.mss, "only once")
    }

    @Test("a lost SYN leaves one segment to begin with", .requirement("RFC5681 §3.1"))
    mutating func lostSyn() {
        newReno.onHandshakeRetransmitted()
        #expect(newReno.cwnd == Self.mss)
        #expect(newReno.phase == "slow start")
    }

    @Test("the window is never less than a segment when segments grow")
    mutating func segmentSize() {
        newReno.onTimeout(inFlight: 0, isFirst: true, at: .origin)
        newReno.setMaximumSegmentSize(8_960)
        #expect(newReno.cwnd == 8_960)
        newReno.setMaximumSegmentSize(536)
        #expect(newReno.cwnd == 8_960)
    }

    @Test("pacing begins with the first round trip: two windows in it in slow start, 1.2 afterwards")
    mutating func pacing() {
        #expect(newReno.pacingRate == nil)
        newReno.onAcknowledged(AcknowledgmentNews(delivered: 10 * Self.mss, smoothed: .milliseconds(20)))
        #expect(newReno.cwnd == 20 * Self.mss)
        #expect(newReno.pacingRate == 2_000_000)
        newReno.lose(inFlight: 20 * Self.mss)
        #expect(newReno.pacingRate == 600_000)
    }
}
