import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

/// What BBR makes of a path, in a model of one: 48 Mbit/s and 20 ms unless a test says otherwise, so 83 segments fill
/// it.
@Suite("BBR over a modelled path")
struct BBRPathTests {
    private static let rate = 48 * 125_000

    private static func path(
        queue: Int = 1000, flows: [BBRModelFlow] = [BBRModelFlow()], seed: UInt64 = 1
    ) -> BBRModelPath {
        BBRModelPath(megabits: 48, queuePackets: queue, roundTrip: .milliseconds(20), flows: flows, seed: seed)
    }

    /// Per cent of the bottleneck's rate that were delivered in some seconds.
    private static func share(_ delivered: Int, seconds: Int) -> Int { delivered * 100 / (rate * seconds) }

    // MARK: States

    @Test("the states follow one another as in the draft's diagram")
    func states() {
        var path = Self.path()
        path.run(for: .seconds(4))
        // Out of Drain and into DOWN the queue is gone already, so the first DOWN ends with the acknowledgment that
        // began it.
        let cycle: [BBR.State] = [.probeCruise, .probeRefill, .probeUp, .probeDown]
        let expected: [BBR.State] = [.startup, .drain] + cycle + cycle
        #expect(path.states.prefix(expected.count).map(\.state) == expected)
    }

    @Test("the bandwidth is found within fifteen round trips, without overflowing a queue of the path's size")
    func startup() throws {
        var path = Self.path(queue: 120)
        path.run(for: .milliseconds(300))
        let flow = try #require(path.flows.first)
        #expect(flow.controller.state != .startup)
        #expect(flow.controller.maxBandwidth * 100 > Self.rate * 98)
        #expect(flow.controller.maxBandwidth * 100 < Self.rate * 102)
        #expect(path.drops == 0)
    }

    @Test("the queue that startup has made is drained")
    func drain() throws {
        var path = Self.path()
        path.run(for: .milliseconds(400))
        let drain = try #require(path.states.first { $0.state == .drain })
        let after = try #require(path.states.first { $0.state == .probeCruise })
        #expect(path.longestQueue > 40 * 1448)
        #expect(after.at - drain.at < .milliseconds(60))
        #expect(path.queue <= 2 * 1448)
    }

    @Test("while it cruises, the pipe is full and the queue next to empty")
    func cruise() {
        var path = Self.path()
        path.run(for: .seconds(1))
        var longest = 0
        var rounds = 0
        for _ in 0..<400 {
            let delivered = path.run(for: .milliseconds(20))[0]
            guard path.flows[0].controller.state == .probeCruise else { continue }
            rounds += 1
            longest = max(longest, path.queue)
            #expect(delivered * 100 > Self.rate / 50 * 95)
        }
        #expect(rounds > 200)
        #expect(longest <= 3 * 1448)
    }

    @Test("while it probes, the queue stays below the size of the path")
    func probe() {
        var path = Self.path()
        path.run(for: .seconds(1))
        path.longestQueue = 0
        let delivered = path.run(for: .seconds(8))[0]
        #expect(path.longestQueue < 90 * 1448)
        #expect(Self.share(delivered, seconds: 8) >= 98)
    }

    // MARK: Change

    @Test("bandwidth that appears is found with the next probe")
    func doubledRate() {
        var path = Self.path()
        path.run(for: .seconds(3))
        path.rate *= 2
        path.run(for: .seconds(4))
        #expect(Self.share(path.run(for: .seconds(2))[0], seconds: 2) >= 190)
    }

    @Test("bandwidth that goes is given up within two cycles, and the queue with it")
    func halvedRate() {
        var path = Self.path()
        path.run(for: .seconds(3))
        path.rate /= 2
        path.run(for: .seconds(8))
        let flow = path.flows[0]
        #expect(flow.controller.maxBandwidth * 100 < Self.rate / 2 * 103)
        path.longestQueue = 0
        #expect(Self.share(path.run(for: .seconds(4))[0], seconds: 4) >= 48)
        #expect(path.longestQueue < 45 * 1448)
    }

    @Test("a tenth of the bandwidth and a short queue: the bounds follow the losses")
    func tenthOfTheRate() {
        var path = Self.path(queue: 60)
        path.run(for: .seconds(3))
        let before = path.drops
        path.rate /= 10
        path.run(for: .seconds(8))
        #expect(path.drops - before < 400)
        #expect(path.flows[0].controller.bandwidth * 100 < Self.rate / 10 * 105)
        #expect(path.run(for: .seconds(4))[0] * 100 > Self.rate / 10 * 4 * 93)
    }

    // MARK: ProbeRTT

    @Test("a path that shows its shortest round trip by itself needs no ProbeRTT")
    func noProbeRTT() {
        var path = Self.path()
        path.run(for: .seconds(11))
        #expect(!path.states.contains { $0.state == .probeRTT })
    }

    @Test("a path that has become longer is measured anew: ProbeRTT after five seconds, for 200 ms, at half the window")
    func probeRTT() throws {
        var path = Self.path()
        path.run(for: .seconds(2))
        path.roundTrip = .milliseconds(30)
        path.run(for: .seconds(16))
        let index = try #require(path.states.firstIndex { $0.state == .probeRTT })
        let entered = path.states[index].at
        #expect(entered > .origin + .seconds(5))
        #expect(entered < .origin + .milliseconds(7_100))
        let left = path.states[index + 1]
        #expect(left.state == .probeCruise)
        #expect(left.at - entered >= .milliseconds(200))
        #expect(left.at - entered < .milliseconds(350))
        #expect(path.flows[0].controller.minRTT >= .milliseconds(30))
        #expect(path.flows[0].controller.minRTT < .milliseconds(31))
        #expect(Self.share(path.run(for: .seconds(4))[0], seconds: 4) >= 95)
    }

    @Test("two flows that hide the round trip from each other measure it every five seconds, and no more often")
    func probeRTTInterval() {
        var path = Self.path(flows: [BBRModelFlow(seed: 1), BBRModelFlow(seed: 2)])
        path.run(for: .seconds(20))
        let entered = path.states.filter { $0.state == .probeRTT }.map(\.at)
        #expect(entered.count >= 2)
        for (earlier, later) in zip(entered, entered.dropFirst()) {
            #expect(later - earlier >= .seconds(5))
        }
    }

    // MARK: Company

    @Test("two flows share the path, with a short queue and a long one", arguments: [40, 1000])
    func fairness(queue: Int) {
        let flows = [BBRModelFlow(seed: 1), BBRModelFlow(seed: 99, start: .origin + .seconds(2))]
        var path = Self.path(queue: queue, flows: flows)
        path.run(for: .seconds(15))
        let delivered = path.run(for: .seconds(10))
        let sum = delivered.reduce(0, +)
        let squares = delivered.reduce(0) { $0 + $1 * $1 }
        // Jain's index is sum² / (n · squares).
        #expect(sum * sum * 100 > 90 * 2 * squares)
        #expect(Self.share(sum, seconds: 10) >= 94)
    }

    @Test("acknowledgments that come in bunches do not hold the flow up", arguments: [5, 15])
    func aggregation(milliseconds: Int64) {
        var path = Self.path()
        path.aggregation = .milliseconds(milliseconds)
        path.run(for: .seconds(1))
        #expect(Self.share(path.run(for: .seconds(4))[0], seconds: 4) >= 94)
        let controller = path.flows[0].controller
        #expect(max(controller.extraAcked, controller.priorExtraAcked) > 0)
        #expect(controller.maxBandwidth * 100 < Self.rate * 110)
    }

    // MARK: Loss

    /// Delivered per cent of what the path can deliver at this loss.
    private static func goodput(lossPerMillion: Int, jitter: Interval = .zero, queue: Int = 1000) -> Int {
        var path = Self.path(queue: queue)
        path.lossPerMillion = lossPerMillion
        path.jitter = jitter
        path.run(for: .seconds(1))
        return share(path.run(for: .seconds(6))[0], seconds: 6)
    }

    @Test("random loss costs little more than the lost segments", arguments: [(1_000, 97), (10_000, 95), (30_000, 92)])
    func randomLoss(perMillion: Int, percent: Int) {
        #expect(Self.goodput(lossPerMillion: perMillion) >= percent)
        #expect(Self.goodput(lossPerMillion: perMillion, queue: 30) >= percent - 4)
    }

    @Test("jitter does not make random loss look like a queue", arguments: [5, 10])
    func jitter(milliseconds: Int64) {
        #expect(Self.goodput(lossPerMillion: 30_000, jitter: .milliseconds(milliseconds)) >= 85)
    }

    @Test("a short queue is filled only to find out, and few segments are lost for it", arguments: [5, 20])
    func shortQueue(packets: Int) {
        var path = Self.path(queue: packets)
        path.run(for: .seconds(2))
        let before = path.drops
        let delivered = path.run(for: .seconds(6))[0]
        #expect(Self.share(delivered, seconds: 6) >= 90)
        #expect(path.flows[0].controller.inflightLongterm < 150 * 1448)
        #expect((path.drops - before) * 1448 * 100 < delivered * 3)
    }

    @Test("loss by a queue that lasts lowers the long-term bound at the draft's two per cent")
    func congestiveLoss() {
        var path = Self.path(queue: 40)
        path.run(for: .seconds(8))
        #expect(path.flows[0].controller.inflightLongterm < (83 + 40) * 1448 * 11 / 10)
        #expect(path.flows[0].controller.inflightLongterm > 83 * 1448)
    }

    @Test("congestion marks keep the queue near where they begin, without loss")
    func marks() {
        var path = Self.path()
        path.markingThreshold = 20 * 1448
        path.run(for: .seconds(1))
        path.longestQueue = 0
        let delivered = path.run(for: .seconds(10))[0]
        #expect(path.longestQueue < 45 * 1448)
        #expect(path.drops == 0)
        #expect(Self.share(delivered, seconds: 10) >= 88)
    }

    // MARK: The application

    @Test("an application with little to send does not lower the estimate")
    func applicationLimited() {
        var path = Self.path()
        path.run(for: .seconds(3))
        path.flows[0].applicationRate = Self.rate / 20
        path.run(for: .seconds(20))
        #expect(path.flows[0].controller.maxBandwidth * 100 > Self.rate * 95)
        path.flows[0].applicationRate = nil
        path.run(for: .milliseconds(200))
        #expect(Self.share(path.run(for: .seconds(1))[0], seconds: 1) >= 90)
    }

    @Test("after a pause it sends at the known bandwidth, and needs no ProbeRTT")
    func idle() {
        var path = Self.path()
        path.run(for: .seconds(1))
        #expect(path.flows[0].controller.state == .probeCruise)
        path.flows[0].applicationRate = 0
        path.run(for: .seconds(12))
        path.flows[0].applicationRate = nil
        path.longestQueue = 0
        // Before the next probe, which is due.
        let delivered = path.run(for: .milliseconds(40))[0]
        #expect(delivered * 100 > Self.rate / 50 * 90)
        #expect(path.longestQueue < 5 * 1448)
        #expect(!path.states.contains { $0.state == .probeRTT })
    }

    // MARK: Sameness

    @Test("the same seeds give the same run, another seed another")
    func determinism() {
        func trace(_ seed: UInt32) -> [Instant] {
            var path = Self.path(flows: [BBRModelFlow(seed: seed)], seed: 7)
            path.roundTrip = .milliseconds(100)
            path.lossPerMillion = 5_000
            path.run(for: .seconds(8))
            return path.states.map(\.at)
        }
        #expect(trace(1) == trace(1))
        #expect(trace(1) != trace(2))
    }
}
