import TestSupport
import Testing

@testable import TunstackCore

@Suite("Loss-based congestion control and the queue of the path")
struct SlowStartOvershootTests {
    /// 300 Mbit/s, as packets of 1500 bytes with 1448 of payload.
    private func path<Controller: CongestionController>(
        _ controller: Controller, milliseconds: Int64, queue: Int64, losingEvery period: Int64? = nil
    ) -> Bottleneck<Controller> {
        Bottleneck(
            controller, bitsPerSecond: 300_000_000, roundTrip: milliseconds * 1_000_000, queue: queue,
            losingEvery: period)
    }

    @Test("slow start does not overflow a queue of 1000 packets at 20 ms, and the link is busy ever after")
    func noOvershoot() {
        func check(_ controller: some CongestionController) {
            var path = path(controller, milliseconds: 20, queue: 1_000)
            path.run(seconds: 4)
            #expect(path.droppedInSlowStart == 0)
            #expect(path.utilisation(1..<4) == 1_000)
        }
        check(Cubic(maximumSegmentSize: 1_448))
        check(NewReno(maximumSegmentSize: 1_448))
    }

    @Test(
        "where the queue is too short to show in time, a part of one window is lost, and CUBIC keeps the link busy",
        arguments: [(20, 250, 400, 995), (20, 60, 450, 850), (100, 1_000, 2_100, 990), (100, 300, 1_800, 850)]
            as [(Int64, Int64, Int, Int)])
    func shortQueue(milliseconds: Int64, queue: Int64, drops: Int, utilisation: Int) {
        var path = path(Cubic(maximumSegmentSize: 1_448), milliseconds: milliseconds, queue: queue)
        path.run(seconds: 4)
        #expect(path.seconds.reduce(0) { $0 + $1.dropped } <= drops)
        #expect(path.utilisation(1..<4) >= utilisation)
    }

    @Test(
        "at small windows CUBIC delivers what NewReno delivers", .requirement("RFC9438 §4.3"),
        arguments: [100, 400] as [Int64])
    func renoFriendly(period: Int64) {
        var cubic = path(Cubic(maximumSegmentSize: 1_448), milliseconds: 5, queue: 1_000, losingEvery: period)
        var newReno = path(NewReno(maximumSegmentSize: 1_448), milliseconds: 5, queue: 1_000, losingEvery: period)
        cubic.run(seconds: 4)
        newReno.run(seconds: 4)
        let ratio = cubic.utilisation(1..<4) * 100 / newReno.utilisation(1..<4)
        #expect((95...112).contains(ratio))
    }

    @Test("where windows are large, CUBIC delivers more than NewReno by far")
    func largeWindows() {
        var cubic = path(Cubic(maximumSegmentSize: 1_448), milliseconds: 100, queue: 300)
        var newReno = path(NewReno(maximumSegmentSize: 1_448), milliseconds: 100, queue: 300)
        cubic.run(seconds: 6)
        newReno.run(seconds: 6)
        #expect(cubic.utilisation(1..<6) > 3 * newReno.utilisation(1..<6) / 2)
    }
}
