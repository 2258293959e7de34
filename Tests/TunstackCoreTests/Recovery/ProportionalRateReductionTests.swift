import TestSupport
import Testing

@testable import TunstackCore

@Suite("Proportional rate reduction (RFC 6937, RFC 9937)")
struct ProportionalRateReductionTests {
    /// One acknowledgment of `delivered` bytes; the window that it leaves.
    private func window(
        _ reduction: inout ProportionalRateReduction, delivered: Int, inFlight: Int, ssthresh: Int,
        isSafe: Bool = false, isFirst: Bool = false
    ) -> Int {
        reduction.onAcknowledged(
            delivered: delivered, inFlight: inFlight, ssthresh: ssthresh, segmentSize: 1_000, isSafe: isSafe,
            isFirst: isFirst)
        return reduction.window
    }

    @Test("twenty segments come down to fourteen evenly: seven leave for ten that arrive", .requirement("RFC6937 §3"))
    func proportional() {
        var reduction = ProportionalRateReduction()
        reduction.begin(inFlight: 20_000)
        var inFlight = 20_000
        var sent = 0
        for arrived in 1...12 {
            inFlight -= 1_000
            let allowed = window(&reduction, delivered: 1_000, inFlight: inFlight, ssthresh: 14_000)
            while inFlight + 1_000 <= allowed {
                inFlight += 1_000
                sent += 1
                reduction.onSent(1_000)
            }
            #expect(sent == arrived * 7 / 10)
        }
    }

    @Test("the quotient is rounded up, and never less than nothing", .requirement("RFC6937 §3"))
    func rounding() {
        var reduction = ProportionalRateReduction()
        reduction.begin(inFlight: 8_000)
        expectEqual(window(&reduction, delivered: 1_001, inFlight: 6_000, ssthresh: 5_000), 6_626)
        reduction.onSent(2_000)
        expectEqual(window(&reduction, delivered: 0, inFlight: 7_000, ssthresh: 5_000), 7_000)
    }

    @Test("the first repair may always go", .requirement("RFC9937 §6"))
    func first() {
        var reduction = ProportionalRateReduction()
        reduction.begin(inFlight: 10_000)
        expectEqual(window(&reduction, delivered: 0, inFlight: 8_000, ssthresh: 5_000, isFirst: true), 9_000)
        reduction.begin(inFlight: 10_000)
        expectEqual(window(&reduction, delivered: 1_000, inFlight: 5_000, ssthresh: 5_000, isFirst: true), 6_000)
    }

    @Test(
        "below the threshold it sends what was delivered, and a segment more when recovery makes good progress",
        .requirement("RFC9937 §6"))
    func reductionBound() {
        var reduction = ProportionalRateReduction()
        reduction.begin(inFlight: 20_000)
        expectEqual(window(&reduction, delivered: 1_000, inFlight: 4_000, ssthresh: 10_000), 5_000)
        reduction.onSent(1_000)
        expectEqual(window(&reduction, delivered: 1_000, inFlight: 4_000, ssthresh: 10_000, isSafe: true), 6_000)
        reduction.onSent(2_000)
        // What has been delivered and not used is made up for.
        expectEqual(window(&reduction, delivered: 3_000, inFlight: 3_000, ssthresh: 10_000), 6_000)
        expectEqual(window(&reduction, delivered: 3_000, inFlight: 3_000, ssthresh: 10_000), 8_000)
        // Never beyond the threshold.
        expectEqual(window(&reduction, delivered: 90_000, inFlight: 3_000, ssthresh: 10_000, isSafe: true), 10_000)
    }

    @Test("something always stays in the network, and no figure overflows")
    func extremes() {
        var reduction = ProportionalRateReduction()
        reduction.begin(inFlight: 0)
        expectEqual(window(&reduction, delivered: 0, inFlight: 0, ssthresh: 0), 1_000)
        reduction.begin(inFlight: 1 << 30)
        let most = window(&reduction, delivered: 1 << 40, inFlight: 1 << 30, ssthresh: 1 << 29)
        #expect(most >= 1 << 30)
        reduction.begin(inFlight: 1)
        expectEqual(window(&reduction, delivered: 5, inFlight: 1, ssthresh: .max), 1_000)
    }
}
