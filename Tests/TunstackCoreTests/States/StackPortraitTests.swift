import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

/// The check of the state space takes two stacks with the same portrait for the same.
@Suite("Portraits of stacks")
struct StackPortraitTests {
    private static func index(_ script: SegmentScript) throws -> Int { Int(try #require(script.connection).index) }

    @Test("a variable of a connection that is different makes another portrait")
    func variables() throws {
        let changes: [(name: String, change: (inout Stack, Int) -> Void)] = [
            ("SND.UNA", { $0.connections[$1].snd.una += 1 }),
            ("SND.NXT", { $0.connections[$1].snd.nxt += 1 }),
            ("SND.WL1", { $0.connections[$1].snd.wl1 += 1 }),
            ("RCV.NXT", { $0.connections[$1].rcv.nxt += 1 }),
            ("the phase of a recovery", { $0.connections[$1].recovery.phase = .reducing }),
            (
                "a suspicion",
                { $0.connections[$1].recovery.spurious.beginTimeout(una: SequenceNumber(5_001), isFirst: true) }
            ),
            ("duplicates", { $0.connections[$1].recovery.duplicates += 1 }),
        ]
        for (name, change) in changes {
            let script = SegmentScript.transfer()
            try script.send(count: 1_000)
            script.takeAllSent()
            let before = script.stack.portrait(at: script.now)
            #expect(script.stack.portrait(at: script.now) == before)
            change(&script.stack, try Self.index(script))
            #expect(script.stack.portrait(at: script.now) != before, "\(name)")
        }
    }

    @Test("time that a timer has left makes another portrait")
    func timers() throws {
        let script = SegmentScript()
        #expect(script.stack.earliestTimer == nil)
        try script.open()
        script.takeAllSent()
        #expect(script.stack.earliestTimer == .origin + .seconds(1))
        #expect(
            script.stack.portrait(at: script.now) != script.stack.portrait(at: script.now + .milliseconds(1)))
    }

    @Test("an answer that a half-open connection has just refused makes another portrait")
    func halfOpen() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn)
        script.takeAllSent()
        let before = script.stack.portrait(at: script.now)
        script.peer(.ack, seq: 0x4000_0000, ack: 5_001)
        script.expect(.ack)
        #expect(script.stack.portrait(at: script.now) != before)
    }

    @Test("a TIME-WAIT that a new connection may displace makes another portrait")
    func timeWait() throws {
        let script = SegmentScript.inState(.timeWait)
        let before = script.stack.portrait(at: script.now)
        let record = try #require(script.stack.timeWaits.indices.first { script.stack.timeWaits.isOccupied($0) })
        script.stack.timeWaits[record].displacedBy = 3
        #expect(script.stack.portrait(at: script.now) != before)
    }
}
