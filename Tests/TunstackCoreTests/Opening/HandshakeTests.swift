import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Three-way handshake (RFC 9293 §3.5)")
struct HandshakeTests {
    @Test(
        "a passive open takes SYN, SYN-ACK and ACK", .requirement("mission B7"), .requirement("mission B9"),
        .requirement("mission B11"), .requirement("mission B12"))
    func passive() {
        let script = SegmentScript(listening: 9877)
        script.expectState(.listen)
        script.peer(.syn, seq: 1000)
        script.expectState(.synReceived)
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        script.peer(.ack, seq: 1001, ack: 5001)
        script.expectNothing()
        script.expectState(.established)
        #expect(script.takeAllEvents() == script.listener.map { [.acceptable($0)] })
        script.accept()
        script.expectState(.established)
        #expect(script.stack.counters.passiveOpens == 1)
    }

    @Test(
        "an active open sends the SYN and acknowledges the peer's", .requirement("mission B7"),
        .requirement("mission B9"), .requirement("mission B11"), .requirement("mission B12"))
    func active() throws {
        let script = SegmentScript()
        try script.open()
        script.expectState(.synSent)
        script.expect(.syn, seq: 5000, ack: 0)
        script.expectEvents([])
        script.peer([.syn, .ack], seq: 1000, ack: 5001)
        script.expect(.ack, seq: 5001, ack: 1001)
        script.expectNothing()
        script.expectState(.established)
        script.expectEvents(.established)
        #expect(script.stack.counters.activeOpens == 1)
    }

    @Test("a SYN takes up one number and a bare ACK none", .requirement("mission B10"), .requirement("mission B3"))
    func lengths() throws {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        script.peer(.ack, seq: 1001, ack: 5001)
        script.peer(.ack, seq: 1001, ack: 5001)
        script.accept()
        script.peer([.psh, .ack], "x", seq: 1001)
        script.expect(.ack, seq: 5001, ack: 1002)
        try script.send("y")
        script.expect([.psh, .ack], "y", seq: 5001, ack: 1002)
    }

    @Test(
        "numbers count bytes: a segment is followed by its number plus its length", .requirement("mission B3"),
        .requirement("mission B4"))
    func counting() throws {
        let script = SegmentScript(listening: 9877) { $0.initialSequenceNumbers = .fixed(SequenceNumber(300)) }
        script.peer(.syn, seq: 500)
        script.expect([.syn, .ack], seq: 300, ack: 501)
        script.peer(.ack, seq: 501, ack: 301)
        script.accept()
        try script.setOptions { $0.noDelay = true }
        try script.send(bytes: StreamBytes.at(0, count: 100))
        try script.send(bytes: StreamBytes.at(100, count: 100))
        script.expect([.psh, .ack], seq: 301, ack: 501, length: 100)
        script.expect([.psh, .ack], seq: 401, ack: 501, length: 100)
        script.peer(.ack, seq: 501, ack: 501, length: 200)
        script.expect(.ack, seq: 501, ack: 701)
    }

    @Test("an acknowledgment names the next byte that is wanted", .requirement("mission B4"))
    func acknowledgmentNumber() {
        let script = SegmentScript.established()
        script.peer(.ack, seq: 1001, length: 1_000)
        script.expect(.ack, ack: 2001)
        #expect(script.status?.readableBytes == 1_000)
    }

    @Test("the ACK field does not count without its flag", .requirement("mission B5"))
    func fieldWithoutFlag() {
        let script = SegmentScript.inState(.synReceived)
        let header = TCPHeader(
            sourcePort: 40_000, destinationPort: 9877, sequenceNumber: SequenceNumber(1001),
            acknowledgmentNumber: SequenceNumber(5001), flags: .psh, window: 1_000)
        script.inject(tcp: header)
        script.expectDrop(.noAcknowledgment)
        script.expectState(.synReceived)
    }

    @Test("numbers wrap around in the middle of a handshake")
    func wrapping() throws {
        let script = SegmentScript(listening: 9877) { $0.initialSequenceNumbers = .fixed(SequenceNumber(.max)) }
        script.peer(.syn, seq: .max)
        script.expect([.syn, .ack], seq: .max, ack: 0)
        script.peer(.ack, seq: 0, ack: 0)
        script.accept()
        script.peer([.psh, .ack], "abc", seq: 0)
        script.expect(.ack, seq: 0, ack: 3)
        #expect(try script.read() == "abc")
    }

    @Test("a stale SYN does not leave the listener's side open", .requirement("mission B13"))
    func staleSyn() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: 90)
        script.expect([.syn, .ack], seq: 5000, ack: 91)
        // RFC 9293 §3.5, Figure 8: the peer knows nothing of number 90.
        script.peer(.rst, seq: 91)
        script.expectState(.listen)
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        script.peer(.ack, seq: 1001, ack: 5001)
        script.expectState(.established)
    }

    @Test("a lost SYN-ACK does not lock the two ends", .requirement("mission B13"))
    func lostSynAck() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: 1000)
        script.takeAllSent()
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        script.peer(.ack, seq: 1001, ack: 5001)
        script.expectState(.established)
    }

    @Test("a lost last ACK is made good by the first data")
    func lostLastAck() throws {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack])
        script.peer([.psh, .ack], "abc", seq: 1001, ack: 5001)
        script.expect(.ack, seq: 5001, ack: 1004)
        script.accept()
        #expect(try script.read() == "abc")
    }

    @Test("the window of each SYN counts", .requirement("mission B17"))
    func windows() throws {
        let script = SegmentScript(listening: 9877, options: .plain { $0.receiveBufferBytes = 3_000 })
        script.peer(.syn, seq: 1000, win: 4)
        script.expect([.syn, .ack], win: 3_000)
        script.peer(.ack, seq: 1001, ack: 5001, win: 4)
        script.accept()
        #expect(script.status?.sendWindow == 4)
        try script.send("abcdef")
        script.expect(.ack, "abcd", seq: 5001)
    }

    @Test(
        "the window of the last ACK counts wherever the peer's numbers begin",
        arguments: [
            0, 1, 0x7FFF_FFFE, 0x7FFF_FFFF, 0x8000_0000, 0x9000_0000, 0xFFFF_FFFE, UInt32.max,
        ])
    func windowAfterHandshake(irs: UInt32) {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: irs, win: 1_000)
        script.expect([.syn, .ack], ack: irs &+ 1)
        script.peer(.ack, seq: irs &+ 1, ack: 5001, win: 2_000)
        script.accept()
        #expect(script.status?.sendWindow == 2_000)
        script.peer(.ack, seq: irs &+ 1, ack: 5001, win: 3_000)
        #expect(script.status?.sendWindow == 3_000)
    }

    @Test(
        "a closed port refuses: the reset has number 0 and acknowledges the SYN", .requirement("mission B19"))
    func closedPort() {
        let script = SegmentScript()
        script.peer(.syn, seq: 499_186_042)
        script.expectDrop(.closedPort)
        let packet = script.expect([.rst, .ack], seq: 0, ack: 499_186_043, win: 0)
        #expect(packet?.line == "Flags [R.], seq 0, ack 499186043, win 0, length 0")
        script.expectNothing()
        script.expectState(.closed)
    }

    @Test("an active open that is answered by a reset is refused", .requirement("mission B19"))
    func refused() throws {
        let script = SegmentScript { $0.initialSequenceNumbers = .fixed(SequenceNumber(499_186_042)) }
        try script.open()
        script.expect(.syn, seq: 499_186_042)
        script.peer([.rst, .ack], seq: 0, ack: 499_186_043, win: 0)
        script.expectState(.closed)
        script.expectCloseReason(.refused)
        script.expectEvents(.closed)
        #expect(script.stack.counters.failedOpens == 1)
        script.expectNothing()
        script.advance(by: .minutes(10))
    }

    @Test("SEND before the connection is established waits for it", .requirement("RFC9293 MUST-61"))
    func earlySend() throws {
        let script = SegmentScript.inState(.synSent)
        try script.send("abc")
        script.expectNothing()
        script.peer([.syn, .ack], seq: 1000, ack: 5001)
        script.expect([.psh, .ack], "abc", seq: 5001, ack: 1001)
        script.expectNothing()
    }

    @Test("an ACK that the SYN does not explain is reset, and the open goes on")
    func halfOpenPeer() throws {
        // RFC 9293 §3.5.1, Figure 9: the peer still has an old connection.
        let script = SegmentScript.inState(.synSent)
        script.peer(.ack, seq: 300, ack: 100)
        script.expect(.rst, seq: 100)
        script.expectState(.synSent)
        script.advance(by: .seconds(1))
        script.expect(.syn, seq: 5000, at: .seconds(1))
        script.peer([.syn, .ack], seq: 1000, ack: 5001)
        script.expect(.ack, seq: 5001, ack: 1001)
        script.expectState(.established)
    }
}
