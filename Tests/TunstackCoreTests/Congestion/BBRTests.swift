import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("BBR over a modelled path")
struct BBRTests {
    @Test("explore")
    func explore() {
        print("size", MemoryLayout<BBR>.size)
        for (mbit, rtt, q) in [(300, 2, 1000), (300, 20, 1000), (100, 100, 1000)] {
            for jitter in [0, 5] {
                for loss in [0, 1000, 10_000, 30_000] {
                    var path = BBRModelPath(megabits: mbit, queuePackets: q, roundTrip: .milliseconds(Int64(rtt)))
                    path.lossPerMillion = loss
                    path.jitter = .milliseconds(Int64(jitter))
                    let start = path.run(for: .seconds(2))[0]
                    path.longestQueue = 0
                    let got = path.run(for: .seconds(10))[0]
                    let c = path.flows[0].controller
                    print(mbit, rtt, "jit", jitter, "loss", loss, "first 2s", start * 8 / 2_000_000, "then", got * 8 / 10_000_000,
                          "q", path.longestQueue / 1448, "drops", path.drops, "rto", path.flows[0].timeouts, "bw", c.maxBandwidth / 125_000, "hi", c.inflightLongterm == .max ? -1 : c.inflightLongterm / 1448, "states", path.states.count, "rtt", c.minRTT.nanoseconds / 1000, path.states.filter { $0.state == .probeRTT }.count)
                }
            }
        }
    }
}
