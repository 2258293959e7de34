import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("A window that shrinks (RFC 9293 §3.8.6)")
struct ShrinkingWindowTests {
    /// Four segments are in flight when the peer draws its edge back to where only `win` bytes are allowed.
    private func shrunk(to win: UInt16) throws -> SegmentScript {
        let script = SegmentScript.transfer()
        try script.send(count: 4_000)
        script.expectStream(5_001...9_000, pushed: true)
        script.peer(.ack, ack: 5_001, win: win)
        script.expectNothing()
        return script
    }

    @Test(
        "the usable window is negative then, and nothing new is sent",
        .requirement("RFC9293 MUST-34"), .requirement("RFC9293 SHLD-15"), .requirement("RFC7323 §2.4"))
    func nothingNew() throws {
        let script = try shrunk(to: 1_500)
        try script.send(count: 5_000)
        script.expectNothing()
        script.peer(.ack, ack: 6_001, win: 2_999)
        script.expectNothing()
        script.peer(.ack, ack: 7_001, win: 4_000)
        script.expectStream(9_001...11_000)
    }

    @Test(
        "what was sent before and is still allowed is retransmitted", .requirement("RFC9293 SHLD-16"))
    func retransmitted() throws {
        let script = try shrunk(to: 2_000)
        script.advance(by: .milliseconds(200))
        script.expectStream(5_001...6_000)
        script.peer(.ack, ack: 6_001, win: 1_000)
        script.expectStream(6_001...7_000)
        script.expectNothing()
    }

    @Test(
        "a window shrunk to nothing is probed, and for as long as the peer answers the connection lives",
        .requirement("RFC9293 MUST-35"), .requirement("RFC9293 SHLD-17"), .requirement("RFC9293 MUST-37"),
        .requirement("RFC9293 MAY-7"))
    func shrunkToNothing() throws {
        let script = try shrunk(to: 0)
        var probes = 0
        for _ in 0..<600 {
            script.advance(by: .seconds(1))
            for packet in script.takeAllSent() {
                probes += 1
                // The oldest text, though it lies beyond the edge.
                #expect(packet.tcp?.sequenceNumber == SequenceNumber(5_001) && !packet.payload.isEmpty)
                script.peer(.ack, ack: 5_001, win: 0)
            }
        }
        script.expectState(.established)
        #expect(probes >= 10)
        script.peer(.ack, ack: 9_001, win: 65_535)
        script.takeAllSent()
        try script.send("on we go")
        script.expect([.psh, .ack], "on we go", seq: 9_001)
    }

    @Test(
        "data beyond the shrunken edge does not time the connection out while the peer answers",
        .requirement("RFC9293 SHLD-17"))
    func beyondTheEdge() throws {
        let script = try shrunk(to: 1_000)
        script.advance(by: .milliseconds(200))
        script.expectStream(5_001...6_000)
        script.peer(.ack, ack: 6_001, win: 0)
        for _ in 0..<300 {
            script.advance(by: .seconds(1))
            if !script.takeAllSent().isEmpty { script.peer(.ack, ack: 6_001, win: 0) }
        }
        script.expectState(.established)
    }

    @Test("after it opens again, everything is delivered")
    func opensAgain() throws {
        let script = try shrunk(to: 0)
        for _ in 0..<3 {
            script.advance(by: .seconds(1))
            if !script.takeAllSent().isEmpty { script.peer(.ack, ack: 5_001, win: 0) }
        }
        script.peer(.ack, ack: 5_001, win: 65_535)
        var delivered: UInt32 = 5_001
        for _ in 0..<20 where delivered < 9_001 {
            for packet in script.takeAllSent() {
                guard packet.tcp?.sequenceNumber == SequenceNumber(delivered) else { continue }
                delivered += UInt32(packet.payload.count)
                script.peer(.ack, ack: delivered)
            }
            script.advance(by: .seconds(1))
        }
        script.takeAllSent()
        #expect(delivered == 9_001)
        #expect(script.status?.unacknowledgedBytes == 0)
    }
}
