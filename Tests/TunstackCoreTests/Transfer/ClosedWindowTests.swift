import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("A closed receive window (RFC 9293 §3.10.7.4)")
struct ClosedWindowTests {
    /// A connection with data in flight whose receive window is closed; the peer's next number is 3001.
    private func closed() throws -> SegmentScript {
        let script = SegmentScript.transfer(options: .plain { $0.receiveBufferBytes = 2_000 })
        try script.send("data")
        script.expect([.psh, .ack], "data")
        script.batch { for _ in 0..<2 { script.peer(.ack, ack: 5_001, length: 1_000) } }
        script.expect(.ack, ack: 3_001, win: 0)
        script.takeAllEvents()
        return script
    }

    @Test("an acknowledgment counts", .requirement("RFC9293 MUST-66"))
    func acknowledgment() throws {
        let script = try closed()
        script.peer(.ack, ack: 5_005)
        #expect(script.status?.unacknowledgedBytes == 0)
        script.expectDrop(nil)
    }

    @Test(
        "a segment with text is not taken, but its acknowledgment counts, and it is answered",
        .requirement("RFC9293 MUST-66"))
    func text() throws {
        let script = try closed()
        script.peer([.psh, .ack], "x", ack: 5_005)
        script.expect(.ack, ack: 3_001, win: 0)
        #expect(script.status?.unacknowledgedBytes == 0)
        #expect(script.status?.readableBytes == 2_000)
    }

    @Test("a reset counts", .requirement("RFC9293 MUST-66"))
    func reset() throws {
        let script = try closed()
        script.peer(.rst, seq: 3_001)
        script.expectState(.closed)
        script.expectCloseReason(.resetByPeer)
    }

    @Test("an urgent pointer counts", .requirement("RFC9293 MUST-66"))
    func urgent() throws {
        let script = try closed()
        script.peer([.urg, .psh, .ack], "x", ack: 5_005, urg: 1)
        script.expect(.ack, ack: 3_001, win: 0)
        #expect(script.takeEvents().contains(.urgent))
        #expect(script.status?.urgentBytes == 2_001)
    }

    @Test("a probe is answered with the window as it is", .requirement("RFC9293 MUST-37"))
    func probe() throws {
        let script = try closed()
        for _ in 0..<3 {
            script.peer([.psh, .ack], "x", seq: 3_001, ack: 5_005)
            script.expect(.ack, ack: 3_001, win: 0)
        }
        _ = try script.receive()
        script.expect(.ack, ack: 3_001, win: 2_000)
        script.peer([.psh, .ack], "x", seq: 3_001, ack: 5_005)
        script.expect(.ack, ack: 3_002)
        #expect(try script.read() == "x")
    }

    @Test("a FIN without text needs no room, but waits for what comes before it")
    func fin() throws {
        let script = try closed()
        script.peer([.fin, .ack], ack: 5_005)
        script.expect(.ack, ack: 3_002)
        script.expectState(.closeWait)
    }
}
