import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Nagle's algorithm (RFC 9293 §3.7.4)")
struct NagleTests {
    @Test(
        "small writes are gathered while data is in flight, and leave together with its acknowledgment",
        .requirement("RFC9293 SHLD-7"), .requirement("RFC9293 MAY-16"), .requirement("RFC9293 SHLD-27"))
    func gathers() throws {
        let script = SegmentScript.transfer()
        try script.send("a")
        script.expect([.psh, .ack], "a")
        try script.send("b")
        try script.send("c")
        script.expectNothing()
        script.peer(.ack)
        script.expect([.psh, .ack], "bc")
    }

    @Test("a full segment does not wait")
    func fullSegmentGoes() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 1)
        script.expectStream(5_001...5_001, pushed: true)
        try script.send(count: 999)
        script.expectNothing()
        try script.send(count: 1)
        script.expectStream(5_002...6_001, pushed: true)
    }

    @Test(
        "the end of a long message does not wait for full segments: only an earlier small one holds it back",
        .requirement("RFC9293 SHLD-7"))
    func endOfMessage() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 2_300)
        script.expectStream(5_001...7_300, pushed: true)
        // The next end has a small segment before it.
        try script.send(count: 1_300)
        script.expectStream(7_301...8_300)
        script.expectNothing()
        // It is acknowledged, though not all that was sent.
        script.peer(.ack, ack: 7_301)
        script.expectStream(8_301...8_600, pushed: true)
    }

    @Test("a question that is written in two pieces, the first of them long, is answered at once, not after 40 ms")
    func writeWriteRead() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 2_000)
        script.expectStream(5_001...7_000, pushed: true)
        try script.send(count: 500)
        script.expectStream(7_001...7_500, pushed: true, at: .zero)
        // The peer acknowledges with its answer; nothing had to wait for that.
        script.peer([.psh, .ack], "answer")
        script.expect(.ack)
    }

    @Test("small segments stay few however long a connection lives")
    func markMovesAlong() throws {
        let script = SegmentScript.transfer()
        try script.send("a")
        script.expect([.psh, .ack], "a")
        script.peer(.ack)
        for _ in 0..<3 {
            try script.send(count: 3_000)
            script.takeAllSent()
            script.peer(.ack)
        }
        try script.send("b")
        script.expect([.psh, .ack], "b")
        try script.send("c")
        script.expectNothing()
        script.peer(.ack)
        script.expect([.psh, .ack], "c")
    }

    @Test("an application can turn it off, for one connection", .requirement("RFC9293 MUST-17"))
    func off() throws {
        let script = SegmentScript.transfer(options: .plain { $0.noDelay = true })
        for text in ["a", "b", "c"] {
            try script.send(text)
            script.expect([.psh, .ack], text)
        }
    }

    @Test("turning it off sets free what was held", .requirement("RFC9293 MUST-17"))
    func turnedOff() throws {
        let script = SegmentScript.transfer()
        try script.send("a")
        script.expect([.psh, .ack], "a")
        try script.send("b")
        script.expectNothing()
        try script.setOptions { $0.noDelay = true }
        script.expect([.psh, .ack], "b")
    }

    @Test("a close sets free what was held")
    func closing() throws {
        let script = SegmentScript.transfer()
        try script.send("a")
        script.expect([.psh, .ack], "a")
        try script.send("b")
        try script.close()
        script.expect([.fin, .psh, .ack], "b")
    }
}
