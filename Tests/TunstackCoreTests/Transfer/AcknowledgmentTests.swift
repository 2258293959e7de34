import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("When to acknowledge (RFC 9293 §3.8.6.3, RFC 5681 §4.2)")
struct AcknowledgmentTests {
    @Test("the first segments of a connection are acknowledged at once")
    func quick() throws {
        let script = SegmentScript.transfer()
        for count in 1...16 as ClosedRange<UInt32> {
            script.peer([.psh, .ack], "x")
            script.expect(.ack, ack: 1_001 + count)
        }
        script.peer([.psh, .ack], "x")
        script.expectNothing()
        script.advance(by: .milliseconds(40))
        script.expect(.ack)
    }

    @Test(
        "a client that sends first still has the peer's first segments acknowledged at once",
        .requirement("RFC5681 §4.2"))
    func quickAfterRequest() throws {
        let script = SegmentScript.transfer()
        script.advance(by: .milliseconds(1))
        try script.send("request")
        script.expect([.psh, .ack], "request")
        script.advance(by: .milliseconds(1))
        script.peer([.psh, .ack], "answer")
        script.expect(.ack, ack: 1_007)
    }

    @Test(
        "later an acknowledgment waits, but for 40 ms at most",
        .requirement("RFC9293 MUST-40"), .requirement("RFC9293 SHLD-18"))
    func delayed() throws {
        let script = SegmentScript.transfer()
        try script.leaveQuickMode()
        script.at(.seconds(1))
        script.peer([.psh, .ack], "x")
        script.at(.milliseconds(1_039))
        script.expectNothing()
        script.at(.milliseconds(1_100))
        script.expect(.ack, ack: 1_018, at: .milliseconds(1_040))
    }

    @Test("the delay counts from the first segment that is not acknowledged", .requirement("RFC9293 MUST-40"))
    func delayIsNotExtended() throws {
        let script = SegmentScript.transfer()
        try script.leaveQuickMode()
        script.at(.seconds(1))
        script.peer([.psh, .ack], "x")
        script.at(.milliseconds(1_030))
        script.peer([.psh, .ack], "y")
        script.at(.milliseconds(1_100))
        script.expect(.ack, ack: 1_019, at: .milliseconds(1_040))
        script.expectNothing()
    }

    @Test(
        "a second full segment is acknowledged at once, and so is more than a segment's worth of smaller ones",
        .requirement("RFC9293 SHLD-19"), .requirement("RFC5681 §4.2"))
    func everySecond() throws {
        let script = SegmentScript.transfer()
        try script.leaveQuickMode()
        script.peer(.ack, length: 1_000)
        script.expectNothing()
        script.peer(.ack, length: 1_000)
        script.expect(.ack, ack: 3_017)
        for _ in 0..<2 {
            script.peer(.ack, length: 500)
            script.expectNothing()
        }
        script.peer(.ack, length: 500)
        script.expect(.ack, ack: 4_517)
        script.advance(by: .seconds(1))
        script.expectNothing()
    }

    @Test(
        "with timestamps a full segment is smaller, and every second one is still acknowledged",
        .requirement("RFC9293 SHLD-19"))
    func everySecondWithTimestamps() throws {
        var options = ConnectionOptions.plain
        options.timestamps = true
        var peerOptions = TCPOptions()
        peerOptions.timestamps = TCPTimestamps(value: 1, echoReply: 0)
        let script = SegmentScript.transfer(options: options, peerOptions: peerOptions)
        for _ in 0..<16 {
            script.peer(.ack, length: 988, options: peerOptions.withoutMaximumSegmentSize)
            script.expect(.ack)
        }
        _ = try script.receive()
        script.peer(.ack, length: 988, options: peerOptions.withoutMaximumSegmentSize)
        script.expectNothing()
        script.peer(.ack, length: 988, options: peerOptions.withoutMaximumSegmentSize)
        script.expect(.ack)
    }

    @Test("when the application answers, the acknowledgment waits for the answer", .requirement("RFC9293 SHLD-18"))
    func interactive() throws {
        let script = SegmentScript.transfer()
        script.peer([.psh, .ack], "one")
        script.expect(.ack)
        script.advance(by: .milliseconds(5))
        try script.send("ONE")
        script.expect([.psh, .ack], "ONE")
        script.peer([.psh, .ack], "two")
        script.expectNothing()
        script.advance(by: .milliseconds(5))
        try script.send("TWO")
        script.expect([.psh, .ack], "TWO", ack: 1_007)
        script.advance(by: .milliseconds(100))
        script.expectNothing()
    }

    @Test("when the answer does not come, the acknowledgment goes, and the next ones are quick again")
    func interactiveNoMore() throws {
        let script = SegmentScript.transfer()
        script.peer([.psh, .ack], "one")
        script.expect(.ack)
        try script.send("ONE")
        script.expect([.psh, .ack], "ONE")
        script.peer([.psh, .ack], "two")
        script.advance(by: .milliseconds(40))
        script.expect(.ack, ack: 1_007)
        script.peer([.psh, .ack], "three")
        script.expect(.ack, ack: 1_012)
    }

    @Test(
        "segments that arrive together and in order are acknowledged once",
        .requirement("RFC9293 MUST-58"), .requirement("RFC9293 MUST-59"))
    func batch() {
        let script = SegmentScript.transfer()
        script.batch {
            for _ in 0..<7 { script.peer(.ack, length: 1_000) }
        }
        script.expect(.ack, ack: 8_001)
        script.expectNothing()
    }

    @Test(
        "each segment beyond a gap is answered by a duplicate of its own, also in a batch",
        .requirement("RFC9293 MAY-13"), .requirement("RFC9293 SHLD-31"), .requirement("RFC5681 §4.2"))
    func duplicates() throws {
        let script = SegmentScript.transfer()
        try script.leaveQuickMode()
        for segment in 1...3 as ClosedRange<UInt32> {
            script.peer(.ack, seq: 1_017 + segment * 1_000, length: 1_000)
            script.expect(.ack, ack: 1_017)
        }
        script.batch {
            for segment in 4...6 as ClosedRange<UInt32> {
                script.peer(.ack, seq: 1_017 + segment * 1_000, length: 1_000)
            }
        }
        for _ in 0..<3 { script.expect(.ack, ack: 1_017) }
        script.expectNothing()
    }

    @Test("a segment that fills a gap, wholly or in part, is acknowledged at once", .requirement("RFC5681 §4.2"))
    func gapFilled() throws {
        let script = SegmentScript.transfer()
        try script.leaveQuickMode()
        script.peer(.ack, seq: 1_217, length: 100)
        script.expect(.ack, ack: 1_017)
        script.peer(.ack, seq: 1_417, length: 100)
        script.expect(.ack, ack: 1_017)
        script.peer(.ack, seq: 1_017, length: 100)
        script.expect(.ack, ack: 1_117)
        script.peer(.ack, seq: 1_117, length: 100)
        script.expect(.ack, ack: 1_317)
        script.peer(.ack, seq: 1_317, length: 100)
        script.expect(.ack, ack: 1_517)
        #expect(try script.receive().bytes == StreamBytes.at(16, count: 500))
    }

    @Test("a batch that makes a gap and fills it is acknowledged once, for all")
    func gapFilledInBatch() {
        let script = SegmentScript.transfer()
        script.batch {
            script.peer(.ack, seq: 2_001, length: 1_000)
            script.peer(.ack, seq: 3_001, length: 1_000)
            script.peer(.ack, seq: 1_001, length: 1_000)
        }
        script.expect(.ack, ack: 4_001)
        script.expectNothing()
    }

    @Test("data that arrives again is answered at once: its acknowledgment must have been lost")
    func duplicateData() throws {
        let script = SegmentScript.transfer()
        try script.leaveQuickMode()
        script.peer(.ack, seq: 1_010, length: 7)
        script.expect(.ack, seq: 5_001, ack: 1_017)
        script.expectDrop(.outsideWindow)
    }

    @Test("a bare acknowledgment is not answered", .requirement("mission B10"))
    func bareAcknowledgment() {
        let script = SegmentScript.transfer()
        script.peer(.ack)
        script.advance(by: .seconds(10))
        script.expectNothing()
    }

    @Test("an acknowledgment that rode on data is not sent again when its timer would have fired")
    func timerEndsWithPiggyback() throws {
        let script = SegmentScript.transfer()
        try script.leaveQuickMode()
        script.peer([.psh, .ack], "x")
        script.expectNothing()
        try script.send("y")
        script.expect([.psh, .ack], "y", ack: 1_018)
        script.advance(by: .milliseconds(100))
        script.expectNothing()
    }

    @Test("what was in order is readable at once, what is beyond a gap is not, and order is kept")
    func inOrder() throws {
        let script = SegmentScript.transfer()
        script.peer([.psh, .ack], "world", seq: 1_007)
        script.expect(.ack, ack: 1_001)
        script.expectEvents([])
        #expect(try script.receive().result == .wouldBlock)
        script.peer([.psh, .ack], "hello ", seq: 1_001)
        script.expect(.ack, ack: 1_012)
        script.expectEvents(.readable)
        #expect(try script.read() == "hello world")
    }

    @Test("of bytes that arrive twice and differ, the first count")
    func firstBytesWin() throws {
        let script = SegmentScript.transfer()
        script.peer([.psh, .ack], "cd", seq: 1_003)
        script.expect(.ack, ack: 1_001)
        script.peer([.psh, .ack], "abXXef", seq: 1_001)
        script.expect(.ack, ack: 1_007)
        #expect(try script.read() == "abcdef")
    }
}

extension TCPOptions {
    /// The options as they stand on segments after the SYN.
    var withoutMaximumSegmentSize: TCPOptions { TCPOptions(timestamps: timestamps) }
}
