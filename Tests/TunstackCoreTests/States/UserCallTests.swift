import TestSupport
import Testing
import TunstackCore
import TunstackWire

/// What the answer to each user call is in a state, and where it leads (RFC 9293 §3.10.1 to §3.10.5).
struct CallRow: Sendable, CustomTestStringConvertible {
    /// What a call says.
    enum Answer: Equatable, Sendable {
        case done
        case fails(ConnectionError)
    }

    /// What leaves in answer to a call: the flags; it begins with SND.NXT and acknowledges RCV.NXT.
    typealias Segment = TCPFlags

    var route: Route
    var send: Answer
    /// Whether what is sent leaves at once.
    var sendsAtOnce = false
    var receive: ReceiveResult
    var close: Answer
    var stateAfterClose: State
    var segmentAfterClose: Segment?
    /// ABORT always works and always ends in CLOSED.
    var segmentAfterAbort: Segment?

    var testDescription: String { "\(route)" }

    static let closing = Answer.fails(.connectionClosing)
    static let fin: Segment = [.fin, .ack]
    static let reset: Segment = [.rst, .ack]

    static let all = [
        CallRow(
            route: .synSent, send: .done, receive: .wouldBlock, close: .done, stateAfterClose: .closed),
        CallRow(
            route: .synReceivedActive, send: .done, receive: .wouldBlock, close: .done, stateAfterClose: .finWait1,
            segmentAfterClose: fin, segmentAfterAbort: reset),
        CallRow(
            route: .establishedPassive, send: .done, sendsAtOnce: true, receive: .wouldBlock, close: .done,
            stateAfterClose: .finWait1, segmentAfterClose: fin, segmentAfterAbort: reset),
        CallRow(
            route: .establishedActive, send: .done, sendsAtOnce: true, receive: .wouldBlock, close: .done,
            stateAfterClose: .finWait1, segmentAfterClose: fin, segmentAfterAbort: reset),
        CallRow(
            route: .finWait1, send: closing, receive: .wouldBlock, close: closing, stateAfterClose: .finWait1,
            segmentAfterAbort: reset),
        CallRow(
            route: .finWait2, send: closing, receive: .wouldBlock, close: closing, stateAfterClose: .finWait2,
            segmentAfterAbort: reset),
        CallRow(
            route: .closeWait, send: .done, sendsAtOnce: true, receive: .endOfStream, close: .done,
            stateAfterClose: .lastAck, segmentAfterClose: fin, segmentAfterAbort: reset),
        CallRow(route: .closing, send: closing, receive: .endOfStream, close: closing, stateAfterClose: .closing),
        CallRow(route: .lastAck, send: closing, receive: .endOfStream, close: closing, stateAfterClose: .lastAck),
        CallRow(
            route: .timeWaitFromFinWait2, send: closing, receive: .endOfStream, close: closing,
            stateAfterClose: .timeWait),
    ]
}

@Suite("User calls in every state (RFC 9293 §3.10.1 to §3.10.5)")
struct UserCallTests {
    private static func answer(_ body: () throws(ConnectionError) -> Void) -> CallRow.Answer {
        do throws(ConnectionError) {
            try body()
            return .done
        } catch {
            return .fails(error)
        }
    }

    @Test("SEND queues or is refused", arguments: CallRow.all)
    func send(_ row: CallRow) {
        let script = SegmentScript.reached(by: row.route)
        #expect(Self.answer { () throws(ConnectionError) in try script.send("abc") } == row.send)
        script.expectState(row.route.state)
        if row.sendsAtOnce {
            script.expect([.psh, .ack], "abc", seq: SegmentScript.iss + 1, ack: script.peerNext)
        } else if row.send == .done {
            #expect(script.status?.queuedBytes == 3)
        }
        script.expectNothing()
    }

    @Test("RECEIVE waits for data, or tells that none will come", arguments: CallRow.all)
    func receive(_ row: CallRow) throws {
        let script = SegmentScript.reached(by: row.route)
        #expect(try script.receive().result == row.receive)
        script.expectState(row.route.state)
    }

    @Test("CLOSE sends a FIN once", arguments: CallRow.all)
    func close(_ row: CallRow) {
        let script = SegmentScript.reached(by: row.route)
        let nxt = script.stackNext
        #expect(Self.answer { () throws(ConnectionError) in try script.close() } == row.close)
        script.expectState(row.stateAfterClose)
        if let flags = row.segmentAfterClose { script.expect(flags, seq: nxt, ack: script.peerNext) }
        script.expectNothing()
        if row.stateAfterClose == .closed { script.expectCloseReason(.closedBeforeEstablished) }
    }

    @Test("ABORT tells a synchronized peer by a reset", .requirement("mission B44"), arguments: CallRow.all)
    func abort(_ row: CallRow) {
        let script = SegmentScript.reached(by: row.route)
        let nxt = script.stackNext
        script.abort()
        script.expectState(.closed)
        if let flags = row.segmentAfterAbort { script.expect(flags, seq: nxt, ack: script.peerNext) }
        script.expectNothing()
        // In TIME-WAIT the connection had ended before.
        script.expectCloseReason(row.route.state == .timeWait ? .closed : .aborted)
    }

    @Test("the same pair of sockets cannot be opened twice", arguments: Route.allCases)
    func open(_ route: Route) throws {
        let script = SegmentScript.reached(by: route)
        if route == .closed {
            try script.open()
            script.expect(.syn, seq: 5000)
            script.expectState(.synSent)
        } else {
            #expect(throws: OpenError.connectionExists) { try script.open() }
            script.expectState(route.state)
        }
    }

    @Test("a port with a synchronized connection cannot be listened on", arguments: Route.allCases)
    func listen(_ route: Route) throws {
        let script = SegmentScript.reached(by: route)
        switch route {
        case .closed, .synSent, .synReceivedActive:
            try script.listen(on: script.key.local)
        default:
            #expect(throws: ListenError.addressInUse) {
                try script.listen(on: script.key.local)
            }
        }
        script.expectState(route == .closed ? .listen : route.state)
    }

    @Test("every call on a connection that does not exist says so")
    func noConnection() throws {
        let script = SegmentScript.inState(.synSent)
        script.abort()
        script.release()
        script.expectState(.closed)
        #expect(throws: ConnectionError.connectionDoesNotExist) { try script.send("abc") }
        #expect(throws: ConnectionError.connectionDoesNotExist) { try script.receive() }
        #expect(throws: ConnectionError.connectionDoesNotExist) { try script.close() }
        #expect(throws: ConnectionError.connectionDoesNotExist) { try script.setOptions { $0.noDelay = true } }
        #expect(script.status == nil)
        script.abort()
        script.release()
        script.expectNothing()
    }

    @Test("every call on a connection that has ended names the reason", .requirement("RFC9293 MUST-12"))
    func ended() throws {
        let script = SegmentScript.established()
        script.peer(.rst)
        script.expectEvents(.closed)
        let ended = ConnectionError.connectionEnded(.resetByPeer)
        #expect(throws: ended) { try script.send("abc") }
        #expect(throws: ended) { try script.receive() }
        #expect(throws: ended) { try script.close() }
        script.expectState(.closed)
    }
}
