import TestSupport
import Testing

@testable import TunstackCore

@Suite("Slow start and the queue of the path")
struct SlowStartOvershootTests {
    @Test("X")
    func explore() {
        for (rtt, q) in [(20, 1000), (20, 250), (2, 1000), (100, 1000), (100, 300), (20, 60)] as [(Int64, Int64)] {
            for period in [nil, 1000, 10000] as [Int64?] {
            var path = Bottleneck(Cubic(maximumSegmentSize: 1_448), bitsPerSecond: 300_000_000, roundTrip: rtt * 1_000_000, queue: q, losingEvery: period)
            path.run(seconds: 10)
            print("cubic", rtt, q, period ?? 0, "drops ss", path.droppedInSlowStart, "recoveries", path.recoveries, "util", (0..<10).map { path.utilisation($0..<($0+1)) }, path.utilisation(0..<10), path.controller.cwnd / 1448, path.controller.phase, path.seconds.map(\.dropped))
            }
            var reno = Bottleneck(NewReno(maximumSegmentSize: 1_448), bitsPerSecond: 300_000_000, roundTrip: rtt * 1_000_000, queue: q)
            reno.run(seconds: 10)
            print("reno", rtt, q, "drops ss", reno.droppedInSlowStart, "recoveries", reno.recoveries, "util", (0..<10).map { reno.utilisation($0..<($0+1)) }, reno.controller.cwnd / 1448)
        }
    }
}
