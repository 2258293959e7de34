import TestSupport
import Testing
import TunstackCore
import TunstackWire

@testable import TunstackSimulator

@Suite("Clock skew")
struct HostClockTests {
    @Test(
        "a clock gains or loses so many parts per million, exactly",
        arguments: [-500_000, -100, -1, 0, 1, 100, 500_000])
    func pace(skew: Int) {
        let clock = HostClock(start: .seconds(7), skew: skew)
        #expect(clock.reading(at: .origin) == Instant(nanoseconds: 7_000_000_000))
        let day: Int64 = 86_400_000_000_000
        #expect(
            clock.reading(at: Instant(nanoseconds: day))
                == Instant(nanoseconds: 7_000_000_000 + day + day / 1_000_000 * Int64(skew)))
    }

    @Test(
        "a deadline is reached at its time and not a nanosecond earlier",
        arguments: [-499_999, -333, -1, 0, 3, 77, 499_999])
    func exactness(skew: Int) {
        var random = SplitMix64(seed: 11)
        let clock = HostClock(start: .milliseconds(-3), skew: skew)
        for _ in 0..<10_000 {
            let reading = Instant(nanoseconds: Int64.random(in: -1_000_000_000...1_000_000_000_000_000, using: &random))
            let time = clock.time(showing: reading)
            #expect(clock.reading(at: time) >= reading)
            #expect(clock.reading(at: time - Interval(nanoseconds: 1)) < reading)
        }
    }

    @Test("for ever stays for ever")
    func saturation() {
        let slow = HostClock(start: .zero, skew: -1_000)
        let fast = HostClock(start: .zero, skew: 1_000)
        #expect(slow.time(showing: .distantFuture) == .distantFuture)
        #expect(fast.reading(at: .distantFuture) == .distantFuture)
    }

    @Test("retransmissions of a host with a fast clock come early, with a slow clock late, and each just once")
    func retransmissions() throws {
        for (skew, expected) in [
            (0, [0, 1_000, 3_000, 7_000]), (100_000, [0, 909, 2_727, 6_363]), (-200_000, [0, 1_250, 3_750, 8_750]),
        ]
            as [(Int, [Int64])]
        {
            let network = SimulatedNetwork(seed: 1)
            let host = network.addHost("host", IPv4Address(10, 0, 0, 1), clockSkew: skew)
            let peer = network.addRawPeer("peer", IPv4Address(10, 0, 0, 2))
            network.link(host, peer, latency: .milliseconds(1))
            try host.open(to: Endpoint(peer.address, 80))
            network.run(for: .seconds(10))
            let times = network.trace.sendTimes(from: host) { $0.flags == .syn }
            #expect(times.map { $0.nanoseconds / 1_000_000 } == expected)
        }
    }
}
