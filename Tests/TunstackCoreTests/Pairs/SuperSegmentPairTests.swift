import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Super-segments, cut up on a wire")
struct SuperSegmentPairTests {
    private static let count = 150_000
    private static let stream = StreamBytes.at(0, count: count)

    /// What a seed makes of a pair; the first end sends everything. `offload` changes nothing of it but that.
    private func pair(seed: UInt64, isPaced: Bool, offload: TransmitOffload) throws -> StackPair {
        var random = SplitMix64(seed: seed)
        var faults = WireFaults.none
        faults.lost = [0, 5, 20, 60].randomElement(using: &random) ?? 0
        faults.doubled = [0, 0, 10].randomElement(using: &random) ?? 0
        faults.heldUp = [0, 0, 20].randomElement(using: &random) ?? 0
        faults.delay = .milliseconds(Int64.random(in: 0...40, using: &random))
        if Bool.random(using: &random) { faults.rate = Int64.random(in: 5...500, using: &random) * 1_000_000 }
        var options = ConnectionOptions()
        options.pacing = isPaced
        options.timestamps = Bool.random(using: &random)
        options.selectiveAcknowledgment = Int.random(in: 0..<4, using: &random) > 0
        options.noDelay = Bool.random(using: &random)
        options.ecn = Bool.random(using: &random)
        options.congestion = [.cubic, .newReno, .bbr].randomElement(using: &random) ?? .cubic
        options.pathMTUProbing = [.off, .onBlackHole, .always].randomElement(using: &random) ?? .off
        options.dataTimeout = .seconds(1_000)
        let mtu = [576, 1_500, 1_500, 9_000].randomElement(using: &random) ?? 1_500
        var habits = StackEnd.Habits()
        habits.piece = Int.random(in: 1_000...200_000, using: &random)
        let ends = (0..<2).map { index in
            StackEnd(
                address: StackPair.addresses[index],
                configure: { configuration in
                    configuration.defaultConnectionOptions = options
                    configuration.mtu = mtu
                    configuration.transmitOffload = index == 0 ? offload : TransmitOffload()
                }, habits: habits, sending: index == 0 ? Self.stream : [], random: SplitMix64(seed: random.next()))
        }
        let pair = StackPair(wire: LossyWire(faults: faults, random: SplitMix64(seed: random.next())), ends: ends)
        try pair.connect()
        let isDone = pair.run { $0.ends.allSatisfy { $0.isOver && $0.hasSeenEnd } }
        #expect(isDone, "stuck at \(pair.now): \(pair.ends.map { String(describing: $0.status) })")
        #expect(pair.ends.flatMap(\.complaints) == [])
        #expect(pair.ends[1].received == Self.stream)
        return pair
    }

    @Test(
        "without pacing every packet on the wire, its time and its bytes are what they are without super-segments",
        arguments: 0..<60 as Range<UInt64>)
    func sameWire(seed: UInt64) throws {
        let plain = try pair(seed: seed, isPaced: false, offload: TransmitOffload())
        let cut = try pair(seed: seed, isPaced: false, offload: TransmitOffload(largestPacket: 65_535))
        #expect(cut.fingerprint == plain.fingerprint)
        #expect(cut.now == plain.now)
        #expect(cut.ends[0].superSegmentCount > 2)
        #expect(cut.ends[0].stack.counters.segmentsSent == plain.ends[0].stack.counters.segmentsSent)
    }

    @Test("paced super-segments arrive whole, and take no longer", arguments: 100..<120 as Range<UInt64>)
    func paced(seed: UInt64) throws {
        let plain = try pair(seed: seed, isPaced: true, offload: TransmitOffload())
        let cut = try pair(
            seed: seed, isPaced: true, offload: TransmitOffload(largestPacket: 65_535, fillsChecksum: true))
        let longest = (plain.now - .origin) * 3 / 2 + .seconds(1)
        #expect(cut.now - .origin < longest)
    }
}
