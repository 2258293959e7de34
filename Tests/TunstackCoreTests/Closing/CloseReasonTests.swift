import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Why a connection ended (RFC 9293 §3.6, MUST-12)")
struct CloseReasonTests {
    /// A connection that has ended, and the reason that the application is told.
    private static func ended(
        _ route: Route, options: ConnectionOptions = .plain, _ end: (SegmentScript) throws -> Void
    ) rethrows -> CloseReason? {
        let script = SegmentScript.reached(by: route, options: options)
        try end(script)
        script.takeAllSent()
        #expect(script.takeEvents().contains(.closed))
        return script.status?.closeReason
    }

    @Test("a clean end is told from every other", .requirement("RFC9293 MUST-12"), .requirement("mission B6"))
    func reasons() throws {
        #expect(Self.ended(.lastAck) { $0.peer(.ack) } == .closed)
        #expect(Self.ended(.finWait2) { $0.peer([.fin, .ack]) } == .closed)
        #expect(try Self.ended(.synSent) { try $0.close() } == .closedBeforeEstablished)
        #expect(Self.ended(.establishedPassive) { $0.abort() } == .aborted)
        #expect(Self.ended(.establishedPassive) { $0.peer(.rst) } == .resetByPeer)
        #expect(Self.ended(.synSent) { $0.peer([.rst, .ack], seq: 0) } == .refused)
        #expect(Self.ended(.synSent) { $0.at(.seconds(180)) } == .establishmentTimedOut)
    }

    @Test("each kind of silence has its own reason", .requirement("mission B43"))
    func silence() throws {
        let timedOut = try Self.ended(.establishedPassive) { script in
            try script.send("abc")
            script.at(.seconds(100))
        }
        #expect(timedOut == .timedOut)
        let userTimeout = try Self.ended(.establishedPassive, options: .plain { $0.userTimeout = .seconds(5) }) {
            try $0.send("abc")
            $0.at(.seconds(5))
        }
        #expect(userTimeout == .userTimeout)
        let keepAlive = Self.ended(.establishedPassive, options: .plain { $0.keepAlive = KeepAlive() }) {
            $0.at(.seconds(7_200 + 10 * 75))
        }
        #expect(keepAlive == .keepAliveTimeout)
    }

    @Test("the network's word is passed on", .requirement("RFC9293 SHLD-26"))
    func unreachable() {
        let reason = Self.ended(.synSent) {
            $0.icmp(.destinationUnreachable(code: 3, nextHopMTU: 0), quoting: 5000)
        }
        #expect(reason == .unreachable(code: 3))
    }

    @Test("reasons that only come after the release stand in the record of state changes")
    func afterRelease() {
        let timeout = SegmentScript.inState(.finWait2)
        timeout.release()
        timeout.at(.seconds(60))
        #expect(timeout.transitions.last?.transition == Self.edge(.finWait2, .finWait2Timeout))
        let data = SegmentScript.inState(.finWait2)
        data.release()
        data.peer([.psh, .ack], "abc")
        data.expect(.rst)
        #expect(data.transitions.last?.transition == Self.edge(.finWait2, .dataAfterRelease))
    }

    private static func edge(_ from: State, _ cause: TransitionCause) -> StateTransition? {
        StateTransition.all.first { $0.from == from && $0.cause == cause }
    }

    @Test("every reason reads as a phrase of its own")
    func descriptions() {
        let all: [CloseReason] = [
            .closed, .closedBeforeEstablished, .aborted, .resetByPeer, .refused, .establishmentTimedOut, .timedOut,
            .userTimeout, .keepAliveTimeout, .finWait2Timeout, .unreachable(code: 3), .dataAfterRelease,
        ]
        #expect(Set(all.map(\.description)).count == all.count)
    }

    @Test("ABORT throws away what is queued and tells the peer", .requirement("mission B44"))
    func abort() throws {
        let script = SegmentScript.established(peerWindow: 2)
        try script.send("abcdef")
        script.expect(.ack, "ab", seq: 5001)
        script.abort()
        script.expect([.rst, .ack], seq: 5003, ack: 1001)
        script.expectNothing()
        #expect(script.stack.bufferBytesInUse == 0)
        script.advance(by: .minutes(10))
        script.expectNothing()
    }
}

@Suite("After the end nothing happens on a connection")
struct AfterTheEndTests {
    @Test("a connection that was reset while its FIN waited for the window is not probed")
    func resetWhileFinWaits() throws {
        let script = SegmentScript.established()
        script.peer(.ack, win: 0)
        try script.close()
        script.expectNothing()
        script.expectState(.finWait1)
        script.batch {
            script.peer(.ack, win: 0)
            script.peer(.rst)
        }
        script.expectState(.closed)
        script.expectCloseReason(.resetByPeer)
        script.at(.seconds(100_000))
        script.expectNothing()
        script.expectCloseReason(.resetByPeer)
    }

    @Test("a connection that was aborted while data waited is not probed")
    func abortWhileDataWaits() throws {
        let script = SegmentScript.established()
        script.peer(.ack, win: 0)
        try script.batch {
            try script.send("abc")
            script.abort()
        }
        script.expect([.rst, .ack])
        script.at(.seconds(100_000))
        script.expectNothing()
    }

    @Test("options changed after the end arm nothing")
    func optionsAfterEnd() throws {
        let script = SegmentScript.established()
        try script.send("abc")
        script.expect([.psh, .ack], "abc")
        script.peer(.rst)
        try script.setOptions {
            $0.userTimeout = .seconds(1)
            $0.keepAlive = KeepAlive()
        }
        script.at(.seconds(100_000))
        script.expectNothing()
        script.expectCloseReason(.resetByPeer)
    }
}
