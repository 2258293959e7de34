import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Reset generation (RFC 9293 §3.5.2)")
struct ResetTests {
    @Test(
        "with an ACK the reset takes its number, without one it acknowledges everything",
        arguments: [
            (.syn, 0), (.syn, 5), ([.syn, .fin], 0), (.fin, 0), ([.psh, .urg], 3), ([], 0), ([], 7),
            (.ack, 0), ([.syn, .ack], 0), ([.fin, .ack], 4), ([.psh, .ack], 1_000),
        ] as [(TCPFlags, Int)])
    func numbers(flags: TCPFlags, length: Int) {
        for seq in [0, 1, 0x7FFF_FFFF, .max] as [UInt32] {
            let script = SegmentScript()
            script.peer(flags, seq: seq, ack: 77, length: length)
            script.expectDrop(.closedPort)
            if flags.contains(.ack) {
                script.expect(.rst, seq: 77, ack: 0, win: 0)
            } else {
                let counted = UInt32(length) + (flags.contains(.syn) ? 1 : 0) + (flags.contains(.fin) ? 1 : 0)
                script.expect([.rst, .ack], seq: 0, ack: seq &+ counted, win: 0)
            }
            script.expectNothing()
            #expect(script.stack.counters.resetsSent == 1)
        }
    }

    @Test("a reset never answers a reset, whatever else is set", arguments: Route.allCases)
    func neverAnswersReset(route: Route) {
        for bits in 0..<UInt16(0x100) where TCPFlags(rawValue: bits).contains(.rst) {
            let script = SegmentScript.reached(by: route)
            // The exact number last: it may end the connection.
            for offset in [70_000, 1, 0] as [UInt32] {
                for ack in [script.stackNext, script.stackNext + 50, 0] {
                    script.peer(
                        TCPFlags(rawValue: bits), seq: script.peerNext + offset, ack: ack, length: Int(offset % 3))
                    for packet in script.takeAllSent() {
                        #expect(packet.tcp?.flags.contains(.rst) == false, "\(packet.testDescription)")
                    }
                }
            }
        }
    }

    @Test(
        "a reset may carry text, which changes nothing about it", .requirement("RFC9293 SHLD-2"),
        arguments: [true, false])
    func text(acknowledges: Bool) {
        let script = SegmentScript.established()
        script.peer(acknowledges ? [.rst, .ack] : .rst, "why")
        script.expectCloseReason(.resetByPeer)
        script.expectState(.closed)
        let waiting = SegmentScript.inState(.synSent)
        waiting.peer([.rst, .ack], "why not")
        waiting.expectCloseReason(.refused)
        waiting.expectNothing()
    }

    @Test("an ABORT's reset can be told from a blind one: it acknowledges", .requirement("mission B5"))
    func abort() {
        let script = SegmentScript.established()
        script.abort()
        script.expect([.rst, .ack], seq: 5001, ack: 1001)
    }

    @Test("every segment after the first SYN has ACK, unless it is a reset for an ACK", .requirement("mission B5"))
    func acknowledgmentAlways() throws {
        let script = SegmentScript()
        try script.open()
        script.expect(.syn, ack: 0)
        script.peer([.syn, .ack])
        try script.send("abc")
        script.peer([.psh, .ack], "def")
        try script.close()
        script.at(.seconds(3))
        script.peer([.fin, .ack], ack: 5001)
        script.peer(.syn)
        let packets = script.takeAllSent()
        #expect(packets.count > 5)
        #expect(packets.allSatisfy { $0.tcp?.flags.contains(.ack) == true })
    }
}

@Suite("Stale handles")
struct StaleHandleTests {
    @Test("a handle never names a later connection in the same place")
    func reused() throws {
        let script = SegmentScript(listening: 9877)
        var handles: [ConnectionID] = []
        for port in 1...300 as ClosedRange<UInt16> {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.peer(.ack)
            script.accept()
            handles.append(try #require(script.connection))
            script.abort()
            script.release()
        }
        script.connect(fromPort: 1_000)
        script.peer(.syn)
        script.peer(.ack)
        script.takeAllSent()
        script.accept()
        #expect(Set(handles).count == 300)
        let current = try #require(script.connection)
        for handle in handles {
            #expect(handle != current)
            #expect(script.status(of: handle) == nil)
            script.connection = handle
            #expect(throws: ConnectionError.connectionDoesNotExist) { try script.send("evil") }
            #expect(throws: ConnectionError.connectionDoesNotExist) { try script.receive() }
            #expect(throws: ConnectionError.connectionDoesNotExist) { try script.close() }
            #expect(throws: ConnectionError.connectionDoesNotExist) { try script.setOptions { $0.noDelay = true } }
            script.abort()
            script.release()
        }
        script.expectNothing()
        script.expectState(.established)
    }

    @Test("a handle of one stack is not a trap for another")
    func otherStack() throws {
        let script = SegmentScript.established()
        let other = SegmentScript()
        other.connection = script.connection
        #expect(throws: ConnectionError.connectionDoesNotExist) { try other.send("abc") }
        #expect(other.status == nil)
        other.abort()
        other.release()
        other.expectNothing()
        #expect(script.listener.flatMap { other.accept(from: $0) } == nil)
    }

    @Test("events of a connection that has been released are not reported")
    func events() {
        let script = SegmentScript.established()
        script.batch {
            script.peer([.psh, .ack], "abc")
            script.release()
        }
        script.expect([.rst, .ack])
        #expect(script.takeAllEvents().isEmpty)
    }
}
