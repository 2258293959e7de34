import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("The application lets go (RFC 9293 §3.6.1)")
struct ReleaseTests {
    @Test("unread data makes it a reset, so that the peer learns of the loss", .requirement("RFC9293 SHLD-3"))
    func unreadData() {
        let script = SegmentScript.established()
        script.peer([.psh, .ack], "abc")
        script.expect(.ack)
        script.release()
        script.expect([.rst, .ack], seq: 5001, ack: 1004)
        script.expectNothing()
        #expect(script.status == nil)
        #expect(script.stack.bufferBytesInUse == 0)
        script.expectState(.listen)
    }

    @Test("sockets and readable bytes can be asked for alone, as long as the handle names something")
    func partsOfStatus() throws {
        let script = SegmentScript.established()
        let id = try #require(script.connection)
        script.peer([.psh, .ack], "abc")
        script.expect(.ack)
        #expect(script.stack.key(of: id) == script.key)
        #expect(script.stack.readableBytes(on: id) == 3)
        script.release()
        script.expect([.rst, .ack])
        #expect(script.stack.key(of: id) == nil)
        #expect(script.stack.readableBytes(on: id) == 0)
    }

    @Test("all connections can be aborted at once, those too that were let go of")
    func abortAll() throws {
        let script = SegmentScript.established()
        script.release()
        script.expect([.fin, .ack])
        let other = try script.open(to: Endpoint(script.key.remote.address, 4_444))
        script.expect(.syn)
        script.stack.abortAll(at: script.now)
        script.drain()
        script.expect([.rst, .ack], seq: 5002)
        script.expectNothing()
        #expect(script.status == nil)
        #expect(script.status(of: other)?.closeReason == .aborted)
        script.expectState(.listen)
        script.takeAllEvents()
    }

    @Test("unread data in CLOSE-WAIT makes it a reset too", .requirement("RFC9293 SHLD-3"))
    func unreadDataInCloseWait() {
        let script = SegmentScript.established()
        script.peer([.fin, .psh, .ack], "abc")
        script.expect(.ack, ack: 1005)
        script.release()
        script.expect([.rst, .ack], seq: 5001, ack: 1005)
        script.expectState(.listen)
    }

    @Test(
        "unread data makes it a reset even after both have closed", .requirement("RFC9293 SHLD-3"),
        arguments: [State.closing, .lastAck])
    func unreadDataAfterClose(state: State) throws {
        let script = SegmentScript.established()
        if state == .closing { try script.close() }
        script.peer([.fin, .psh, .ack], "abc", ack: 5001)
        if state == .lastAck { try script.close() }
        script.expectState(state)
        script.takeAllSent()
        script.release()
        script.expect([.rst, .ack], seq: 5002, ack: 1005)
        script.expectState(.listen)
    }

    @Test("unread data in TIME-WAIT is nobody's loss but ours")
    func unreadDataInTimeWait() {
        let script = SegmentScript.inState(.finWait2)
        script.peer([.fin, .psh, .ack], "abc")
        script.expect(.ack)
        script.release()
        script.expectNothing()
        script.expectState(.timeWait)
        #expect(script.stack.bufferBytesInUse == 0)
    }

    @Test(
        "data that comes later is answered by a reset", .requirement("RFC9293 SHLD-3"),
        .requirement("RFC9293 MAY-1"))
    func laterData() {
        let script = SegmentScript.established()
        script.release()
        script.expect([.fin, .ack], seq: 5001, ack: 1001)
        script.expectState(.finWait1)
        script.peer([.psh, .ack], "abc", seq: 1001, ack: 5002)
        script.expectDrop(.dataAfterRelease)
        script.expect(.rst, seq: 5002)
        script.expectState(.listen)
        #expect(script.transitions.last?.transition.cause == .dataAfterRelease)
        #expect(script.status == nil)
    }

    @Test("data that was there before is no reason for a reset")
    func oldData() throws {
        let script = SegmentScript.established()
        script.peer([.psh, .ack], "abc")
        script.expect(.ack)
        #expect(try script.read() == "abc")
        script.release()
        script.expect([.fin, .ack], seq: 5001)
        script.peer([.psh, .ack], "abc", seq: 1001, ack: 5002)
        script.expectDrop(.outsideWindow)
        script.expect(.ack, ack: 1004)
        script.peer([.psh, .ack], "bcd", seq: 1002, ack: 5002)
        script.expectDrop(.dataAfterRelease)
        script.expect(.rst)
    }

    @Test("a peer that has nothing to say ends the connection as usual")
    func quietPeer() {
        let script = SegmentScript.established()
        script.release()
        script.expect([.fin, .ack])
        script.peer(.ack)
        script.expectState(.finWait2)
        script.peer([.fin, .ack])
        script.expect(.ack, seq: 5002, ack: 1002)
        script.expectState(.timeWait)
        // Only the small record is left.
        #expect(script.status == nil)
        #expect(script.count() == 2)
    }

    @Test("FIN-WAIT-2 then has a limit", .requirement("mission B33"))
    func finWait2Timeout() {
        let script = SegmentScript.inState(.finWait2)
        script.release()
        script.at(.milliseconds(59_999))
        script.expectState(.finWait2)
        script.at(.seconds(60))
        script.expectState(.listen)
        #expect(script.transitions.last?.transition.cause == .finWait2Timeout)
        script.expectNothing()
        // The peer learns of it when it speaks again.
        script.peer([.fin, .ack])
        script.expect(.rst, seq: 5002)
    }

    @Test(
        "the limit of FIN-WAIT-2 counts from the ACK of our FIN if the release came before", .requirement("mission B33")
    )
    func finWait2TimeoutAfterRelease() {
        let script = SegmentScript.established(options: .plain { $0.finWait2Timeout = .seconds(10) })
        script.release()
        script.expect([.fin, .ack])
        script.at(.milliseconds(100))
        script.peer(.ack)
        script.at(.milliseconds(10_099))
        script.expectState(.finWait2)
        script.at(.milliseconds(10_100))
        script.expectState(.listen)
    }

    @Test("the limit of FIN-WAIT-2 can be taken away", .requirement("mission B33"))
    func noFinWait2Timeout() {
        let script = SegmentScript.reached(by: .finWait2, options: .plain { $0.finWait2Timeout = nil })
        script.release()
        script.at(.seconds(1_000_000))
        script.expectState(.finWait2)
        script.peer([.fin, .ack])
        script.expect(.ack)
        script.expectState(.timeWait)
    }

    @Test(
        "it closes whatever is open",
        arguments: [
            (Route.synSent, State.closed, nil), (.synReceivedActive, .finWait1, [.fin, .ack]),
            (.establishedPassive, .finWait1, [.fin, .ack]), (.closeWait, .lastAck, [.fin, .ack]),
            (.finWait1, .finWait1, nil), (.finWait2, .finWait2, nil), (.closing, .closing, nil),
            (.lastAck, .lastAck, nil), (.timeWaitFromFinWait2, .timeWait, nil),
        ] as [(Route, State, TCPFlags?)])
    func closes(route: Route, next: State, flags: TCPFlags?) {
        let script = SegmentScript.reached(by: route)
        script.release()
        script.expectState(next)
        if let flags { script.expect(flags) }
        script.expectNothing()
        #expect(throws: ConnectionError.connectionDoesNotExist) { try script.send("abc") }
        #expect(throws: ConnectionError.connectionDoesNotExist) { try script.receive() }
        script.release()
        script.expectState(next)
    }

    @Test("nobody is told of what happens afterwards")
    func silence() {
        let script = SegmentScript.established()
        script.release()
        script.expect([.fin, .ack])
        script.peer(.ack)
        script.peer([.fin, .ack])
        script.expect(.ack)
        #expect(script.takeAllEvents().isEmpty)
    }

    @Test("data queued before the release is still delivered")
    func queuedData() throws {
        let script = SegmentScript.established()
        try script.send("last words")
        script.release()
        script.expect([.psh, .ack], "last words", seq: 5001)
        script.expect([.fin, .ack], seq: 5011)
        script.at(.milliseconds(200))
        script.expect([.fin, .psh, .ack], "last words", seq: 5001)
        script.peer(.ack, ack: 5012)
        script.expectState(.finWait2)
    }

    @Test("of what happened and was not yet told it hears nothing any more")
    func untoldEvents() throws {
        let script = SegmentScript.established()
        try script.send("a")
        script.expect([.psh, .ack], "a")
        script.batch {
            script.peer(.ack)
            script.release()
        }
        #expect(script.takeAllEvents().isEmpty)
        script.expect([.fin, .ack])
    }
}
