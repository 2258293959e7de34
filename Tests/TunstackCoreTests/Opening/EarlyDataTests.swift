import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Data and FIN on a SYN (RFC 9293 §3.10.7.2, §3.10.7.3)")
struct EarlyDataTests {
    @Test("data on the SYN is kept from the application until the handshake is complete")
    func passive() throws {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, "hello", seq: 1000)
        // Not acknowledged before it is certain that the peer is there.
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        #expect(script.takeAllEvents().isEmpty)
        script.peer(.ack, seq: 1006, ack: 5001)
        script.expectState(.established)
        script.expect(.ack, seq: 5001, ack: 1006)
        script.accept()
        script.expectEvents(.readable)
        #expect(try script.read() == "hello")
    }

    @Test("data and FIN on the SYN lead to CLOSE-WAIT once the handshake is complete")
    func passiveFin() throws {
        let script = SegmentScript(listening: 9877)
        script.peer([.syn, .fin], "bye", seq: 1000)
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        script.expectState(.synReceived)
        script.peer(.ack, seq: 1005, ack: 5001)
        script.expect(.ack, seq: 5001, ack: 1005)
        script.expectState(.closeWait)
        script.accept()
        #expect(try script.read() == "bye")
        #expect(try script.receive().result == .endOfStream)
    }

    @Test("a FIN on the SYN without data works too")
    func passiveBareFin() throws {
        let script = SegmentScript(listening: 9877)
        script.peer([.syn, .fin], seq: 1000)
        script.expect([.syn, .ack], ack: 1001)
        script.peer(.ack, seq: 1002, ack: 5001)
        script.expect(.ack, ack: 1002)
        script.expectState(.closeWait)
        script.accept()
        #expect(try script.receive().result == .endOfStream)
    }

    @Test("a reset in between drops what was held")
    func passiveReset() {
        let script = SegmentScript(listening: 9877) { $0.limits.heldSynBytes = 5 }
        for _ in 0..<3 {
            script.peer(.syn, "hello", seq: 1000)
            script.expect([.syn, .ack])
            script.peer(.rst, seq: 1001)
            script.expectState(.listen)
        }
        // The budget is whole again: the data is still taken.
        script.peer(.syn, "hello", seq: 1000)
        script.expect([.syn, .ack])
        script.peer(.ack, seq: 1006, ack: 5001)
        script.expect(.ack, ack: 1006)
    }

    @Test("what exceeds the budget is not kept, and the peer sends it again")
    func budget() throws {
        let script = SegmentScript(listening: 9877) { $0.limits.heldSynBytes = 4 }
        script.peer([.syn, .fin], "hello", seq: 1000)
        script.expect([.syn, .ack], ack: 1001)
        script.peer(.ack, seq: 1007, ack: 5001)
        script.expectState(.established)
        script.accept()
        script.peer([.fin, .psh, .ack], "hello", seq: 1001)
        script.expect(.ack, ack: 1007)
        #expect(try script.read() == "hello")
    }

    @Test("data on a SYN-ACK is taken at once")
    func synAckWithData() throws {
        let script = SegmentScript.inState(.synSent)
        script.peer([.syn, .ack], "hi", seq: 1000, ack: 5001)
        script.expect(.ack, seq: 5001, ack: 1003)
        #expect(try script.read() == "hi")
    }

    @Test("a FIN on a SYN-ACK leads to CLOSE-WAIT")
    func synAckWithFin() {
        let script = SegmentScript.inState(.synSent)
        script.peer([.syn, .fin, .ack], "hi", seq: 1000, ack: 5001)
        script.expect(.ack, seq: 5001, ack: 1004)
        script.expectState(.closeWait)
        script.expectEvents([.established, .readable, .endOfStream])
    }

    @Test("in a simultaneous open they wait too")
    func simultaneous() throws {
        let script = SegmentScript.inState(.synSent)
        script.peer([.syn, .fin], "hello", seq: 1000)
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        script.expectState(.synReceived)
        #expect(try script.receive().result == .wouldBlock)
        script.peer(.ack, seq: 1007, ack: 5001)
        script.expect(.ack, seq: 5001, ack: 1007)
        script.expectState(.closeWait)
        #expect(try script.read() == "hello")
        #expect(try script.receive().result == .endOfStream)
    }

    @Test("only as much of the SYN's data as the window has room for is taken")
    func beyondWindow() throws {
        let script = SegmentScript.inState(.synSent, options: .plain { $0.receiveBufferBytes = 3 })
        script.peer(.syn, "hello", seq: 1000)
        script.expect([.syn, .ack], ack: 1001, win: 3)
        script.peer(.ack, seq: 1006, ack: 5001)
        // The ACK itself lies beyond the window; it is answered, and the peer goes back.
        script.expect(.ack, ack: 1001)
        script.peer(.ack, seq: 1001, ack: 5001)
        script.expect(.ack, ack: 1004)
        #expect(try script.read() == "hel")
        script.expect(.ack, ack: 1004, win: 3)
    }
}
