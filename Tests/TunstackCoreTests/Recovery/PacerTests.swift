import TestSupport
import Testing

@testable import TunstackCore

@Suite("Pacing")
struct PacerTests {
    private let rate = 1_000_000

    private func at(_ microseconds: Int64) -> Instant { .origin + .microseconds(microseconds) }

    @Test(
        "a quantum is a millisecond's worth, two segments at least, 64 KiB at most",
        arguments: [(0, 2_000), (1, 2_000), (5_000_000, 5_000), (65_536_000, 65_536), (Int.max, 65_536)])
    func quantum(rate: Int, bytes: Int) {
        #expect(Pacer.quantum(rate: rate, segmentSize: 1_000) == bytes)
    }

    @Test("the initial window goes at once", .requirement("RFC6928 §2"))
    func unpaced() {
        var pacer = Pacer(unpacedBytes: 10_000)
        for _ in 0..<10 {
            expectEqual(pacer.allows(rate: 1, segmentSize: 1_000, at: at(0)), true)
            pacer.onSent(1_000, rate: 1, segmentSize: 1_000, at: at(0))
        }
        #expect(pacer.paidAt == .origin)
        pacer.onSent(1_000, rate: 1, segmentSize: 1_000, at: at(0))
        expectEqual(pacer.allows(rate: 1, segmentSize: 100, at: at(0)), false)
        #expect(pacer.paidAt == .origin + .seconds(1_000))
    }

    @Test("a quantum goes at once; then nothing until it is paid for")
    func burst() {
        var pacer = Pacer(unpacedBytes: 0)
        var sent = 0
        while pacer.allows(rate: rate, segmentSize: 1_000, at: at(0)), sent < 100 {
            pacer.onSent(1_000, rate: rate, segmentSize: 1_000, at: at(0))
            sent += 1
        }
        // Two segments take 2 ms at this rate.
        #expect(sent == 2)
        #expect(pacer.paidAt == at(2_000))
        expectEqual(pacer.allows(rate: rate, segmentSize: 1_000, at: at(1_999)), false)
        expectEqual(pacer.allows(rate: rate, segmentSize: 1_000, at: at(2_000)), true)
    }

    @Test("once that is paid for, as much goes at once again")
    func burstAfterBurst() {
        var pacer = Pacer(unpacedBytes: 0)
        for start in [0, 2_000, 4_000] as [Int64] {
            for _ in 0..<2 {
                expectEqual(pacer.allows(rate: rate, segmentSize: 1_000, at: at(start)), true)
                pacer.onSent(1_000, rate: rate, segmentSize: 1_000, at: at(start))
            }
            expectEqual(pacer.allows(rate: rate, segmentSize: 1_000, at: at(start)), false)
        }
    }

    @Test("over time the rate is kept", arguments: [100_000, 1_000_000, 30_000_000, 1_000_000_000])
    func longRun(rate: Int) {
        var pacer = Pacer(unpacedBytes: 0)
        var now = Instant.origin
        var sent = 0
        let end = Instant.origin + .milliseconds(500)
        while now < end {
            if pacer.allows(rate: rate, segmentSize: 1_000, at: now) {
                pacer.onSent(1_000, rate: rate, segmentSize: 1_000, at: now)
                sent += 1_000
            } else {
                now = pacer.paidAt
            }
        }
        let quantum = Pacer.quantum(rate: rate, segmentSize: 1_000)
        #expect(abs(sent - rate / 2) <= 2 * quantum + 1_000)
    }

    @Test("what a late timer misses is made good, but of a longer pause no more than a quantum is saved up")
    func credit() {
        var pacer = Pacer(unpacedBytes: 0)
        pacer.onSent(1_000, rate: rate, segmentSize: 1_000, at: at(0))
        pacer.onSent(1_000, rate: rate, segmentSize: 1_000, at: at(1_500))
        #expect(pacer.paidAt == at(2_000))
        pacer.onSent(1_000, rate: rate, segmentSize: 1_000, at: at(1_000_000))
        #expect(pacer.paidAt == at(999_000))
    }

    @Test("no rate and no size traps")
    func extremes() {
        for rate in [0, 1, Int.max] {
            for size in [1, 65_535] {
                var pacer = Pacer(unpacedBytes: .max)
                pacer.onSent(1 << 30, rate: rate, segmentSize: 1_000, at: at(0))
                pacer.onSent(1 << 30, rate: rate, segmentSize: 1_000, at: at(0))
                pacer.onSent(1 << 30, rate: rate, segmentSize: 1_000, at: at(0))
                _ = pacer.allows(rate: rate, segmentSize: size, at: at(0))
            }
        }
    }
}
