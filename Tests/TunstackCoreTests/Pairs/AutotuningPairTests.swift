import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Buffers that grow, between two stacks")
struct AutotuningPairTests {
    /// So many bytes, quickly made.
    private static func stream(_ count: Int) -> [UInt8] {
        let block = StreamBytes.at(0, count: 65_521)
        var stream: [UInt8] = []
        while stream.count < count { stream += block }
        return Array(stream.prefix(count))
    }

    // MARK: A long, fat path

    /// 300 Mbit/s times 100 ms.
    private static let bandwidthDelayProduct = 3_750_000

    @Test(
        "the 3.75 MB of 300 Mbit/s x 100 ms are filled as fast as slow start can: no buffer is ever in the way",
        arguments: [true, false])
    func longFatPath(timestamps: Bool) throws {
        let sending = Self.stream(14_000_000)
        let ends = (0...1).map { index in
            StackEnd(
                address: StackPair.addresses[index],
                configure: { $0.defaultConnectionOptions.timestamps = timestamps }, habits: StackEnd.Habits(),
                sending: index == 0 ? sending : [], random: SplitMix64(seed: UInt64(index)))
        }
        var path = WireFaults.none
        path.delay = .milliseconds(50)
        path.rate = 300_000_000
        let pair = StackPair(wire: LossyWire(faults: path, random: SplitMix64(seed: 1)), ends: ends)
        try pair.connect()
        var filledAt = Instant.distantFuture
        var complaints: Set<String> = []
        let isDone = pair.run { pair in
            guard let sender = pair.ends[0].status, sender.state.isSynchronized else { return false }
            let wanted = min(sender.congestionWindow, Self.bandwidthDelayProduct)
            if sender.sendWindow < wanted { complaints.insert("the window is \(sender.sendWindow) of \(wanted)") }
            let isLimited = sender.sendBufferLimit < ConnectionOptions().maximumSendBufferBytes
            if sender.queuedBytes == 0, isLimited, !pair.ends[0].hasClosed { complaints.insert("nothing is queued") }
            if sender.sendNext - sender.sendUnacknowledged >= Self.bandwidthDelayProduct {
                filledAt = min(filledAt, pair.now)
            }
            return pair.ends.allSatisfy(\.hasSeenEnd)
        }
        #expect(isDone)
        #expect(complaints == [])
        #expect(pair.ends[1].received == sending)
        // A handshake, and from ten segments eight doublings; the ninth round fills the path.
        #expect(filledAt < .origin + .milliseconds(1_100))
        #expect(pair.ends[0].stack.counters.segmentsRetransmitted == 0)
    }

    // MARK: Attempts to make it stall

    /// What a seed makes of a pair: readers that dawdle, windows of any scale, memory that comes and goes.
    private struct Plan {
        var random: SplitMix64
        let count: Int
        let isTiny: Bool

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
            isTiny = seed % 5 == 0
            count = isTiny ? Int.random(in: 500...1_500, using: &random) : Int.random(in: 1...200_000, using: &random)
        }

        mutating func options() -> ConnectionOptions {
            var options = ConnectionOptions()
            options.timestamps = Bool.random(using: &random)
            options.selectiveAcknowledgment = Bool.random(using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: options.windowScale = nil
            case 1: options.windowScale = 0
            case 2: options.windowScale = 14
            default: break
            }
            options.noDelay = isTiny || Bool.random(using: &random)
            options.corked = Int.random(in: 0..<4, using: &random) == 0
            options.sendBufferBytes = [1, 1_000, 5_000, 100_000].randomElement(using: &random) ?? 1
            options.maximumSendBufferBytes = [1_000, 50_000, 1 << 20].randomElement(using: &random) ?? 1
            options.receiveBufferBytes = [1, 100, 3_000, 20_000, 200_000].randomElement(using: &random) ?? 1
            options.maximumReceiveBufferBytes = [1, 10_000, 200_000, 6 << 20].randomElement(using: &random) ?? 1
            options.dataTimeout = .seconds(10_000)
            // A delayed acknowledgment must not look like a loss on a path that is nearly as long.
            options.minimumRTO = .seconds(1)
            if options.receiveBufferBytes == 1 || options.sendBufferBytes == 1 {
                // Byte by byte it would take all day.
                options.receiveBufferBytes = max(options.receiveBufferBytes, isTiny ? 1 : 2_000)
                options.sendBufferBytes = max(options.sendBufferBytes, isTiny ? 1 : 2_000)
            }
            return options
        }

        mutating func end(_ index: Int, budget: Int?) -> StackEnd {
            let options = options()
            var habits = StackEnd.Habits()
            habits.piece = isTiny ? 1 : Int.random(in: 1_000...60_000, using: &random)
            habits.readPiece = [1, 7, 1_000, 70_000].randomElement(using: &random)
            if !isTiny { habits.readPiece = habits.readPiece.map { max($0, 200) } }
            habits.naps = [0, 5, 300].randomElement(using: &random) ?? 0
            habits.longestNap = .milliseconds([2, 300, 3_000].randomElement(using: &random) ?? 2)
            return StackEnd(
                address: StackPair.addresses[index],
                configure: { configuration in
                    configuration.defaultConnectionOptions = options
                    if let budget { configuration.limits.bufferBytes = budget }
                }, habits: habits, sending: AutotuningPairTests.stream(index == 0 ? count : 0),
                random: SplitMix64(seed: random.next()))
        }

        mutating func pair(budget: Int? = nil, lost: Int = 0) -> StackPair {
            var faults = WireFaults.none
            faults.delay = .milliseconds(Int64.random(in: 0...100, using: &random))
            faults.lost = lost
            if Bool.random(using: &random) { faults.rate = Int64.random(in: 20_000_000...500_000_000, using: &random) }
            let ends = [end(0, budget: budget), end(1, budget: budget)]
            return StackPair(wire: LossyWire(faults: faults, random: SplitMix64(seed: random.next())), ends: ends)
        }
    }

    /// The stream has arrived whole and the connection has ended well.
    private func finish(_ pair: StackPair, count: Int, _ watch: (StackPair) -> Void = { _ in }) {
        let isDone = pair.run(steps: 2_000_000) { pair in
            watch(pair)
            return pair.ends.allSatisfy { $0.isOver && $0.hasSeenEnd }
        }
        #expect(isDone, "stuck at \(pair.now): \(pair.ends.map { String(describing: $0.status) })")
        #expect(pair.ends.flatMap(\.complaints) == [])
        #expect(pair.ends[1].received == Self.stream(count))
        #expect(pair.ends.map(\.status?.closeReason) == [.closed, .closed])
    }

    @Test(
        "readers that dawdle, stop and resume, read byte by byte or send so, never make a connection stall",
        .requirement("RFC9293 SHLD-14"), .requirement("RFC9293 MUST-39"), arguments: 0..<60 as Range<UInt64>)
    func slowReaders(seed: UInt64) throws {
        var plan = Plan(seed: seed)
        let pair = plan.pair()
        try pair.connect()
        var edges = [SequenceNumber?](repeating: nil, count: 2)
        finish(pair, count: plan.count) { pair in
            for (index, end) in pair.ends.enumerated() {
                guard let status = end.status, status.state.isSynchronized else { continue }
                let edge = status.receiveNext + status.receiveWindow
                if let before = edges[index] { expectEqual(edge.isBefore(before), false, "a window was withdrawn") }
                edges[index] = edge
            }
        }
        // Nothing is lost on this wire, so nobody has to time out, and nothing that was promised may be refused. Only a probe may ask
        // what became of an acknowledgment that the peer held back, and arrive twice.
        let probes = pair.ends.reduce(0) { $0 + $1.stack.counters.tailLossProbes }
        for end in pair.ends {
            #expect(end.stack.counters.segmentsRetransmitted <= end.stack.counters.tailLossProbes)
            #expect(end.stack.counters.retransmissionTimeouts == 0)
            #expect(end.stack.counters[.noBuffer] == 0)
            #expect(end.stack.counters[.outsideWindow] <= probes)
        }
    }

    @Test(
        "memory that comes and goes holds a connection up only while there is none",
        arguments: 1_000..<1_050 as Range<UInt64>)
    func shrinkingMemory(seed: UInt64) throws {
        var plan = Plan(seed: seed)
        let budget = 1 << Int.random(in: 15...21, using: &plan.random)
        let pair = plan.pair(budget: budget, lost: seed % 2 == 0 ? 0 : 20)
        try pair.connect()
        var random = plan.random
        let taken = Taken()
        var changesAt = Instant.origin
        finish(pair, count: plan.count) { pair in
            guard pair.now >= changesAt else { return }
            changesAt = pair.now + .milliseconds(Int64.random(in: 1...500, using: &random))
            let end = pair.ends[Int.random(in: 0...1, using: &random)]
            taken.giveBack()
            // After a minute there is enough for ever.
            guard pair.now < .origin + .seconds(60) else { return }
            taken.take(Int.random(in: 1...budget, using: &random), from: end)
        }
        taken.giveBack()
    }

    /// Memory that others use.
    private final class Taken {
        private var ring = SequenceRing()
        private var owner: StackEnd?

        func take(_ byteCount: Int, from end: StackEnd) {
            var bytes = byteCount
            while bytes > 0,
                !ring.reserve(bytes, keeping: 0, from: SequenceNumber(0), pool: &end.stack.environment.pool)
            {
                bytes /= 2
            }
            owner = end
        }

        func giveBack() {
            if let owner { ring.release(to: &owner.stack.environment.pool) }
            owner = nil
        }
    }
}
