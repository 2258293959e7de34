import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Nagle's algorithm (RFC 9293 §3.7.4)")
struct NagleTests {
    @Test(
        "small writes are gathered while data is in flight, and leave together with its acknowledgment",
        .requirement("RFC9293 SHLD-7"), .requirement("RFC9293 MAY-16"))
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
