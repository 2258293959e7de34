import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Urgent data (RFC 9293 §3.8.5)")
struct UrgentTests {
    // MARK: Sending

    @Test(
        "the pointer names the byte after the urgent data", .requirement("RFC9293 MUST-30"),
        .requirement("RFC9293 MUST-62"))
    func pointer() throws {
        let script = SegmentScript.transfer()
        try script.send("stop", flags: .urgent)
        script.expect([.urg, .psh, .ack], "stop", seq: 5_001, urg: 4)
    }

    @Test(
        "every segment before the end of the urgent data points at it, and none after", .requirement("RFC9293 MUST-30"))
    func manySegments() throws {
        let script = SegmentScript.transfer(options: .plain { $0.noDelay = true })
        try script.batch {
            try script.send(bytes: StreamBytes.at(0, count: 2_500), flags: .urgent)
            try script.send(bytes: StreamBytes.at(2_500, count: 1_500))
        }
        script.expect([.urg, .ack], seq: 5_001, urg: 2_500, length: 1_000)
        script.expect([.urg, .ack], seq: 6_001, urg: 1_500, length: 1_000)
        script.expect([.urg, .ack], seq: 7_001, urg: 500, length: 1_000)
        script.expect([.psh, .ack], seq: 8_001, urg: 0, length: 1_000)
    }

    @Test("urgent data may be longer than the pointer can tell", .requirement("RFC9293 MUST-31"))
    func long() throws {
        let script = SegmentScript.transfer()
        try script.send(bytes: StreamBytes.at(0, count: 100_000), flags: .urgent)
        var acknowledged: UInt32 = 5_001
        while acknowledged < 105_001 {
            let packets = script.takeAllSent()
            try #require(!packets.isEmpty)
            for packet in packets {
                let tcp = try #require(packet.tcp)
                let left = SequenceNumber(105_001) - tcp.sequenceNumber
                #expect(tcp.flags.contains(.urg))
                #expect(Int(tcp.urgentPointer) == min(left, 65_535))
                acknowledged = (tcp.sequenceNumber + packet.payload.count).rawValue
            }
            script.peer(.ack, ack: acknowledged)
        }
        try script.send("x")
        script.expect([.psh, .ack], "x", urg: 0)
    }

    @Test("retransmitted urgent data is still urgent", .requirement("RFC9293 MUST-30"))
    func retransmitted() throws {
        let script = SegmentScript.transfer()
        try script.send("stop", flags: .urgent)
        script.expect([.urg, .psh, .ack], "stop", urg: 4)
        script.advance(by: .milliseconds(200))
        script.expect([.urg, .psh, .ack], "stop", urg: 4)
        script.peer(.ack)
        try script.send("go")
        script.expect([.psh, .ack], "go")
    }

    @Test("with the window shut a probe carries the pointer", .requirement("RFC9293 MUST-30"))
    func throughClosedWindow() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 0)
        try script.send("stop", flags: .urgent)
        script.advance(by: .milliseconds(200))
        script.expect([.urg, .ack], "s", seq: 5_001, urg: 4)
    }

    // MARK: Receiving

    @Test(
        "the application hears of urgent data before it has read up to it, and of its moving on",
        .requirement("RFC9293 MUST-32"))
    func events() throws {
        let script = SegmentScript.transfer()
        script.peer([.urg, .psh, .ack], "abcd", urg: 4)
        script.expect(.ack)
        script.expectEvents([.urgent, .readable])
        script.peer([.urg, .psh, .ack], "efgh", urg: 4)
        script.expect(.ack)
        script.expectEvents([.urgent, .readable])
        script.peer([.psh, .ack], "ijkl")
        script.expect(.ack)
        script.expectEvents(.readable)
    }

    @Test("a pointer that does not move on is no news", .requirement("RFC9293 MUST-32"))
    func samePointer() throws {
        let script = SegmentScript.transfer()
        script.peer([.urg, .psh, .ack], "abcd", urg: 8)
        script.expect(.ack)
        script.expectEvents([.urgent, .readable])
        script.peer([.urg, .psh, .ack], "efgh", urg: 4)
        script.expect(.ack)
        script.expectEvents(.readable)
    }

    @Test("the application can ask how much is left to read", .requirement("RFC9293 MUST-33"))
    func left() throws {
        let script = SegmentScript.transfer()
        #expect(script.status?.urgentBytes == 0)
        script.peer([.urg, .psh, .ack], "abcd", urg: 6)
        script.expect(.ack)
        #expect(script.status?.urgentBytes == 6, "two of them are still to come")
        #expect(try script.read(upTo: 3) == "abc")
        #expect(script.status?.urgentBytes == 3)
        script.peer([.psh, .ack], "efgh")
        script.expect(.ack)
        #expect(try script.read(upTo: 4) == "defg")
        #expect(script.status?.urgentBytes == 0)
    }

    @Test("a pointer of 65,535 on segment after segment announces any length", .requirement("RFC9293 MUST-31"))
    func longFromPeer() throws {
        let script = SegmentScript.transfer()
        for segment in 0..<100 as Range<Int> {
            let left = 100_000 - segment * 1_000
            script.peer([.urg, .ack], urg: UInt16(clamping: left), length: 1_000)
            #expect(script.status?.urgentBytes == min(left, 65_535))
            _ = try script.receive()
        }
        script.takeAllSent()
        #expect(script.status?.urgentBytes == 0)
    }

    @Test(
        "after gigabytes without urgent data none is reported, and the next is noticed",
        .requirement("RFC9293 MUST-33"),
        .requirement("RFC9293 MUST-32"), arguments: [1 << 31, 1 << 31 + 16_000, 3 << 30])
    func longAfterwards(count: Int) throws {
        let script = SegmentScript.transfer(options: .plain { $0.receiveBufferBytes = 1 << 22 }) {
            $0.limits.bufferBytes = 1 << 26
        }
        try script.skipReceived(count)
        #expect(script.status?.urgentBytes == 0)
        script.peer([.urg, .psh, .ack], "abcd", seq: (SequenceNumber(1_001) + count).rawValue, urg: 4)
        script.takeAllSent()
        #expect(script.takeEvents().contains(.urgent))
        #expect(script.status?.urgentBytes == 4)
    }
}
