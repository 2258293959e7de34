import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Two stacks on one wire")
struct StackPairTests {
    private static let stream = StreamBytes.at(0, count: 1 << 16)

    /// What a seed makes of a pair: faults, options and habits all come from it.
    private struct Plan {
        var random: SplitMix64
        var faults = WireFaults.none
        var counts: [Int]
        var opensSimultaneously = false

        init(seed: UInt64, faulty: Bool) {
            random = SplitMix64(seed: seed)
            counts = []
            counts = [amount(), amount()]
            opensSimultaneously = Int.random(in: 0..<8, using: &random) == 0
            guard faulty else { return }
            faults.lost = Int.random(in: 0...100, using: &random)
            faults.doubled = Int.random(in: 0...100, using: &random)
            faults.heldUp = Int.random(in: 0...200, using: &random)
            faults.corrupted = Int.random(in: 0...50, using: &random)
            faults.delay = .milliseconds(Int64.random(in: 0...80, using: &random))
        }

        private mutating func amount() -> Int {
            [0, 1, 700, 5_000, 20_000, 40_000].randomElement(using: &random) ?? 0
        }

        mutating func options() -> ConnectionOptions {
            var options = ConnectionOptions()
            options.timestamps = Bool.random(using: &random)
            options.selectiveAcknowledgment = Bool.random(using: &random)
            options.windowScale = [nil, 0, 7, 14].randomElement(using: &random) ?? 7
            options.noDelay = Bool.random(using: &random)
            options.sendBufferBytes = [1_000, 5_000, 480 * 1_024].randomElement(using: &random) ?? 5_000
            options.receiveBufferBytes = [1_000, 5_000, 70_000, 480 * 1_024].randomElement(using: &random) ?? 5_000
            options.keepAlive = Bool.random(using: &random) ? KeepAlive() : nil
            // Of many losses in a row one may look like a dead peer; that is not what these tests are about.
            options.dataTimeout = .seconds(1_000)
            return options
        }

        mutating func end(_ index: Int) -> StackEnd {
            let options = options()
            let mtu = [576, 1_000, 1_500].randomElement(using: &random) ?? 1_500
            let iss = SequenceNumber(UInt32.max - UInt32.random(in: 0...50_000, using: &random))
            let wraps = Bool.random(using: &random)
            var habits = StackEnd.Habits()
            habits.piece = Int.random(in: 1_000...20_000, using: &random)
            habits.naps = Bool.random(using: &random) ? 300 : 0
            return StackEnd(
                address: StackPair.addresses[index],
                configure: { configuration in
                    configuration.defaultConnectionOptions = options
                    configuration.mtu = mtu
                    if wraps { configuration.initialSequenceNumbers = .fixed(iss) }
                }, habits: habits, sending: Array(stream.prefix(counts[index])),
                random: SplitMix64(seed: random.next()))
        }

        mutating func pair() throws -> StackPair {
            let ends = [end(0), end(1)]
            let pair = StackPair(wire: LossyWire(faults: faults, random: SplitMix64(seed: random.next())), ends: ends)
            if opensSimultaneously { try pair.connectSimultaneously() } else { try pair.connect() }
            return pair
        }
    }

    /// Both streams have arrived whole, both ends have ended well, and nothing is left of them when TIME-WAIT is over.
    private func finish(_ pair: StackPair, counts: [Int]) {
        let isDone = pair.run { $0.ends.allSatisfy { $0.isOver && $0.hasSeenEnd } }
        #expect(isDone, "stuck at \(pair.now): \(pair.ends.map { String(describing: $0.status) })")
        for (index, end) in pair.ends.enumerated() {
            #expect(end.complaints == [])
            let isIntact = end.received == Array(Self.stream[..<counts[1 - index]])
            #expect(isIntact, "end \(index) has \(end.received.count) of \(counts[1 - index]) bytes")
            #expect(end.status?.closeReason == .closed)
            let state = end.status?.state
            #expect(state == .closed || state == .timeWait)
            if let connection = end.connection { end.stack.release(connection, at: pair.now) }
            #expect(end.stack.bufferBytesInUse == 0)
        }
        // What is still on the wire meets TIME-WAIT or nobody; then all is forgotten.
        _ = pair.run { _ in false }
        for end in pair.ends { #expect(end.leftovers == [:]) }
    }

    @Test(
        "streams cross a wire that loses, doubles, delays and corrupts, and both ends close in good order",
        .requirement("RFC9293 MUST-3"), .requirement("RFC9293 MUST-10"), .requirement("mission B34"),
        arguments: 0..<200 as Range<UInt64>)
    func lossy(seed: UInt64) throws {
        var plan = Plan(seed: seed, faulty: true)
        let pair = try plan.pair()
        finish(pair, counts: plan.counts)
        for (index, end) in pair.ends.enumerated() {
            let other = pair.ends[1 - index].stack.counters
            let counters = end.stack.counters
            #expect(other.packetsReceived <= counters.packetsSent + UInt64(pair.wire.doubledCount))
            #expect(counters.segmentsSent <= counters.packetsSent)
            #expect(counters.segmentsRetransmitted <= counters.segmentsSent)
        }
        let dropped = pair.ends.reduce(0) { sum, end in
            let drops: [DropReason] = [
                .badTCPChecksum, .malformedTCP, .badIPChecksum, .malformedIP, .unsupportedIPVersion,
            ]
            return drops.reduce(sum) { $0 + Int(end.stack.counters[$1]) }
        }
        #expect(dropped == pair.wire.corruptedCount, "a corrupted packet was used, or a good one was not")
    }

    @Test(
        "on a wire without faults nothing is sent twice and nothing is dropped",
        arguments: 1_000..<1_040 as Range<UInt64>)
    func faultless(seed: UInt64) throws {
        var plan = Plan(seed: seed, faulty: false)
        let pair = try plan.pair()
        finish(pair, counts: plan.counts)
        for end in pair.ends {
            // In a simultaneous open the SYN goes a second time, with the acknowledgment of the peer's.
            #expect(end.stack.counters.segmentsRetransmitted == (plan.opensSimultaneously ? 1 : 0))
            #expect(end.stack.counters.retransmissionTimeouts == 0)
            #expect(end.stack.counters.packetsDropped == 0)
            #expect(end.stack.counters.resetsSent == 0)
            #expect(end.stack.counters.challengeAcknowledgmentsSent == 0)
        }
    }

    @Test("a seed gives the same packets at the same times whenever it is run", arguments: [3, 14, 159] as [UInt64])
    func deterministic(seed: UInt64) throws {
        let fingerprints = try (0..<2).map { _ in
            var plan = Plan(seed: seed, faulty: true)
            let pair = try plan.pair()
            _ = pair.run { $0.ends.allSatisfy { $0.isOver && $0.hasSeenEnd } }
            return pair.fingerprint
        }
        #expect(fingerprints[0] == fingerprints[1])
        #expect(fingerprints[0] != 0)
    }
}
