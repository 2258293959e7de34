import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("BBR over a modelled path")
struct BBRTests {
    @Test("explore")
    func explore() {
        print("0 size", MemoryLayout<BBR>.size)
        for (mbit, rtt, q) in [(300, 2, 1000), (300, 20, 1000), (300, 20, 100), (300, 20, 20), (100, 100, 1000)] {
            for jitter in [0, rtt * 250, rtt * 1000, rtt == 2 ? 5000 : 10000] {
                for loss in [0, 1000, 10_000, 30_000] {
                    var path = BBRModelPath(megabits: mbit, queuePackets: q, roundTrip: .milliseconds(Int64(rtt)))
                    path.lossPerMillion = loss
                    path.jitter = .microseconds(Int64(jitter))
                    let start = path.run(for: .seconds(2))[0]
                    path.longestQueue = 0
                    let got = path.run(for: .seconds(10))[0]
                    let c = path.flows[0].controller
                    print(mbit, rtt, "q", q, "jit", jitter, "loss", loss, "first 2s", start * 8 / 2_000_000, "then", got * 8 / 10_000_000,
                          "q", path.longestQueue / 1448, "drops", path.drops, "rto", path.flows[0].timeouts, "bw", c.maxBandwidth / 125_000, "hi", c.inflightLongterm == .max ? -1 : c.inflightLongterm / 1448, "states", path.states.count, "rtt", c.minRTT.nanoseconds / 1000, path.states.filter { $0.state == .probeRTT }.count)
                }
            }
        }
        for (n, q, loss) in [(2, 1000, 0), (2, 100, 0), (2, 20, 0), (2, 1000, 10000), (4, 1000, 0), (2,100,30000)] {
            var path = BBRModelPath(megabits: 100, queuePackets: q, roundTrip: .milliseconds(20), flows: (0..<n).map { BBRModelFlow(seed: UInt32($0 * 77 + 1), start: .origin + .milliseconds(Int64($0) * 700)) })
            path.lossPerMillion = loss
            path.run(for: .seconds(5))
            for _ in 0..<4 {
            let got = path.run(for: .seconds(10))
            print("flows", n, q, loss, got.map { $0 * 8 / 10_000_000 }, path.drops, path.flows.map(\.timeouts))
            }
        }
        var path = BBRModelPath(megabits: 50, queuePackets: 1000, roundTrip: .milliseconds(20))
        path.run(for: .seconds(5))
        for r in [50, 100, 100, 500, 500, 500,500, 500, 50, 50, 25, 25] {
            path.rate = r * 125_000
            print(r, (0..<4).map { _ in path.run(for: .seconds(1))[0] * 8 / 1_000_000 }, path.queue / 1448, path.flows[0].controller.phase, path.drops)
        }
    }
}
