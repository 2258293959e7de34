import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Timestamps (RFC 7323)")
struct TimestampTests {
    private static var options: ConnectionOptions { .plain { $0.timestamps = true } }

    private func options(_ value: UInt32, _ echo: UInt32 = 0) -> TCPOptions {
        TCPOptions(timestamps: TCPTimestamps(value: value, echoReply: echo))
    }

    /// A connection whose peer's clock stood at 1000 in the handshake.
    private func script(value: UInt32 = 1_000) -> SegmentScript {
        .measured(
            .milliseconds(100), options: Self.options, timestamps: TCPTimestamps(value: value, echoReply: 0))
    }

    @Test(
        "every segment carries our clock, in milliseconds, and the peer's last value", .requirement("RFC7323 §3.2"),
        .requirement("RFC7323 §5.4"))
    func everySegment() throws {
        let script = script()
        try script.send("x")
        script.expect([.psh, .ack], "x", options: options(100, 1_000))
        script.at(.milliseconds(250))
        script.peer(.ack, options: options(1_150, 100))
        script.peer([.psh, .ack], "y", options: options(1_160, 100))
        script.expect(.ack, options: options(250, 1_160))
    }

    @Test("so does the answer to what is out of place in SYN-RECEIVED", .requirement("RFC7323 §3.2"))
    func halfOpen() throws {
        let script = SegmentScript(listening: 9877, options: Self.options)
        script.peer(.syn, options: options(1_000))
        script.expect([.syn, .ack])
        script.advance(by: .milliseconds(50))
        script.peer(.ack, seq: 0x4000_0000, options: options(1_050))
        script.expect(.ack, ack: 1_001, options: options(50, 1_000))
    }

    // MARK: PAWS

    @Test(
        "a segment older than the last is dropped and acknowledged", .requirement("RFC7323 §5.2"),
        .requirement("RFC7323 §5.3"),
        arguments: [1_000, 0, 5, 0xffff_fff0, 0x8000_0003] as [UInt32])
    func paws(value: UInt32) throws {
        let script = script(value: value)
        script.peer([.psh, .ack], "old", options: options(value &- 1))
        script.expect(.ack, ack: 1_001, options: options(100, value))
        script.expectDrop(.pawsRejected)
        #expect(script.status?.readableBytes == 0)
        script.peer([.psh, .ack], "same", seq: 1_001, options: options(value))
        script.expect(.ack, ack: 1_005)
        script.peer([.psh, .ack], "next", seq: 1_005, options: options(value &+ 0x7fff_ffff))
        script.expect(.ack, ack: 1_009)
        #expect(try script.read() == "samenext")
    }

    @Test("a blind segment from the future does not make the peer's own look old", .requirement("RFC5961 §5.2"))
    func poisoned() throws {
        let script = script()
        script.peer([.psh, .ack], "evil", seq: 1_000, ack: 0xdead_beef, options: options(0x7000_0000))
        script.expectDrop(.unacceptableAcknowledgment)
        script.takeAllSent()
        script.peer([.psh, .ack], "good", seq: 1_001, options: options(1_010))
        script.expect(.ack, ack: 1_005)
        #expect(try script.read() == "good")
    }

    @Test("a segment without the option is dropped in silence", .requirement("RFC7323 §3.2"))
    func missing() {
        let script = script()
        script.peer([.psh, .ack], "bare")
        script.expectNothing()
        script.expectDrop(.missingTimestamp)
        script.expectState(.established)
    }

    @Test(
        "a reset needs neither a timestamp nor a new one", .requirement("RFC7323 §5.2"),
        arguments: [nil, 5] as [UInt32?])
    func reset(value: UInt32?) {
        let script = script()
        script.peer(.rst, options: value.map { options($0) } ?? TCPOptions())
        script.expectState(.closed)
        script.expectCloseReason(.resetByPeer)
    }

    @Test("after 24 idle days the last value is no guide any more", .requirement("RFC7323 §5.5"))
    func outdated() throws {
        let script = script()
        script.advance(by: .seconds(24 * 86_400 - 10))
        script.peer([.psh, .ack], "a", options: options(999))
        script.expectDrop(.pawsRejected)
        script.takeAllSent()
        script.advance(by: .seconds(20))
        script.peer([.psh, .ack], "b", seq: 1_001, options: options(999))
        script.expectDrop(nil)
        script.expect(.ack, ack: 1_002)
        // The value counts again from then on.
        script.peer([.psh, .ack], "c", seq: 1_002, options: options(998))
        script.expectDrop(.pawsRejected)
        script.takeAllSent()
        #expect(try script.read() == "b")
    }

    @Test("a retransmission with a new timestamp is taken though its number is old", .requirement("RFC7323 §5.3"))
    func retransmission() {
        let script = script()
        script.peer([.psh, .ack], "abc", options: options(1_010))
        script.expect(.ack, ack: 1_004, options: options(100, 1_010))
        script.peer([.psh, .ack], "abcdef", seq: 1_001, options: options(1_020))
        script.expect(.ack, ack: 1_007, options: options(100, 1_020))
    }

    // MARK: Which value is echoed

    @Test(
        "with acknowledgments held back the first of the segments is echoed", .requirement("RFC7323 §4.3"))
    func delayed() throws {
        let script = script()
        for _ in 0..<16 {
            script.peer([.psh, .ack], "x", options: options(1_001))
            script.expect(.ack)
        }
        script.peer([.psh, .ack], "y", options: options(1_010))
        script.peer([.psh, .ack], "z", options: options(1_020))
        script.advance(by: .milliseconds(40))
        script.expect(.ack, ack: 1_019, options: options(140, 1_010))
    }

    @Test("a segment beyond a gap is not echoed, the one that fills it is", .requirement("RFC7323 §4.3"))
    func gaps() {
        let script = script()
        script.peer([.psh, .ack], "bbb", seq: 1_004, options: options(1_020))
        script.expect(.ack, ack: 1_001, options: options(100, 1_000))
        script.peer([.psh, .ack], "aaa", seq: 1_001, options: options(1_030))
        script.expect(.ack, ack: 1_007, options: options(100, 1_030))
    }

    @Test("a bare acknowledgment moves the echo on too", .requirement("RFC7323 §4.3"))
    func bareAcknowledgment() throws {
        let script = script()
        script.peer(.ack, options: options(1_500))
        try script.send("x")
        script.expect([.psh, .ack], "x", options: options(100, 1_500))
    }

    @Test("an unacceptable segment does not move it", .requirement("RFC7323 §4.3"))
    func unacceptable() throws {
        let script = script()
        script.peer([.psh, .ack], "x", seq: 900_000, options: options(2_000))
        script.expect(.ack, ack: 1_001, options: options(100, 1_000))
        script.expectDrop(.outsideWindow)
    }

    // MARK: The clock

    @Test("our clock goes on through 2^32", .requirement("RFC7323 §5.4"))
    func clockWraps() throws {
        let script = SegmentScript(listening: 9877, options: Self.options) {
            $0.timestampOffsets = .fixed(0xffff_fffe)
        }
        script.peer(.syn, options: options(1))
        script.expect(
            [.syn, .ack],
            options: TCPOptions(
                maximumSegmentSize: 1_460, timestamps: TCPTimestamps(value: 0xffff_fffe, echoReply: 1)))
        script.advance(by: .milliseconds(7))
        script.peer(.ack, options: options(1, 0xffff_fffe))
        script.accept()
        try script.send("x")
        script.expect([.psh, .ack], "x", options: options(5, 1))
        script.at(.milliseconds(507))
        script.peer(.ack, options: options(2, 5))
        #expect(try #require(script.status?.smoothedRoundTrip) < .seconds(1))
        script.takeAllSent()
    }

    @Test("an echo of what was never sent is not believed", .requirement("RFC7323 §4.1"))
    func forgedEcho() throws {
        let script = script()
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.at(.milliseconds(400))
        script.expect([.psh, .ack], "x")
        // Karn leaves the echo alone to measure with; this one lies in the future.
        script.peer(.ack, options: options(1_300, 10_000_000))
        #expect(script.status?.smoothedRoundTrip == .milliseconds(100))
    }

    @Test("text that comes in one batch with the SYN-ACK is echoed with its own value", .requirement("RFC7323 §4.3"))
    func textBehindSynAck() throws {
        let script = SegmentScript(options: Self.options)
        try script.open()
        script.expect(.syn)
        script.batch {
            script.peer([.syn, .ack], options: options(1_000))
            script.peer([.psh, .ack], "x", options: options(1_050))
        }
        script.expect(.ack, ack: 1_002, options: options(0, 1_050))
    }

    @Test("a reset tells the time of the abort")
    func reset() throws {
        let script = script()
        script.stack.abort(try #require(script.connection), at: script.now + .milliseconds(500))
        script.advance(by: .milliseconds(500))
        script.expect([.rst, .ack], options: options(600, 1_000))
    }
}
