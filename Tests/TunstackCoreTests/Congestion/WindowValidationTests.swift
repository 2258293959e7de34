import TestSupport
import Testing

@testable import TunstackCore

@Suite("Congestion window validation (RFC 2861, RFC 7661)")
struct WindowValidationTests {
    private static let mss = 1_000

    @Test(
        "a pause halves the window for each RTO of it down to the restart window; the threshold keeps three quarters",
        .requirement("RFC5681 §4.1"), .requirement("RFC2861 §3"),
        arguments: [
            (160, 199, 160, nil), (160, 200, 80, 120), (160, 399, 80, 120), (160, 400, 40, 120), (160, 799, 20, 120),
            (160, 800, 10, 120), (160, 3_600_000, 10, 120), (30, 400, 10, 22.5), (4, 400, 4, 3),
        ] as [(Int, Int64, Int, Double?)])
    func pause(segments: Int, milliseconds: Int64, expected: Int, threshold: Double?) {
        var validation = WindowValidation()
        let (cwnd, ssthresh) = validation.afterPause(
            .milliseconds(milliseconds), rto: .milliseconds(200), cwnd: segments * Self.mss, ssthresh: 2_000,
            initialWindow: 10 * Self.mss)
        #expect(cwnd == expected * Self.mss)
        #expect(ssthresh == threshold.map { Int($0 * 1_000) } ?? 2_000)
    }

    @Test(
        "after a pause both algorithms are in slow start up to three quarters of what they had",
        arguments: [true, false])
    func restart(isCubic: Bool) {
        func check(_ controller: some CongestionController) {
            var controller = controller
            controller.openWindow(to: 80 * Self.mss)
            controller.lose(inFlight: 80 * Self.mss)
            while controller.cwnd < 60 * Self.mss {
                controller.onAcknowledged(AcknowledgmentNews(delivered: Self.mss, smoothed: .microseconds(10)))
            }
            controller.onIdle(for: .seconds(100), rto: .milliseconds(300))
            #expect(controller.cwnd == 10 * Self.mss)
            #expect(controller.ssthresh == (isCubic ? 56_000 : 45_000))
            #expect(controller.phase == "slow start")
        }
        isCubic ? check(Cubic(maximumSegmentSize: Self.mss)) : check(NewReno(maximumSegmentSize: Self.mss))
    }

    @Test("a pause in the first slow start leaves it without a threshold")
    func firstSlowStart() {
        var controller = Cubic(maximumSegmentSize: Self.mss)
        controller.openWindow(to: 80 * Self.mss)
        controller.onIdle(for: .seconds(1), rto: .milliseconds(500))
        #expect(controller.cwnd == 20 * Self.mss)
        #expect(controller.ssthresh == .max)
    }

    @Test("a pause does not widen a window that a time-out has left")
    func noWidening() {
        var controller = NewReno(maximumSegmentSize: Self.mss)
        controller.onTimeout(inFlight: Self.mss, isFirst: true, at: .origin)
        controller.onIdle(for: .seconds(100), rto: .milliseconds(300))
        #expect(controller.cwnd == Self.mss)
    }

    @Test(
        "a window that is not full does not grow in congestion avoidance, whoever governs it",
        .requirement("RFC7661 §4.3"))
    func applicationLimited() {
        func check(_ controller: some CongestionController) {
            var controller = controller
            controller.openWindow(to: 80 * Self.mss)
            controller.lose(inFlight: 80 * Self.mss)
            let before = controller.cwnd
            for second in 1...100 {
                controller.onAcknowledged(
                    AcknowledgmentNews(
                        at: .origin + .seconds(Int64(second)), delivered: Self.mss, inFlight: 30 * Self.mss,
                        smoothed: .milliseconds(20), isWindowLimited: false))
            }
            #expect(controller.cwnd == before)
        }
        check(Cubic(maximumSegmentSize: Self.mss))
        check(NewReno(maximumSegmentSize: Self.mss))
    }

    @Test(
        "slow start goes on while half of the window is in use", .requirement("RFC7661 §4.3"),
        arguments: [(5_000, 10_000), (5_001, 11_000), (10_000, 11_000)])
    func halfUsed(inFlight: Int, expected: Int) {
        var controller = NewReno(maximumSegmentSize: Self.mss)
        controller.onAcknowledged(
            AcknowledgmentNews(delivered: Self.mss, inFlight: inFlight - Self.mss, isWindowLimited: false))
        #expect(controller.cwnd == expected)
    }

    @Test("a loss reduces the window that was in use, in this round or the last, not the one that was allowed")
    func usedWindow() {
        var controller = NewReno(maximumSegmentSize: Self.mss)
        controller.openWindow(to: 80 * Self.mss)
        for round in 1...3 {
            controller.onAcknowledged(
                AcknowledgmentNews(
                    delivered: Self.mss, inFlight: (30 - 10 * round) * Self.mss, round: round, isWindowLimited: false))
        }
        // 21, 11 and 1 segments: the first of them is two rounds ago.
        controller.onCongestion(.loss, inFlight: Self.mss, at: .origin)
        #expect(controller.ssthresh == 5_500)
    }

    @Test("a pause forgets how much of the window was in use; a moment is no pause")
    func pauseForgets() {
        var validation = WindowValidation()
        validation.onAcknowledged(AcknowledgmentNews(delivered: 20_000), cwnd: 20_000, isRoundOver: false)
        for (milliseconds, used) in [(199, 20_000), (200, 0)] as [(Int64, Int)] {
            _ = validation.afterPause(
                .milliseconds(milliseconds), rto: .milliseconds(200), cwnd: 20_000, ssthresh: 20_000,
                initialWindow: 10_000)
            #expect(validation.used == used)
        }
    }
}
