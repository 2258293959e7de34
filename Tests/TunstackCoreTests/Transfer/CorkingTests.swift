import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Corking: what the application holds back")
struct CorkingTests {
    private func corked() -> SegmentScript {
        .transfer(
            options: .plain {
                $0.corked = true
                $0.noDelay = true
            })
    }

    @Test("what is followed by more waits for it, and leaves together with it")
    func more() throws {
        let script = SegmentScript.transfer()
        try script.send("head ", flags: .more)
        script.expectNothing()
        script.advance(by: .milliseconds(199))
        script.expectNothing()
        try script.send("body")
        script.expect([.psh, .ack], "head body")
    }

    @Test("full segments leave while more follows, and only the rest waits")
    func fullSegments() throws {
        let script = SegmentScript.transfer()
        try script.send(bytes: StreamBytes.at(0, count: 2_300), flags: .more)
        script.expectStream(5_001...7_000)
        script.expectNothing()
        try script.send(bytes: StreamBytes.at(2_300, count: 900), flags: .more)
        script.expectStream(7_001...8_000)
        try script.send(bytes: [])
        script.expectStream(8_001...8_200, pushed: true)
    }

    @Test("what waits for more that does not come leaves after 200 ms, and the next that waits gets as long")
    func patience() throws {
        let script = SegmentScript.transfer(options: .plain { $0.noDelay = true })
        try script.send("a", flags: .more)
        script.advance(by: .milliseconds(150))
        try script.send("b", flags: .more)
        script.advance(by: .milliseconds(49))
        script.expectNothing()
        script.advance(by: .milliseconds(1))
        script.expect([.psh, .ack], "ab", at: .milliseconds(200))
        script.peer(.ack)
        script.advance(by: .milliseconds(500))
        try script.send("c", flags: .more)
        script.advance(by: .milliseconds(199))
        script.expectNothing()
        script.advance(by: .milliseconds(1))
        script.expect([.psh, .ack], "c", at: .milliseconds(900))
    }

    @Test("a full segment that leaves begins a new wait for the rest")
    func waitBeginsAnew() throws {
        let script = SegmentScript.transfer()
        try script.send(bytes: StreamBytes.at(0, count: 900), flags: .more)
        script.advance(by: .milliseconds(150))
        try script.send(bytes: StreamBytes.at(900, count: 300), flags: .more)
        script.expectStream(5_001...6_000)
        script.peer(.ack)
        script.advance(by: .milliseconds(199))
        script.expectNothing()
        script.advance(by: .milliseconds(1))
        script.expectStream(6_001...6_200, pushed: true, at: .milliseconds(350))
    }

    @Test("a corked connection sends full segments only, until the cork is pulled")
    func cork() throws {
        let script = corked()
        try script.send(count: 300)
        try script.send(count: 300)
        script.expectNothing()
        try script.send(count: 600)
        script.expectStream(5_001...6_000)
        script.expectNothing()
        try script.setOptions { $0.corked = false }
        script.expectStream(6_001...6_200, pushed: true)
        try script.send(count: 1)
        script.expectStream(6_201...6_201, pushed: true)
    }

    @Test("what is held back leaves with a close, before the FIN")
    func close() throws {
        let script = corked()
        try script.send("last words", flags: .more)
        script.expectNothing()
        try script.close()
        script.expect([.fin, .psh, .ack], "last words")
    }

    @Test("what is held back leaves although the peer's window has no room for the FIN")
    func closeWithoutRoom() throws {
        let script = corked()
        script.peer(.ack, win: 10)
        try script.send("last words")
        script.expectNothing()
        try script.close()
        script.expect([.psh, .ack], "last words")
        script.peer(.ack, win: 10)
        script.expect([.fin, .ack])
    }

    @Test("what is held back leaves when the application lets go")
    func release() throws {
        let script = corked()
        try script.send("last words")
        script.expectNothing()
        script.release()
        script.expect([.fin, .psh, .ack], "last words")
        script.peer([.rst, .ack])
    }

    @Test("a full buffer is not held back: its owner could not add to it")
    func fullBuffer() throws {
        let script = SegmentScript.transfer(
            options: .plain {
                $0.sendBufferBytes = 600
                $0.maximumSendBufferBytes = 600
            })
        #expect(try script.send(bytes: StreamBytes.at(0, count: 1_000), flags: .more) == 600)
        script.expectStream(5_001...5_600, pushed: true)
        script.peer(.ack)
        script.expectEvents([.writable, .sendsAcknowledged])
    }

    @Test("a closed window is probed although the data behind it is held back")
    func closedWindow() throws {
        let script = corked()
        script.peer(.ack, win: 0)
        try script.send("held", flags: .more)
        script.advance(by: .seconds(3))
        let probes = script.takeAllSent()
        #expect(probes.first?.payload.count == 1)
        script.peer(.ack, win: 1_000)
        script.advance(by: .milliseconds(200))
        #expect(script.takeAllSent().isEmpty == false)
    }

    @Test("acknowledgments do not wait with the data")
    func acknowledgments() throws {
        let script = corked()
        try script.send("held")
        script.peer([.psh, .ack], "hello")
        script.expect(.ack, ack: 1_006)
        script.advance(by: .milliseconds(200))
        script.expect([.psh, .ack], "held")
    }
}
