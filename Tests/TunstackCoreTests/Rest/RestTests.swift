import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Connections at rest")
struct RestTests {
    @Test("after a transfer a connection has given everything back but its record")
    func givesBack() throws {
        let script = SegmentScript.transfer()
        #expect(script.stack.connectionsAtWork == 0)
        try script.send("abc")
        script.expect([.psh, .ack], "abc")
        #expect(script.stack.connectionsAtWork == 1)
        #expect(script.stack.bufferBytesInUse > 0)
        script.peer(.ack)
        script.expectEvents(.sendsAcknowledged)
        #expect(script.stack.connectionsAtWork == 0)
        #expect(script.stack.bufferBytesInUse == 0)
        #expect(script.stack.connections.count == 1)
        script.expectState(.established)
    }

    @Test("a connection works until what has arrived is read and what is owed has left")
    func owed() throws {
        let script = SegmentScript.transfer()
        for _ in 0..<20 {
            script.peer([.psh, .ack], "x")
            #expect(script.stack.connectionsAtWork == 1)
            let text = try script.receive().bytes
            #expect(text == Array("x".utf8))
            script.advance(by: .milliseconds(100))
            #expect(script.stack.connectionsAtWork == 0)
        }
        script.takeAllSent()
        script.takeAllEvents()
    }

    @Test("to look at a connection does not wake it")
    func look() throws {
        let script = SegmentScript.transfer()
        let id = try #require(script.connection)
        #expect(script.status?.state == .established)
        #expect(script.count(.established) == 1)
        #expect(script.stack.key(of: id) == script.key)
        #expect(script.stack.readableBytes(on: id) == 0)
        let options = try script.stack.options(of: id)
        #expect(options == .plain { $0.maximumSegmentSize = 1_000 })
        #expect(script.stack.connectionsAtWork == 0)
    }

    @Test("options that are changed hold after the rest, and a set that nobody has any more is forgotten")
    func options() throws {
        let script = SegmentScript.transfer()
        let id = try #require(script.connection)
        var options = try script.stack.options(of: id)
        options.timeToLive = 7
        options.keepAlive = KeepAlive()
        try script.stack.setOptions(options, of: id, at: script.now)
        script.advance(by: .milliseconds(1))
        #expect(script.stack.connectionsAtWork == 0)
        #expect(try script.stack.options(of: id) == options)
        try script.send("a")
        let packet = script.takeAllSent().first
        #expect(packet?.ip.timeToLive == 7)
        script.peer(.ack)
        script.takeAllEvents()
    }

    @Test("a keep-alive timer runs on while the connection rests, and is all that it has in the wheel")
    func keepAlive() throws {
        let script = SegmentScript.transfer(options: .plain { $0.keepAlive = KeepAlive() })
        #expect(script.stack.connectionsAtWork == 0)
        #expect(script.stack.nextDeadline != nil)
        script.at(.seconds(7_199))
        script.expectNothing()
        #expect(script.stack.connectionsAtWork == 0)
        script.at(.seconds(7_200))
        script.expect(.ack, seq: 5_000, ack: 1_001)
        script.peer(.ack)
        #expect(script.stack.connectionsAtWork == 0)
    }

    @Test("half-closed connections rest too, and the other direction goes on afterwards")
    func halfClosed() throws {
        let script = SegmentScript.transfer()
        script.peer([.fin, .ack])
        script.expect(.ack)
        script.takeAllEvents()
        script.expectState(.closeWait)
        #expect(script.stack.connectionsAtWork == 0)
        try script.send("late")
        script.expect([.psh, .ack], "late")
        script.peer(.ack)
        script.takeAllEvents()
        #expect(script.stack.connectionsAtWork == 0)
        try script.close()
        script.expect([.fin, .ack])
        script.peer(.ack)
        script.takeAllEvents()
        script.expectState(.closed)
    }

    @Test("connections that had something to do last stay ready; the one that was first to have nothing rests")
    func ready() throws {
        let script = SegmentScript(listening: 9877) { $0.limits.readyConnections = 2 }
        for port in 1...5 as ClosedRange<UInt16> {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.expect([.syn, .ack])
            script.peer(.ack)
            script.accept()
            script.takeAllEvents()
            #expect(script.stack.connectionsAtWork == min(2, Int(port)))
        }
        let ids = (0..<5).map { script.stack.id(of: $0) }
        // One that is gone leaves a place that nobody has to rest for.
        script.stack.abort(ids[4], at: script.now)
        script.stack.release(ids[4], at: script.now)
        #expect(script.stack.connectionsAtWork == 1)
        for id in [ids[0], ids[1], ids[2]] {
            _ = try Array("x".utf8).withRawSpan { span throws(ConnectionError) in
                try script.stack.send(span, on: id, at: script.now)
            }
        }
        script.drain()
        for port in 1...3 as ClosedRange<UInt16> {
            script.connect(fromPort: port)
            script.peer(.ack)
        }
        script.takeAllSent()
        script.takeAllEvents()
        #expect(script.stack.connectionsAtWork == 2)
        #expect(script.stack.bufferBytesInUse == 0)
    }

    @Test("after a loss a connection rests once no report can be about it any more")
    func aftermath() throws {
        let script = SegmentScript.transfer()
        try script.send("abc")
        script.expect([.psh, .ack], "abc")
        script.at(.milliseconds(200))
        script.expect([.psh, .ack], "abc")
        script.peer(.ack)
        script.takeAllEvents()
        // The answer may have been that to the first. Nothing was measured, so the RTO is still that of a time-out: 400 ms.
        script.advance(by: .milliseconds(799))
        #expect(script.stack.connectionsAtWork == 1)
        script.advance(by: .milliseconds(1))
        #expect(script.stack.connectionsAtWork == 0)
        #expect(script.stack.nextDeadline == nil)
    }

    @Test("the memory of many that worked at a time goes back to the system")
    func burst() throws {
        let script = SegmentScript(listening: 9877)
        var ids: [ConnectionID] = []
        for port in 0..<1_000 as Range<UInt16> {
            script.connect(fromPort: 10_000 + port)
            script.peer(.syn)
            script.expect([.syn, .ack])
            script.peer(.ack)
            script.accept()
            ids.append(try #require(script.connection))
        }
        script.takeAllEvents()
        #expect(script.stack.connectionsAtWork == 0)
        let text = Array("x".utf8)
        for id in ids {
            _ = try text.withRawSpan { span throws(ConnectionError) in
                try script.stack.send(span, on: id, at: script.now)
            }
        }
        #expect(script.stack.connectionsAtWork == 1_000)
        script.drain()
        for port in 0..<1_000 as Range<UInt16> {
            script.connect(fromPort: 10_000 + port)
            script.peer(.ack)
        }
        script.takeAllSent()
        script.takeAllEvents()
        #expect(script.stack.connectionsAtWork == 0)
        #expect(script.stack.bufferBytesInUse == 0)
        #expect(script.stack.connections.roomForWork <= 128)
    }

    @Test("a connection that nobody has accepted does not rest, for somebody is to be told of it")
    func notAccepted() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn)
        script.expect([.syn, .ack])
        script.peer(.ack)
        #expect(script.stack.connectionsAtWork == 1)
        script.accept()
        #expect(script.stack.connectionsAtWork == 0)
    }

    @Test("progress that the peer has had no part in is not forgotten: the application lets go")
    func letGo() throws {
        let script = SegmentScript.transfer()
        try script.close()
        script.expect([.fin, .ack])
        script.peer(.ack)
        script.takeAllEvents()
        script.expectState(.finWait2)
        #expect(script.stack.connectionsAtWork == 0)
        script.advance(by: .seconds(1))
        script.release()
        #expect(script.stack.connectionsAtWork == 1)
    }
}

@Suite("A rest changes nothing")
struct RestEquivalenceTests {
    private static let stream = StreamBytes.at(0, count: 30_000)

    /// Two applications that send with pauses, over a wire that a seed makes faulty: the packets in one number, and whether one of the ends
    /// was at rest at some time.
    private func converse(seed: UInt64, _ congestion: CongestionAlgorithm, rests: Bool) throws -> (UInt64, Bool) {
        var random = SplitMix64(seed: seed)
        var options = ConnectionOptions()
        options.congestion = congestion
        options.timestamps = Bool.random(using: &random)
        options.selectiveAcknowledgment = Int.random(in: 0..<4, using: &random) > 0
        options.ecn = Bool.random(using: &random)
        options.keepAlive = Bool.random(using: &random) ? KeepAlive() : nil
        options.slowStartExit = Bool.random(using: &random) ? .hyStart : .hyStartPlusPlus
        options.reducesFromWindow = Bool.random(using: &random)
        options.timesEverySegment = Bool.random(using: &random)
        options.pushesBursts = Bool.random(using: &random)
        var faults = WireFaults.none
        faults.lost = Int.random(in: 0...60, using: &random)
        faults.doubled = Int.random(in: 0...60, using: &random)
        faults.heldUp = Int.random(in: 0...100, using: &random)
        faults.delay = .milliseconds(Int64.random(in: 0...80, using: &random))
        var habits = StackEnd.Habits()
        habits.pauses = Int.random(in: 200...900, using: &random)
        let ends = (0..<2).map { index in
            habits.piece = Int.random(in: 100...4_000, using: &random)
            return StackEnd(
                address: StackPair.addresses[index],
                configure: {
                    $0.defaultConnectionOptions = options
                    $0.limits.readyConnections = rests ? 0 : .max
                },
                habits: habits, sending: Self.stream, random: SplitMix64(seed: random.next()))
        }
        let pair = StackPair(wire: LossyWire(faults: faults, random: SplitMix64(seed: random.next())), ends: ends)
        try pair.connect()
        var hasRested = false
        let isDone = pair.run { pair in
            hasRested =
                hasRested || pair.ends.contains { $0.stack.connections.count == 1 && $0.stack.connectionsAtWork == 0 }
            return pair.ends.allSatisfy { $0.isOver && $0.hasSeenEnd }
        }
        #expect(isDone)
        for end in pair.ends {
            #expect(end.complaints == [])
            #expect(end.received == Self.stream)
        }
        return (pair.fingerprint, hasRested)
    }

    @Test(
        "every packet leaves at the same time with the same bytes, whether connections rest or not",
        arguments: CongestionAlgorithm.allCases, 0..<40 as Range<UInt64>)
    func same(congestion: CongestionAlgorithm, seed: UInt64) throws {
        let (resting, hasRested) = try converse(seed: seed, congestion, rests: true)
        let (working, hasRestedAnyway) = try converse(seed: seed, congestion, rests: false)
        #expect(resting == working)
        #expect(hasRested)
        #expect(!hasRestedAnyway)
    }
}

@Suite("Options of all connections")
struct OptionsTableTests {
    @Test("a set is kept once, however many have it, and for as long as one has it")
    func shared() {
        var table = OptionsTable()
        let plain = table.retain(.plain)
        let again = table.retain(.plain)
        var other = ConnectionOptions.plain
        other.noDelay = true
        let changed = table.retain(other)
        #expect(plain == again)
        #expect(plain != changed)
        #expect(table.count == 2)
        table.release(plain)
        #expect(table[again] == .plain)
        table.release(again)
        #expect(table.count == 1)
        let reused = table.retain(ConnectionOptions())
        #expect(reused == plain)
        #expect(table[reused] == ConnectionOptions())
        #expect(table[changed] == other)
    }
}
