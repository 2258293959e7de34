import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Ephemeral ports (RFC 6056 §3.3.3)")
struct EphemeralPortsTests {
    private let local = IPAddress(IPv4Address(10, 77, 0, 2))
    private func remote(_ last: UInt8) -> Endpoint { Endpoint(IPv4Address(10, 77, 0, last), Port(80)) }

    private func ports(seed: UInt64, _ range: ClosedRange<UInt16> = 50_000...50_099) -> EphemeralPorts {
        var random = SplitMix64(seed: seed)
        return EphemeralPorts(range: range, random: &random)
    }

    @Test("for one peer every port of the range comes once before any comes again")
    func wholeRange() {
        var ports = ports(seed: 1)
        let chosen = (0..<100).compactMap { _ in ports.choose(local: local, remote: remote(1)) { _ in true } }
        #expect(Set(chosen.map(\.rawValue)) == Set(50_000...50_099))
        let next = ports.choose(local: local, remote: remote(1)) { _ in true }
        #expect(next == chosen.first)
    }

    @Test("ports that are taken are passed over, and with none left there is no choice")
    func taken() {
        var ports = ports(seed: 2)
        let only = ports.choose(local: local, remote: remote(1)) { $0.rawValue == 50_037 }
        #expect(only == 50_037)
        var asked = 0
        let none = ports.choose(local: local, remote: remote(1)) { _ in
            asked += 1
            return false
        }
        #expect(none == nil)
        #expect(asked == 100)
    }

    @Test("where the ports begin depends on the peer and on the secret")
    func unpredictable() {
        let firstPorts = (0..<8 as Range<UInt64>).map { seed in
            (1...8 as ClosedRange<UInt8>).map { peer in
                var ports = ports(seed: seed, 49_152...65_535)
                return ports.choose(local: local, remote: remote(peer)) { _ in true }
            }
        }
        #expect(Set(firstPorts.joined()).count > 60)
    }

    @Test(
        "a range of all ports, or of one, is in order",
        arguments: [0...65_535, 65_535...65_535] as [ClosedRange<UInt16>])
    func extremeRanges(range: ClosedRange<UInt16>) {
        for seed in 0..<50 as Range<UInt64> {
            var ports = ports(seed: seed, range)
            let chosen = ports.choose(local: local, remote: remote(9)) { _ in true }
            #expect(chosen.map { range.contains($0.rawValue) } == true)
        }
    }
}
