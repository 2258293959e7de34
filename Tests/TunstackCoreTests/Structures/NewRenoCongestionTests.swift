import TestSupport
import Testing

@testable import TunstackCore

@Suite("Congestion control (RFC 5681, RFC 6582, RFC 6928)")
struct NewRenoCongestionTests {
    private static let mss = 1_000

    @Test(
        "the initial window is ten segments, at most 14,600 bytes or two segments", .requirement("RFC6928 §2"),
        arguments: [(536, 5_360), (1_448, 14_480), (1_460, 14_600), (1_461, 14_600), (7_300, 14_600), (8_960, 17_920)])
    func initialWindow(mss: Int, expected: Int) {
        let congestion = NewRenoCongestion(maximumSegmentSize: mss)
        #expect(congestion.cwnd == expected)
        #expect(congestion.isInSlowStart)
    }

    /// cwnd, in segments, at the end of each round in which a whole window is acknowledged, one ACK per so many segments.
    private func rounds(_ count: Int, _ congestion: inout NewRenoCongestion, segmentsPerAck: Int) -> [Int] {
        (0..<count).map { _ in
            var left = congestion.cwnd / Self.mss
            while left > 0 {
                congestion.onAcknowledged(min(left, segmentsPerAck) * Self.mss, afterTimeout: false)
                left -= segmentsPerAck
            }
            return congestion.cwnd / Self.mss
        }
    }

    @Test(
        "slow start doubles the window every round, also when every second segment is acknowledged",
        .requirement("RFC9293 MUST-19"), .requirement("RFC5681 §3.1"), arguments: [1, 2])
    func slowStart(segmentsPerAck: Int) {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        #expect(rounds(4, &congestion, segmentsPerAck: segmentsPerAck) == [20, 40, 80, 160])
    }

    @Test("one acknowledgment of very much opens the window by two segments at most", .requirement("RFC3465 §2.3"))
    func stretchedAcknowledgment() {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        congestion.onAcknowledged(9 * Self.mss, afterTimeout: false)
        #expect(congestion.cwnd == 12 * Self.mss)
        congestion.onAcknowledged(300, afterTimeout: false)
        #expect(congestion.cwnd == 12 * Self.mss + 300)
    }

    @Test(
        "while repairing after a time-out it opens the window by one segment only: it may count what was there before",
        .requirement("RFC3465 §2.3"))
    func stretchedAcknowledgmentAfterTimeout() {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        congestion.onTimeout(flightSize: 10 * Self.mss, isFirst: true)
        congestion.onAcknowledged(9 * Self.mss, afterTimeout: true)
        #expect(congestion.cwnd == 2 * Self.mss)
    }

    @Test(
        "congestion avoidance grows by one segment a round", .requirement("RFC9293 MUST-19"),
        .requirement("RFC5681 §3.1"), arguments: [1, 2])
    func congestionAvoidance(segmentsPerAck: Int) {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        #expect(rounds(1, &congestion, segmentsPerAck: 1) == [20])
        congestion.onFastRetransmit(flightSize: 20 * Self.mss)
        congestion.onRecovered(flightSize: 20 * Self.mss)
        #expect(congestion.cwnd == 10 * Self.mss)
        #expect(!congestion.isInSlowStart)
        #expect(rounds(4, &congestion, segmentsPerAck: segmentsPerAck) == [11, 12, 13, 14])
    }

    @Test("a time-out leaves one segment and halves the threshold once", .requirement("RFC5681 §3.1"))
    func timeout() {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        congestion.onTimeout(flightSize: 10 * Self.mss, isFirst: true)
        #expect(congestion.cwnd == Self.mss)
        #expect(congestion.ssthresh == 5 * Self.mss)
        congestion.onTimeout(flightSize: Self.mss, isFirst: false)
        #expect(congestion.ssthresh == 5 * Self.mss)
        #expect(rounds(2, &congestion, segmentsPerAck: 1) == [2, 4])
        #expect(rounds(2, &congestion, segmentsPerAck: 1) == [5, 6], "slow start ends at the threshold")
    }

    @Test("the threshold is never below two segments", .requirement("RFC5681 §3.1"))
    func smallestThreshold() {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        congestion.onTimeout(flightSize: Self.mss, isFirst: true)
        #expect(congestion.ssthresh == 2 * Self.mss)
        congestion.onFastRetransmit(flightSize: 0)
        #expect(congestion.ssthresh == 2 * Self.mss)
    }

    @Test(
        "what was sent beyond the window by limited transmit does not raise the threshold", .requirement("RFC5681 §3.2")
    )
    func limitedTransmit() {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        congestion.onFastRetransmit(flightSize: 12 * Self.mss)
        #expect(congestion.ssthresh == 5 * Self.mss)
    }

    @Test("fast recovery inflates by each duplicate and deflates by what is acknowledged", .requirement("RFC6582 §3.2"))
    func fastRecovery() {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        #expect(rounds(1, &congestion, segmentsPerAck: 1) == [20])
        congestion.onFastRetransmit(flightSize: 20 * Self.mss)
        #expect(congestion.ssthresh == 10 * Self.mss)
        #expect(congestion.cwnd == 13 * Self.mss)
        for _ in 0..<5 { congestion.onDuplicateInRecovery() }
        #expect(congestion.cwnd == 18 * Self.mss)
        congestion.onPartialAcknowledgment(3 * Self.mss)
        #expect(congestion.cwnd == 16 * Self.mss)
        congestion.onPartialAcknowledgment(400)
        #expect(congestion.cwnd == 16 * Self.mss - 400, "less than a segment adds none")
        congestion.onPartialAcknowledgment(100 * Self.mss)
        #expect(congestion.cwnd == 2 * Self.mss)
    }

    @Test(
        "a full acknowledgment ends recovery with the threshold, or with what is in flight and a segment",
        .requirement("RFC6582 §3.2"), arguments: [(50, 10), (10, 10), (4, 5), (0, 2)])
    func recovered(flightSegments: Int, expected: Int) {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        #expect(rounds(1, &congestion, segmentsPerAck: 1) == [20])
        congestion.onFastRetransmit(flightSize: 20 * Self.mss)
        congestion.onRecovered(flightSize: flightSegments * Self.mss)
        #expect(congestion.cwnd == expected * Self.mss)
    }

    @Test("after a pause the window is the initial one at most", .requirement("RFC5681 §4.1"))
    func idle() {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        _ = rounds(3, &congestion, segmentsPerAck: 1)
        congestion.onIdle()
        #expect(congestion.cwnd == 10 * Self.mss)
        congestion.onTimeout(flightSize: Self.mss, isFirst: true)
        congestion.onIdle()
        #expect(congestion.cwnd == Self.mss, "a pause does not widen it")
    }

    @Test("a lost SYN leaves one segment to begin with", .requirement("RFC5681 §3.1"))
    func lostSyn() {
        var congestion = NewRenoCongestion(maximumSegmentSize: Self.mss)
        congestion.onHandshakeRetransmitted()
        #expect(congestion.cwnd == Self.mss)
    }
}
