import TestSupport
import Testing
import TunstackCore
import TunstackWire

/// Options that choose where the RFCs leave a choice.
@Suite("Choices")
struct ChoiceTests {
    @Test("a window probe may be an old number without text", .requirement("RFC9293 MUST-36"))
    func windowProbe() throws {
        let script = SegmentScript.transfer(options: .plain { $0.windowProbesCarryText = false })
        try script.send("abc")
        script.expect([.psh, .ack], "abc")
        script.peer(.ack, win: 0)
        try script.send("def")
        script.expectNothing()
        script.advance(by: .seconds(2))
        let probe = script.takeAllSent().first
        #expect(probe?.tcp?.sequenceNumber == SequenceNumber(5_003))
        #expect(probe?.payload == [])
    }

    @Test("a SYN may go again a few times before the distance doubles")
    func linearSyn() throws {
        let script = SegmentScript(options: .plain { $0.linearSynRetransmissions = 2 })
        try script.open()
        script.advance(by: .seconds(8))
        #expect(script.takeAllSent().map { $0.time.nanoseconds / 1_000_000_000 } == [0, 1, 2, 3, 5])
    }

    @Test("a segment without the timestamp that was agreed on may be taken", .requirement("RFC7323 §3.2"))
    func missingTimestamp() {
        for takes in [false, true] {
            let script = SegmentScript.measured(
                .milliseconds(100),
                options: .plain {
                    $0.timestamps = true
                    $0.acceptsMissingTimestamps = takes
                }, timestamps: TCPTimestamps(value: 1_000, echoReply: 0))
            script.peer([.psh, .ack], "x")
            #expect((script.status?.readableBytes ?? 0) == (takes ? 1 : 0))
        }
    }

    @Test("a limit of our own holds whatever the peer takes")
    func largestSegment() throws {
        let script = SegmentScript.transfer(options: .plain { $0.largestSegmentToSend = 400 })
        try script.send(count: 1_000)
        script.expectStream(5_001...6_000, mss: 400, pushed: true)
    }

    @Test("what is peeked at stays to be received")
    func peek() throws {
        let script = SegmentScript.transfer()
        script.peer([.psh, .ack], "hello")
        let id = try #require(script.connection)
        var seen = 0
        let bytes = try [UInt8](rawCapacity: 3) { output in
            do throws(ConnectionError) {
                try script.stack.peek(into: &output, on: id)
            } catch {
                Issue.record("the connection is there")
            }
            seen = output.byteCount
        }
        #expect(bytes == Array("hel".utf8))
        #expect(seen == 3)
        #expect(script.status?.readableBytes == 5)
    }

    @Test("what Linux tells as TCP_INFO counts segments, and what became of them")
    func details() throws {
        let script = SegmentScript.transfer(
            options: .plain { $0.selectiveAcknowledgment = true }, peerOptions: TCPOptions(sackPermitted: true))
        try script.send(count: 5_000)
        script.takeAllSent()
        var options = TCPOptions()
        options.sackBlocks.append(SACKBlock(start: SequenceNumber(6_001), end: SequenceNumber(8_001)))
        script.peer(.ack, ack: 5_001, options: options)
        let id = try #require(script.connection)
        let details = try #require(script.stack.details(of: id, at: script.now))
        #expect(details.segmentsOutstanding == 5)
        #expect(details.receivedBeyondGap == 2)
        #expect(details.usesSelectiveAcknowledgment)
        #expect(!details.usesTimestamps)
    }
}
