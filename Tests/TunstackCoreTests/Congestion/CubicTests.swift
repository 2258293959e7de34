import TestSupport
import Testing

@testable import TunstackCore

@Suite("CUBIC (RFC 9438)")
struct CubicTests {
    private static let mss = 1_000
    private var cubic = Cubic(maximumSegmentSize: mss)

    // MARK: The curve

    // Python, `decimal` with 60 digits: int(((Decimal(bytes) / mss / Decimal("0.4")).ln() / 3).exp() * 10**6).
    @Test(
        "K is the cube root of what the window lost, in segments, by C", .requirement("RFC9438 §4.2"),
        arguments: [
            (0, 1_448, 0), (1, 1_448, 119_965), (1_448, 1_448, 1_357_208), (14_480, 1_448, 2_924_017),
            (43_440, 1_448, 4_217_163), (434_400, 1_448, 9_085_602), (600_000, 1_000, 11_447_142),
            (600_000, 8_960, 5_511_389), (1 << 29, 1_448, 97_502_056), (1 << 30, 1_448, 122_844_892),
            (1 << 30, 536, 171_090_158), (1 << 30, 1, 1_389_781_819),
        ] as [(Int, Int, UInt64)])
    func timeToMaximum(bytes: Int, mss: Int, microseconds: UInt64) {
        #expect(CubicCurve.time(toGrow: bytes, maximumSegmentSize: mss) == microseconds)
    }

    // Python: int(Decimal("0.4") * (Decimal(t) / 10**6) ** 3 * mss).
    @Test(
        "the curve grows by C t³ segments", .requirement("RFC9438 §4.2"),
        arguments: [
            (1, 1_448, 0), (1_000, 1_448, 0), (100_000, 1_448, 0), (1_000_000, 1_448, 579), (1_357_208, 1_000, 999),
            (4_217_163, 1_448, 43_439), (11_447_142, 1_000, 599_999), (100_000_000, 1_448, 579_200_000),
            (100_000_000, 536, 214_400_000), (3_000_000_000, 1, 10_800_000_000),
            (3_000_000_000, 65_535, 707_778_000_000_000),
        ] as [(UInt64, Int, Int)])
    func growth(microseconds: UInt64, mss: Int, expected: Int) {
        #expect(CubicCurve.growth(in: microseconds, maximumSegmentSize: mss) == expected)
    }

    @Test("where the curve and Reno's window meet to the byte, the curve holds", .requirement("RFC9438 §4.3"))
    func meeting() {
        var curve = CubicCurve()
        // Too little for Reno's window to grow; 2 s ahead the curve is 3,200 bytes higher.
        let window = curve.window(
            after: 99, cwnd: 100_000, maximumSegmentSize: 1_000, at: .origin, roundTrip: .seconds(2))
        #expect(window == 100_000 + 3_200 * 99 / 100_000)
    }

    /// Acknowledges a window in every round trip, a hundredth at a time, and answers the windows at some seconds.
    private mutating func windows(at seconds: [Int64], roundTrip: Interval = .milliseconds(100)) -> [Int] {
        var windows: [Int] = []
        var now = Instant.origin
        for second in seconds {
            while now < .origin + .seconds(second) {
                cubic.onAcknowledged(AcknowledgmentNews(at: now, delivered: cubic.cwnd / 100, smoothed: roundTrip))
                now = now + roundTrip / 100
            }
            windows.append(cubic.cwnd)
        }
        return windows
    }

    // Python, for W_max = 2000 segments of 1000 bytes: K = cbrt(600 / 0.4); int((0.4 * (t - K)**3 + 2000) * 1000).
    @Test(
        "after a loss the window follows the curve for 100 s within one per cent", .requirement("RFC9293 MAY-18"),
        .requirement("RFC9438 §4.4"), .requirement("RFC9438 §4.2"))
    mutating func curve() {
        cubic.openWindow(to: 2_000 * Self.mss)
        cubic.lose(inFlight: 2_000 * Self.mss)
        cubic.onAcknowledged(AcknowledgmentNews(delivered: 1, smoothed: .milliseconds(100), isInRecovery: true))
        cubic.onRecovered(inFlight: 0, at: .origin)
        let seconds: [Int64] = [1, 2, 5, 10, 11, 15, 20, 40, 60, 80, 100]
        let expected = [
            1_543_907, 1_662_742, 1_892_808, 1_998_787, 1_999_964, 2_017_938, 2_250_261, 11_311_265, 47_783_013,
            130_865_504, 279_758_739,
        ]
        for (second, (actual, expected)) in zip(seconds, zip(windows(at: seconds), expected)) {
            #expect(abs(actual - expected) * 100 <= expected, "\(actual) at \(second) s")
        }
    }

    @Test(
        "the window grows by half of itself in a round trip at most", .requirement("RFC9438 §4.5"),
        .requirement("RFC9438 §4.2"))
    mutating func clamp() {
        cubic.openWindow(to: 100 * Self.mss)
        cubic.lose(inFlight: 100 * Self.mss)
        let before = cubic.cwnd
        cubic.onAcknowledged(AcknowledgmentNews(delivered: 1, smoothed: .seconds(1)))
        cubic.onAcknowledged(
            AcknowledgmentNews(at: .origin + .seconds(1_000), delivered: before, smoothed: .seconds(1)))
        #expect(cubic.cwnd == before + before / 2)
    }

    // MARK: The Reno-friendly region

    @Test(
        "at short round trips it grows by 9/17 of a segment a round, and by one when the lost window is reached",
        .requirement("RFC9438 §4.3"), arguments: [1, 7, 1_190])
    mutating func renoFriendly(acknowledgments: Int) {
        cubic = Cubic(maximumSegmentSize: 1_700)
        cubic.openWindow(to: 17_000)
        cubic.lose(inFlight: 17_000)
        cubic.onAcknowledged(AcknowledgmentNews(delivered: 0, smoothed: .microseconds(10)))
        cubic.onSpurious(inFlight: 0, at: .origin)
        cubic.lose(inFlight: 17_000)
        #expect(cubic.cwnd == 11_900)
        var growth: [Int] = []
        for _ in 0..<12 {
            let before = cubic.cwnd
            for part in 1...acknowledgments {
                let bytes = before * part / acknowledgments - before * (part - 1) / acknowledgments
                cubic.onAcknowledged(AcknowledgmentNews(delivered: bytes, smoothed: .microseconds(10)))
            }
            growth.append(cubic.cwnd - before)
        }
        // The window grows while it is acknowledged, so that a round is a little less than a window.
        #expect(growth[0..<5].allSatisfy { (830...900).contains($0) })
        #expect(growth[6...].allSatisfy { (1_530...1_700).contains($0) })
    }

    @Test("bytes of growth are not lost by rounding, however small the acknowledgments")
    mutating func smallAcknowledgments() {
        cubic.openWindow(to: 100 * Self.mss)
        cubic.lose(inFlight: 100 * Self.mss)
        var fine = cubic
        for round in 0..<20 {
            let now = Instant.origin + .milliseconds(200) * Int64(round)
            let size = cubic.cwnd
            cubic.onAcknowledged(AcknowledgmentNews(at: now, delivered: size, smoothed: .milliseconds(200)))
            for part in 1...7_000 {
                let bytes = size * part / 7_000 - size * (part - 1) / 7_000
                fine.onAcknowledged(AcknowledgmentNews(at: now, delivered: bytes, smoothed: .milliseconds(200)))
            }
        }
        // One long step reaches the target; as many short ones keep a part of the last way before them.
        #expect(abs(cubic.cwnd - fine.cwnd) * 100 < cubic.cwnd, "\(cubic.cwnd) and \(fine.cwnd)")
    }

    // MARK: Reduction

    @Test("a loss leaves seven tenths of the window, but two segments at least", .requirement("RFC9438 §4.6"))
    mutating func reduction() {
        cubic.openWindow(to: 100 * Self.mss)
        cubic.onCongestion(.loss, inFlight: 90 * Self.mss, at: .origin)
        // When the last acknowledgment arrived, the window was full with 99 segments.
        #expect(cubic.ssthresh == 69_300)
        #expect(cubic.cwnd == 100 * Self.mss)
        #expect(cubic.phase == "recovery")
        cubic.onRecovered(inFlight: 70 * Self.mss, at: .origin)
        #expect(cubic.cwnd == 69_300)
        for _ in 0..<20 { cubic.lose(inFlight: cubic.cwnd) }
        #expect(cubic.ssthresh == 2 * Self.mss)
    }

    @Test("a congestion mark leaves seven tenths at once", .requirement("RFC9438 §4.6"))
    mutating func mark() {
        cubic.openWindow(to: 100 * Self.mss)
        cubic.onCongestion(.mark, inFlight: 100 * Self.mss, at: .origin)
        #expect(cubic.cwnd == 70 * Self.mss)
    }

    /// The window to which the curve flattens, found by looking where it grows least.
    private mutating func plateau() -> Int {
        var least = (growth: Int.max, window: 0)
        var before = cubic.cwnd
        for window in windows(at: Array(1...20), roundTrip: .milliseconds(100)) {
            if window - before < least.growth { least = (window - before, window) }
            before = window
        }
        return least.window / Self.mss
    }

    @Test(
        "the curve is flat where the window was; a window that shrinks again before that leaves room",
        .requirement("RFC9438 §4.7"))
    mutating func fastConvergence() {
        cubic.openWindow(to: 1_000 * Self.mss)
        cubic.lose(inFlight: 1_000 * Self.mss)
        var once = self
        #expect((990...1_010).contains(once.plateau()))
        cubic.lose(inFlight: 700 * Self.mss)
        // 700 * (1 + 0.7) / 2
        #expect((590...600).contains(plateau()))
    }

    @Test("after a time-out it grows from the threshold as if that had been its maximum", .requirement("RFC9438 §4.8"))
    mutating func timeout() {
        cubic.openWindow(to: 1_000 * Self.mss)
        cubic.onTimeout(inFlight: 1_000 * Self.mss, isFirst: true, at: .origin)
        #expect(cubic.cwnd == Self.mss)
        #expect(cubic.ssthresh == 700 * Self.mss)
        cubic.openWindow(to: 700 * Self.mss)
        // Python: (0.4 * t**3 + 700) * 1000 for t = 5, 10, 20; W_est is below from some 3 s on.
        for (actual, expected) in zip(windows(at: [5, 10, 20]), [750_000, 1_100_000, 3_900_000]) {
            #expect(abs(actual - expected) * 100 <= expected)
        }
    }

    @Test("an undo restores window, threshold and curve", .requirement("RFC9438 §4.9"), arguments: [true, false])
    mutating func undo(afterTimeout: Bool) {
        cubic.openWindow(to: 2_000 * Self.mss)
        cubic.lose(inFlight: 2_000 * Self.mss)
        _ = windows(at: [8])
        var disturbed = cubic
        let now = Instant.origin + .seconds(8)
        if afterTimeout {
            disturbed.onTimeout(inFlight: cubic.cwnd, isFirst: true, at: now)
            disturbed.onTimeout(inFlight: cubic.cwnd, isFirst: false, at: now)
            #expect(disturbed.cwnd == Self.mss)
        } else {
            disturbed.lose(inFlight: cubic.cwnd, at: now)
            #expect(disturbed.cwnd < cubic.cwnd)
        }
        disturbed.onSpurious(inFlight: 0, at: now)
        #expect(disturbed.ssthresh == cubic.ssthresh)
        for second in 8...30 as ClosedRange<Int64> {
            let news = AcknowledgmentNews(
                at: .origin + .seconds(second), delivered: 100 * Self.mss, smoothed: .milliseconds(100))
            cubic.onAcknowledged(news)
            disturbed.onAcknowledged(news)
            #expect(disturbed.cwnd == cubic.cwnd)
        }
    }

    // MARK: Time that does not count

    @Test(
        "a time in which the application limits does not count", .requirement("RFC9438 §5.8"), arguments: [true, false])
    mutating func applicationLimited(isIdle: Bool) {
        cubic.openWindow(to: 1_000 * Self.mss)
        cubic.lose(inFlight: 1_000 * Self.mss)
        _ = windows(at: [5])
        var paused = cubic
        let resumed = Instant.origin + .seconds(100)
        if isIdle {
            paused.onSent(Self.mss, inFlight: 0, at: resumed)
        } else {
            for second in 5...100 as ClosedRange<Int64> {
                paused.onAcknowledged(
                    AcknowledgmentNews(
                        at: .origin + .seconds(second), delivered: Self.mss, smoothed: .milliseconds(100),
                        isWindowLimited: false))
            }
        }
        for second in 1...10 as ClosedRange<Int64> {
            let bytes = 200 * Self.mss
            cubic.onAcknowledged(
                AcknowledgmentNews(at: .origin + .seconds(5 + second), delivered: bytes, smoothed: .milliseconds(100)))
            paused.onAcknowledged(
                AcknowledgmentNews(at: resumed + .seconds(second), delivered: bytes, smoothed: .milliseconds(100)))
            #expect(abs(paused.cwnd - cubic.cwnd) < 10 * Self.mss)
        }
    }

    @Test("another segment size begins another curve from where the window is")
    mutating func segmentSize() {
        cubic.openWindow(to: 1_000 * Self.mss)
        cubic.lose(inFlight: 1_000 * Self.mss)
        _ = windows(at: [5])
        let before = cubic.cwnd
        cubic.setMaximumSegmentSize(536)
        cubic.onAcknowledged(
            AcknowledgmentNews(at: .origin + .seconds(5), delivered: 1_000, smoothed: .milliseconds(100)))
        #expect((before...before + 1_000).contains(cubic.cwnd))
    }
}
