import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Echoing congestion marks (RFC 3168 §6.1.3)")
struct CongestionEchoTests {
    private static let ce = ECNCodepoint.congestionExperienced
    private static let ect = ECNCodepoint.capable0

    @Test(
        "a mark is acknowledged at once and echoed on every segment until CWR comes", .requirement("RFC9293 SHLD-8"),
        .requirement("RFC3168 §6.1.3"))
    func echo() throws {
        let script = SegmentScript.withECN()
        try script.leaveQuickMode()
        script.peer([.psh, .ack], length: 10, ecn: Self.ect)
        script.expectNothing()
        script.peer([.psh, .ack], length: 10, ecn: Self.ce)
        script.expect([.ack, .ece], seq: 5001, ecn: 0)
        // Neither a bare acknowledgment nor unmarked text ends it.
        script.peer([.psh, .ack], length: 10, ecn: Self.ect)
        script.peer(.ack)
        script.expectNothing()
        script.advance(by: .milliseconds(40))
        script.expect([.ack, .ece])
        try script.send("abc")
        script.expect([.psh, .ack, .ece], seq: 5001, length: 3, ecn: Self.ect)
        script.peer([.psh, .ack, .cwr], length: 10, ecn: Self.ect)
        script.expect(.ack, seq: 5004)
        try script.send("abc")
        script.expect([.psh, .ack], "abc")
        #expect(script.stack.counters.congestionMarksReceived == 1)
    }

    @Test("a mark on the segment that carries CWR is a new one", .requirement("RFC3168 §6.1.3"))
    func markedCWR() {
        let script = SegmentScript.withECN()
        script.peer([.psh, .ack], length: 10, ecn: Self.ce)
        script.expect([.ack, .ece])
        script.peer([.psh, .ack, .cwr], length: 10, ecn: Self.ce)
        script.expect([.ack, .ece])
        script.peer([.psh, .ack], length: 10, ecn: Self.ect)
        script.expect([.ack, .ece])
        #expect(script.stack.counters.congestionMarksReceived == 2)
    }

    @Test("CWR without text ends nothing", .requirement("RFC3168 §6.1.3"))
    func bareCWR() {
        let script = SegmentScript.withECN()
        script.peer([.psh, .ack], length: 10, ecn: Self.ce)
        script.expect([.ack, .ece])
        script.peer([.ack, .cwr])
        script.peer([.psh, .ack], length: 10)
        script.expect([.ack, .ece])
    }

    @Test("a mark on a segment beyond a gap is echoed at once", .requirement("RFC3168 §6.1.3"))
    func beyondGap() {
        let script = SegmentScript.withECN()
        script.peer([.psh, .ack], seq: 1_101, length: 10, ecn: Self.ce)
        script.expect([.ack, .ece], ack: 1_001)
        script.expectNothing()
    }

    @Test(
        "a mark outside the window is ignored", .requirement("RFC3168 §6.1.5"),
        arguments: [901, 1_001 - 10, 1_001 + 600_000] as [UInt32])
    func outsideWindow(seq: UInt32) {
        let script = SegmentScript.withECN()
        script.peer([.psh, .ack], seq: seq, length: 10, ecn: Self.ce)
        script.expectDrop(.outsideWindow)
        script.expect(.ack, ack: 1_001)
        script.peer([.psh, .ack], length: 10)
        script.expect(.ack)
        #expect(script.stack.counters.congestionMarksReceived == 0)
    }

    @Test("a mark on a bare acknowledgment is ignored", .requirement("RFC3168 §6.1.4"))
    func bareAcknowledgment() throws {
        let script = SegmentScript.withECN()
        script.peer(.ack, ecn: Self.ce)
        script.expectNothing()
        try script.send("abc")
        script.expect([.psh, .ack], "abc")
        #expect(script.stack.counters.congestionMarksReceived == 0)
    }

    @Test("without ECN a mark on text is ignored", .requirement("RFC3168 §6.1.3"))
    func notNegotiated() {
        let script = SegmentScript.established()
        script.peer([.psh, .ack], length: 10, ecn: Self.ce)
        script.expect(.ack)
        #expect(script.stack.counters.congestionMarksReceived == 0)
    }

    @Test("the text that completes the handshake can carry a mark", .requirement("RFC3168 §6.1.3"))
    func withHandshake() {
        let script = SegmentScript(listening: 9877, options: .plainWithECN)
        script.peer(.ecnSyn)
        script.expect(.ecnSynAck)
        script.peer([.psh, .ack], "abc", ecn: Self.ce)
        script.expect([.ack, .ece], ack: 1_004)
    }

    @Test("a retransmission carries the echo, but no ECT", .requirement("RFC3168 §6.1.5"))
    func retransmission() throws {
        let script = SegmentScript.withECN()
        script.peer([.psh, .ack], length: 10, ecn: Self.ce)
        script.expect([.ack, .ece])
        try script.send("abc")
        script.expect([.psh, .ack, .ece], seq: 5001, length: 3, ecn: Self.ect)
        script.advance(by: .milliseconds(200))
        script.expect([.psh, .ack, .ece], seq: 5001, length: 3, ecn: 0)
    }
}
