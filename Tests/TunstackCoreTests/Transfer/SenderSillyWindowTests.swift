import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Silly-window avoidance at the sender (RFC 9293 §3.8.6.2.1)")
struct SenderSillyWindowTests {
    @Test(
        "a small piece of a larger write is not sent into a small window, until the override timer fires",
        .requirement("RFC9293 MUST-38"))
    func held() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 300)
        try script.send(count: 2_000)
        script.advance(by: .milliseconds(99))
        script.expectNothing()
        script.advance(by: .seconds(1))
        // The override comes after 0.1 to 1 s.
        let packet = script.expect(.ack, seq: 5_001, length: 300)
        let time = try #require(packet?.time)
        #expect(time >= .origin + .milliseconds(100) && time <= .origin + .seconds(1))
        script.takeAllSent()
    }

    @Test("all that is queued is sent if it fits, however small", .requirement("RFC9293 MUST-38"))
    func allFits() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 300)
        try script.send(count: 200)
        script.expectStream(5_001...5_200, pushed: true)
    }

    @Test("half of the largest window that the peer ever had is enough", .requirement("RFC9293 MUST-38"))
    func halfOfLargest() throws {
        let script = SegmentScript.transfer(peerWindow: 800)
        script.peer(.ack, win: 399)
        try script.send(count: 2_000)
        script.expectNothing()
        script.peer(.ack, win: 400)
        script.expectStream(5_001...5_400)
    }

    @Test("a full segment goes as soon as the window has room for it", .requirement("RFC9293 MUST-38"))
    func fullSegment() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 999)
        try script.send(count: 2_000)
        script.expectNothing()
        script.peer(.ack, win: 1_000)
        script.expectStream(5_001...6_000)
    }

    @Test(
        "the override comes although the peer keeps sending and announcing the same small window",
        .requirement("RFC9293 MUST-38"))
    func overrideIsNotPostponed() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 300)
        try script.send(count: 2_000)
        for _ in 0..<40 {
            script.advance(by: .milliseconds(50))
            script.peer([.psh, .ack], win: 300, length: 1)
        }
        let texts = script.takeAllSent().filter { !$0.payload.isEmpty }
        #expect(texts.first?.payload.count == 300)
        #expect(texts.first.map { $0.time <= .origin + .seconds(1) } == true)
    }
}
