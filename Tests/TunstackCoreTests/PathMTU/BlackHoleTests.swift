import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Path MTU black holes (RFC 2923, RFC 4821)")
struct BlackHoleTests {
    /// A connection whose full segments carry 1,460 bytes, with so many bytes sent. The RTO is a second.
    private func script(
        sending count: Int = 2_920, mode: PathMTUProbing = .onBlackHole, sack: Bool = false, mss: UInt16 = 1_460
    ) throws -> SegmentScript {
        let script = SegmentScript.established(
            options: .plain {
                $0.pathMTUProbing = mode
                $0.selectiveAcknowledgment = sack
                $0.minimumRTO = .seconds(1)
            }, peerOptions: TCPOptions(maximumSegmentSize: mss, sackPermitted: sack))
        try script.send(bytes: StreamBytes.at(0, count: count))
        script.takeAllSent()
        return script
    }

    /// The text lengths of the repairs that the time-outs up to a time send, and the path MTU then.
    private func repairs(_ script: SegmentScript, until time: Interval) -> (lengths: [Int], pathMTU: Int?) {
        script.at(time)
        return (script.takeAllSent().map(\.payload.count), script.status?.pathMTU)
    }

    @Test("when a full segment times out twice, smaller ones are sent", .requirement("RFC2923 §2.1"))
    func steps() throws {
        let script = try script()
        #expect(repairs(script, until: .milliseconds(1_001)) == ([1_460], 1_500))
        #expect(repairs(script, until: .milliseconds(3_001)) == ([1_240], 1_280))
        #expect(script.stack.counters.pathMTUReductions == 1)
        script.peer(.ack, ack: 5_001 + 1_240)
        let lengths = script.takeAllSent().map(\.payload.count)
        #expect(lengths == [1_240, 440])
        script.peer(.ack)
        #expect(script.status?.unacknowledgedBytes == 0)
        #expect(script.status?.pathMTU == 1_280)
    }

    @Test("if no size helps, it was not the size", .requirement("RFC4821 §7.7"))
    func notTheSize() throws {
        let script = try script()
        #expect(repairs(script, until: .milliseconds(3_001)) == ([1_460, 1_240], 1_280))
        // The window is that of one segment still, of which two fit now.
        #expect(repairs(script, until: .milliseconds(7_001)) == ([536, 536], 576))
        let (lengths, pathMTU) = repairs(script, until: .milliseconds(15_001))
        #expect(pathMTU == 1_500)
        #expect(lengths == [1_072])
        // No more steps for what has tried them all.
        #expect(repairs(script, until: .milliseconds(31_001)).pathMTU == 1_500)
        #expect(script.stack.counters.pathMTUReductions == 2)
    }

    @Test("the time-out itself is all that happens to the window", .requirement("RFC1191 §6.5"))
    func window() throws {
        let script = try script()
        script.at(.milliseconds(1_001))
        let threshold = script.status?.slowStartThreshold
        #expect(repairs(script, until: .milliseconds(3_001)).pathMTU == 1_280)
        #expect(script.status?.slowStartThreshold == threshold)
        #expect(script.status?.maximumSegmentSize == 1_240)
    }

    @Test("a small segment that times out says nothing about sizes", .requirement("RFC4821 §7.7"))
    func smallSegment() throws {
        for (count, mss) in [(1_024, 1_460), (2_048, 1_024)] as [(Int, UInt16)] {
            let script = try script(sending: count, mss: mss)
            #expect(repairs(script, until: .seconds(40)).pathMTU == 1_500)
            #expect(script.stack.counters.pathMTUReductions == 0)
        }
    }

    @Test("off is off", .requirement("RFC4821 §7.7"))
    func off() throws {
        let script = try script(mode: .off)
        let (lengths, pathMTU) = repairs(script, until: .seconds(40))
        #expect(pathMTU == 1_500)
        #expect(lengths.allSatisfy { $0 == 1_460 })
    }

    @Test("progress between time-outs starts the count anew", .requirement("RFC4821 §7.7"))
    func progress() throws {
        let script = try script()
        script.at(.milliseconds(1_001))
        script.takeAllSent()
        script.peer(.ack, ack: 5_001 + 1_460)
        script.takeAllSent()
        script.advance(by: .milliseconds(2_001))
        #expect(script.stack.counters.retransmissionTimeouts == 2)
        #expect(script.status?.pathMTU == 1_500)
        script.takeAllSent()
    }

    @Test("after a black hole a probe tries the old size as soon as data flows", .requirement("RFC4821 §7.2"))
    func probeAfterwards() throws {
        let script = try script(sack: true)
        script.at(.milliseconds(3_500))
        #expect(script.status?.pathMTU == 1_280)
        script.takeAllSent()
        // It may just as well have been an outage.
        for _ in 0..<8 where script.status?.unacknowledgedBytes ?? 0 > 0 {
            script.advance(by: .milliseconds(50))
            script.peer(.ack)
            script.takeAllSent()
        }
        try script.send(bytes: StreamBytes.at(2_920, count: 60_000))
        var lengths = script.takeAllSent().map(\.payload.count)
        for _ in 0..<8 where script.status?.pathMTU == 1_280 {
            script.advance(by: .milliseconds(50))
            script.peer(.ack)
            lengths += script.takeAllSent().map(\.payload.count)
        }
        #expect(script.status?.pathMTU == 1_500)
        #expect(lengths.contains(1_460))
        #expect(script.stack.counters.pathMTUProbes == 1)
    }

    @Test(
        "without selective acknowledgment the old size is believed again after ten minutes",
        .requirement("RFC1191 §6.3"))
    func withoutReports() throws {
        let script = try script()
        script.at(.milliseconds(3_500))
        script.takeAllSent()
        script.peer(.ack)
        script.takeAllSent()
        script.peer(.ack)
        for (time, expected) in [(600, 1_280), (604, 1_500)] as [(Int64, Int)] {
            script.at(.seconds(time))
            try script.send(bytes: [1])
            script.takeAllSent()
            script.peer(.ack)
            #expect(script.status?.pathMTU == expected)
        }
        #expect(script.stack.counters.pathMTUProbes == 0)
    }
}
