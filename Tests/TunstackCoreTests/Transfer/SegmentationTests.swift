import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Segmentation and push (RFC 9293 §3.7, §3.9.1.2)")
struct SegmentationTests {
    @Test(
        "a long write leaves in full segments, and the last of what is queued is pushed",
        .requirement("RFC9293 MUST-61"), .requirement("RFC9293 SHLD-28"))
    func fullSegments() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 4_000)
        script.expectStream(5_001...9_000, pushed: true)
        script.expectNothing()
    }

    @Test("without Nagle the rest of a write follows at once, short as it is")
    func rest() throws {
        let script = SegmentScript.transfer(options: .plain { $0.noDelay = true })
        try script.send(count: 2_300)
        script.expectStream(5_001...7_300, pushed: true)
    }

    @Test(
        "the sequence number of a segment is that of its first byte, and the next follows on its last",
        .requirement("mission B3"))
    func numbering() throws {
        let script = SegmentScript.transfer(mss: 100) { configuration in
            configuration.initialSequenceNumbers = .fixed(SequenceNumber(300))
        }
        try script.send(bytes: StreamBytes.at(0, count: 200))
        script.expect(.ack, seq: 301, length: 100)
        script.expect([.psh, .ack], seq: 401, length: 100)
    }

    @Test("the acknowledgment number is the next byte that is wanted", .requirement("mission B4"))
    func acknowledgmentNumber() {
        let script = SegmentScript.transfer()
        script.peer([.psh, .ack], seq: 1_001, length: 200)
        script.expect(.ack, seq: 5_001, ack: 1_201)
        script.peer([.psh, .ack], seq: 1_201, length: 800)
        script.expect(.ack, seq: 5_001, ack: 2_001)
    }

    @Test("segments are no larger than the peer's MSS less our options", .requirement("RFC9293 MUST-16"))
    func optionsTakeRoom() throws {
        var options = ConnectionOptions.plain
        options.timestamps = true
        var peerOptions = TCPOptions()
        peerOptions.timestamps = TCPTimestamps(value: 1, echoReply: 0)
        let script = SegmentScript.transfer(options: options, peerOptions: peerOptions)
        try script.send(count: 2 * 988)
        script.expectStream(5_001...6_976, mss: 988, pushed: true)
    }

    @Test("an acknowledgment rides on the data that answers", .requirement("RFC9293 MUST-58"))
    func piggyback() throws {
        let script = SegmentScript.transfer()
        try script.batch {
            script.peer([.psh, .ack], "question")
            #expect(try script.read() == "question")
            try script.send("answer")
        }
        script.expect([.psh, .ack], "answer", seq: 5_001, ack: 1_009)
        script.expectNothing()
    }

    @Test("a FIN rides on the last data", .requirement("mission B23"))
    func finOnData() throws {
        let script = SegmentScript.transfer()
        try script.batch {
            try script.send("bye")
            try script.close()
        }
        script.expect([.fin, .psh, .ack], "bye", seq: 5_001)
        script.expectNothing()
    }

    @Test("data is not held back without end when no window is in the way", .requirement("RFC9293 MUST-60"))
    func everythingLeaves() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 100)
        try script.send(count: 100)
        script.expectStream(5_001...5_100, pushed: true)
        script.peer(.ack)
        script.expectStream(5_101...5_200, pushed: true)
    }

    @Test("no more leaves than the congestion window allows: ten segments at first", .requirement("RFC6928 §2"))
    func initialWindow() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 30_000)
        script.expectStream(5_001...15_000)
        script.expectNothing()
        script.peer(.ack, ack: 6_001)
        script.expectStream(15_001...17_000)
    }

    @Test("no more leaves than the peer's window allows, and the window is unsigned", .requirement("RFC9293 MUST-1"))
    func peerWindow() throws {
        let script = SegmentScript.transfer(peerWindow: 3_500)
        try script.send(count: 5_000)
        script.expectStream(5_001...8_000)
        script.expectNothing()
        script.peer(.ack, ack: 8_001, win: 0xffff)
        script.expectStream(8_001...10_000, pushed: true)
    }

    @Test("connections with much to send take turns")
    func turns() throws {
        let script = SegmentScript(listening: 9877)
        var connections: [ConnectionID] = []
        for port in [40_001, 40_002] as [Port] {
            script.key = ConnectionKey(
                local: script.key.local, remote: Endpoint(SegmentScript.peerAddress, port))
            script.peer(.syn)
            script.peer(.ack)
            script.accept()
            if let connection = script.connection { connections.append(connection) }
        }
        script.takeAllSent()
        for connection in connections {
            _ = try StreamBytes.at(0, count: 1_072).withRawSpan { bytes throws(ConnectionError) in
                try script.stack.send(bytes, on: connection, at: script.now)
            }
        }
        script.drain()
        let ports = script.takeAllSent().map { $0.tcp?.destinationPort }
        #expect(ports == [40_001, 40_002, 40_001, 40_002])
    }
}
