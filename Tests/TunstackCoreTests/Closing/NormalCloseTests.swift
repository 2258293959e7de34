import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Closing a connection (RFC 9293 §3.6)")
struct NormalCloseTests {
    @Test(
        "the end that closes first takes four segments to TIME-WAIT", .requirement("mission B23"),
        .requirement("mission B24"), .requirement("mission B25"))
    func activeClose() throws {
        let script = SegmentScript.established()
        try script.close()
        script.expect([.fin, .ack], seq: 5001, ack: 1001)
        script.expectState(.finWait1)
        script.peer(.ack, seq: 1001, ack: 5002)
        script.expectState(.finWait2)
        script.expectEvents(.sendsAcknowledged)
        script.peer([.fin, .ack], seq: 1001, ack: 5002)
        script.expect(.ack, seq: 5002, ack: 1002)
        script.expectState(.timeWait)
        script.expectEvents([.endOfStream, .closed])
        script.expectCloseReason(.closed)
        script.expectNothing()
    }

    @Test(
        "the end that closes second goes through CLOSE-WAIT and LAST-ACK", .requirement("mission B24"),
        .requirement("mission B25"), .requirement("mission B26"), .requirement("mission B34"))
    func passiveClose() throws {
        let script = SegmentScript.established()
        script.peer([.fin, .ack], seq: 1001, ack: 5001)
        script.expect(.ack, seq: 5001, ack: 1002)
        script.expectState(.closeWait)
        script.expectEvents(.endOfStream)
        #expect(try script.receive().result == .endOfStream)
        try script.close()
        script.expect([.fin, .ack], seq: 5001, ack: 1002)
        script.expectState(.lastAck)
        script.peer(.ack, seq: 1002, ack: 5002)
        script.expectState(.closed)
        script.expectEvents([.sendsAcknowledged, .closed])
        script.expectCloseReason(.closed)
        script.expectNothing()
        // Nothing is left of it but the handle.
        #expect(script.count() == 1)
        script.release()
        #expect(script.status == nil)
        #expect(script.stack.nextDeadline == nil)
    }

    @Test("with nothing left to send the closing shrinks to three segments", .requirement("mission B30"))
    func threeSegments() throws {
        let script = SegmentScript.established()
        try script.batch {
            script.peer([.fin, .ack], seq: 1001, ack: 5001)
            try script.close()
        }
        script.expect([.fin, .ack], seq: 5001, ack: 1002)
        script.expectNothing()
        script.peer(.ack, seq: 1002, ack: 5002)
        script.expectState(.closed)
    }

    @Test("a FIN that brings the ACK of ours leads straight to TIME-WAIT", .requirement("mission B29"))
    func finAndAck() throws {
        let script = SegmentScript.inState(.finWait1)
        script.peer([.fin, .ack], seq: 1001, ack: 5002)
        script.expect(.ack, seq: 5002, ack: 1002)
        script.expectState(.timeWait)
        #expect(script.transitions.last?.transition.cause == .finAndAckOfFinArrived)
    }

    @Test("two FINs that cross lead both ends through CLOSING", .requirement("mission B31"))
    func simultaneousClose() throws {
        let script = SegmentScript.inState(.finWait1)
        script.peer([.fin, .ack], seq: 1001, ack: 5001)
        script.expect(.ack, seq: 5002, ack: 1002)
        script.expectState(.closing)
        script.expectEvents(.endOfStream)
        script.peer(.ack, seq: 1002, ack: 5002)
        script.expectState(.timeWait)
        // RFC 9293 §3.6, Figure 13: four segments, and no more.
        script.expectNothing()
    }

    @Test("a half-closed end still receives", .requirement("mission B27"), .requirement("mission B24"))
    func halfCloseReceives() throws {
        let script = SegmentScript.inState(.finWait2)
        script.peer([.psh, .ack], "still here", seq: 1001)
        script.expect(.ack, seq: 5002, ack: 1011)
        script.expectState(.finWait2)
        #expect(try script.read() == "still here")
        script.at(.seconds(100_000))
        script.peer([.psh, .ack], "later", seq: 1011)
        script.expect(.ack, ack: 1016)
        #expect(try script.read() == "later")
    }

    @Test("an end whose peer has closed still sends", .requirement("mission B27"))
    func halfCloseSends() throws {
        let script = SegmentScript.inState(.closeWait)
        try script.send("still here")
        script.expect([.psh, .ack], "still here", seq: 5001, ack: 1002)
        script.peer(.ack, seq: 1002, ack: 5011)
        try script.close()
        script.expect([.fin, .ack], seq: 5011, ack: 1002)
    }

    @Test(
        "client writes, server reads, server writes, client reads: everything arrives", .requirement("mission B28"))
    func readThenWrite() throws {
        let script = SegmentScript.established()
        script.peer([.fin, .psh, .ack], "request", seq: 1001)
        script.expect(.ack, ack: 1009)
        #expect(try script.read() == "request")
        #expect(try script.receive().result == .endOfStream)
        try script.send("reply")
        try script.close()
        script.expect([.psh, .ack], "reply", seq: 5001, ack: 1009)
        script.expect([.fin, .ack], seq: 5006, ack: 1009)
        script.peer(.ack, seq: 1009, ack: 5007)
        script.expectState(.closed)
    }

    @Test("CLOSE sends everything that was queued before the FIN")
    func queuedData() throws {
        let script = SegmentScript.established(peerWindow: 1_072)
        let text = StreamBytes.at(0, count: 1_500)
        try script.send(bytes: text)
        try script.close()
        script.expectState(.finWait1)
        script.expect(.ack, seq: 5_001, length: 536)
        script.expect(.ack, seq: 5_537, length: 536)
        script.peer(.ack, win: 1_072)
        let last = script.expect([.fin, .psh, .ack], seq: 6_073, length: 428)
        #expect(last.map { $0.payload.elementsEqual(text[1_072...]) } == true)
        script.peer(.ack, ack: 6_502)
        script.expectState(.finWait2)
    }

    @Test("a FIN rides on the last text")
    func finWithText() throws {
        let script = SegmentScript.established()
        try script.batch {
            try script.send("bye")
            try script.close()
        }
        script.expect([.fin, .psh, .ack], "bye", seq: 5001, ack: 1001)
        script.peer(.ack, ack: 5005)
        script.expectState(.finWait2)
    }

    @Test("a FIN that arrives before the text it follows is kept", .requirement("RFC9293 SHLD-31"))
    func outOfOrderFin() throws {
        let script = SegmentScript.established()
        script.peer([.fin, .psh, .ack], "def", seq: 1004)
        script.expect(.ack, seq: 5001, ack: 1001)
        script.expectState(.established)
        script.expectEvents([])
        script.peer([.psh, .ack], "abc", seq: 1001)
        script.expect(.ack, seq: 5001, ack: 1008)
        script.expectState(.closeWait)
        script.expectEvents([.readable, .endOfStream])
        #expect(try script.read() == "abcdef")
        #expect(try script.receive().result == .endOfStream)
    }

    @Test("a bare FIN ahead of its text is kept too, in each state that takes one")
    func outOfOrderBareFin() throws {
        for (route, next) in [(Route.establishedPassive, State.closeWait), (.finWait2, .timeWait)] {
            let script = SegmentScript.reached(by: route)
            script.peer([.fin, .ack], seq: 1004)
            script.expect(.ack, ack: 1001)
            script.expectState(route.state)
            script.peer(.ack, "abc", seq: 1001)
            script.expect(.ack, ack: 1005)
            script.expectState(next)
        }
    }

    @Test("a FIN of ours that gets lost is sent again, with back-off, until R2", .requirement("RFC9293 MUST-20"))
    func finRetransmission() throws {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn)
        script.expect([.syn, .ack])
        script.at(.milliseconds(100))
        script.peer(.ack)
        script.accept()
        try script.close()
        // RFC 6298 §2.2: the RTO is 100 ms + 4 * 50 ms.
        script.at(.seconds(5))
        for time in [100, 400, 1_000, 2_200, 4_600] as [Int64] {
            script.expect([.fin, .ack], seq: 5001, ack: 1001, at: .milliseconds(time))
        }
        script.expectNothing()
        script.expectState(.finWait1)
        script.at(.milliseconds(100_100))
        script.expectState(.closed)
        script.expectCloseReason(.timedOut)
        script.takeAllSent()
    }

    @Test("a FIN that the peer sends again is acknowledged again")
    func repeatedFin() {
        for state in [State.closeWait, .closing, .lastAck] {
            let script = SegmentScript.inState(state)
            script.peer([.fin, .ack], seq: 1001, ack: 5001)
            script.expect(.ack, ack: 1002)
            script.expectState(state)
        }
    }

    @Test("CLOSE-WAIT lasts until the application closes", .requirement("mission B32"))
    func closeWaitForEver() throws {
        let script = SegmentScript.inState(.closeWait)
        script.at(.seconds(1_000_000))
        script.expectState(.closeWait)
        script.expectNothing()
        try script.close()
        script.expect([.fin, .ack])
        script.expectState(.lastAck)
    }

    @Test("FIN-WAIT-2 lasts as long as the application holds the connection", .requirement("mission B33"))
    func finWait2ForEver() {
        let script = SegmentScript.inState(.finWait2)
        script.at(.seconds(1_000_000))
        script.expectState(.finWait2)
        script.expectNothing()
        #expect(script.stack.nextDeadline == nil)
    }

    @Test("closing again is an error and sends nothing")
    func closeTwice() throws {
        let script = SegmentScript.inState(.finWait1)
        #expect(throws: ConnectionError.connectionClosing) { try script.close() }
        script.expectNothing()
    }

    @Test("CLOSE is recorded with the time at which it was called")
    func timeOfClose() throws {
        let script = SegmentScript.established()
        let later = script.now + .milliseconds(500)
        try script.stack.close(try #require(script.connection), at: later)
        script.drain()
        #expect(script.transitions.last?.transition.cause == .close)
        #expect(script.transitions.last?.instant == later)
        script.expect([.fin, .ack])
    }
}
