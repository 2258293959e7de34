import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Duplicates reported by the receiver (RFC 2883)")
struct DuplicateReportTests {
    private typealias Block = ClosedRange<UInt32>

    /// The peer's first byte is 1001; its segments carry a hundred.
    private func script(timestamps: Bool = false, route: Route = .establishedPassive) -> SegmentScript {
        var options = ConnectionOptions.plain
        options.selectiveAcknowledgment = true
        options.timestamps = timestamps
        options.maximumSegmentSize = 1_000
        var peerOptions = TCPOptions(maximumSegmentSize: 1_000, sackPermitted: true)
        if timestamps { peerOptions.timestamps = TCPTimestamps(value: 7, echoReply: 0) }
        return .reached(by: route, options: options, peerOptions: peerOptions)
    }

    private func blocks(_ packet: SentPacket?) -> [Block] {
        guard let blocks = packet?.tcp?.options.sackBlocks else { return [] }
        return (0..<blocks.count).map { blocks[$0].start.rawValue...blocks[$0].end.rawValue }
    }

    /// A segment arrives, and one acknowledgment answers it with these blocks.
    private func arrives(
        _ seq: UInt32, length: Int = 100, at script: SegmentScript, ack: UInt32, reports expected: [Block],
        timestamp: UInt32? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let options = TCPOptions(timestamps: timestamp.map { TCPTimestamps(value: $0, echoReply: 0) })
        script.peer(.ack, seq: seq, length: length, options: options, sourceLocation: sourceLocation)
        let packet = script.expect(.ack, ack: ack, sourceLocation: sourceLocation)
        #expect(blocks(packet) == expected, sourceLocation: sourceLocation)
    }

    @Test("a segment that came before is reported once, below the acknowledgment", .requirement("RFC2883 §4.1.1"))
    func below() {
        let script = script()
        arrives(1_001, at: script, ack: 1_101, reports: [])
        arrives(1_101, at: script, ack: 1_201, reports: [])
        arrives(1_001, at: script, ack: 1_201, reports: [1_001...1_101])
        arrives(1_201, at: script, ack: 1_301, reports: [])
        arrives(1_101, at: script, ack: 1_301, reports: [1_101...1_201])
        arrives(1_101, at: script, ack: 1_301, reports: [1_101...1_201])
        #expect(script.stack.counters.duplicateReportsSent == 3)
    }

    @Test("a duplicate beside a gap comes before the block beyond the gap", .requirement("RFC2883 §4.1.2"))
    func besideGap() {
        let script = script()
        arrives(1_001, at: script, ack: 1_101, reports: [])
        arrives(1_201, at: script, ack: 1_101, reports: [1_201...1_301])
        arrives(1_001, at: script, ack: 1_101, reports: [1_001...1_101, 1_201...1_301])
        arrives(1_301, at: script, ack: 1_101, reports: [1_201...1_401])
    }

    @Test("a duplicate beyond a gap is followed by the larger block that it lies in", .requirement("RFC2883 §4.1.3"))
    func beyondGap() {
        let script = script()
        arrives(1_501, at: script, ack: 1_001, reports: [1_501...1_601])
        arrives(1_601, at: script, ack: 1_001, reports: [1_501...1_701])
        arrives(1_301, at: script, ack: 1_001, reports: [1_301...1_401, 1_501...1_701])
        arrives(1_601, at: script, ack: 1_001, reports: [1_601...1_701, 1_501...1_701, 1_301...1_401])
    }

    @Test("of a segment that is new in part only the old part is reported", .requirement("RFC2883 §4.2.1"))
    func partlyBelow() {
        let script = script()
        arrives(1_001, at: script, ack: 1_101, reports: [])
        arrives(1_051, at: script, ack: 1_151, reports: [1_051...1_101])
    }

    @Test(
        "what fills a gap and repeats what is beyond it reports the repeated part", .requirement("RFC2883 §4.2.1"))
    func fillsGap() {
        let script = script()
        arrives(1_101, at: script, ack: 1_001, reports: [1_101...1_201])
        arrives(1_001, length: 150, at: script, ack: 1_201, reports: [1_101...1_151])
    }

    @Test("a segment that repeats the end of a held block names that block second", .requirement("RFC2883 §4.2"))
    func partlyBeyondGap() {
        let script = script()
        arrives(1_201, at: script, ack: 1_001, reports: [1_201...1_301])
        arrives(1_251, at: script, ack: 1_001, reports: [1_251...1_301, 1_201...1_351])
        arrives(1_151, at: script, ack: 1_001, reports: [1_201...1_251, 1_151...1_351])
    }

    @Test(
        "of two pieces that a segment repeats the first is reported", .requirement("RFC2883 §4.2.2"),
        .requirement("RFC2883 §4.2.3"))
    func twoPieces() {
        let script = script()
        arrives(1_201, at: script, ack: 1_001, reports: [1_201...1_301])
        arrives(1_401, at: script, ack: 1_001, reports: [1_401...1_501, 1_201...1_301])
        arrives(1_101, length: 500, at: script, ack: 1_001, reports: [1_201...1_301, 1_101...1_601])

        let below = self.script()
        arrives(1_001, at: below, ack: 1_101, reports: [])
        arrives(1_201, at: below, ack: 1_101, reports: [1_201...1_301])
        arrives(1_051, length: 300, at: below, ack: 1_351, reports: [1_051...1_101])
    }

    @Test("the report takes the place of a block", .requirement("RFC2883 §4"), arguments: [false, true])
    func room(timestamps: Bool) {
        let script = script(timestamps: timestamps)
        let stamp: UInt32? = timestamps ? 7 : nil
        let options = TCPOptions(timestamps: stamp.map { TCPTimestamps(value: $0, echoReply: 0) })
        for number in [1_001, 1_201, 1_401, 1_601, 1_801] as [UInt32] {
            script.peer(.ack, seq: number, length: 100, options: options)
        }
        script.takeAllSent()
        let recent: [Block] = [1_801...1_901, 1_601...1_701, 1_401...1_501]
        arrives(
            1_001, at: script, ack: 1_101, reports: [1_001...1_101] + recent.prefix(timestamps ? 2 : 3),
            timestamp: stamp)
    }

    @Test("the report leaves room for less text, and the segment counts as a full one", .requirement("RFC9293 MUST-16"))
    func onData() throws {
        let script = script()
        arrives(1_001, at: script, ack: 1_101, reports: [])
        try script.batch {
            script.peer(.ack, seq: 1_001, length: 100)
            try script.send(bytes: StreamBytes.at(0, count: 1_990))
        }
        let first = script.expect(.ack, seq: 5_001, ack: 1_101, length: 988)
        #expect(blocks(first) == [1_001...1_101])
        let second = script.expect(.ack, seq: 5_989, length: 1_000)
        #expect(blocks(second) == [])
        // What is left is small, and no small segment is in the network.
        script.expect([.psh, .ack], seq: 6_989, length: 2)
    }

    @Test("duplicates in one batch that touch each other are one report", .requirement("RFC2883 §4"))
    func batch() {
        let script = script()
        for number in [1_001, 1_101, 1_201, 1_301] as [UInt32] { script.peer(.ack, seq: number, length: 100) }
        script.takeAllSent()
        script.batch {
            script.peer(.ack, seq: 1_101, length: 100)
            script.peer(.ack, seq: 1_001, length: 100)
        }
        #expect(blocks(script.expect(.ack, ack: 1_401)) == [1_001...1_201])
        script.batch {
            script.peer(.ack, seq: 1_001, length: 100)
            script.peer(.ack, seq: 1_301, length: 100)
        }
        #expect(blocks(script.expect(.ack, ack: 1_401)) == [1_301...1_401])
    }

    @Test("a keep-alive probe with an old byte is a duplicate of one byte", .requirement("RFC9293 MAY-6"))
    func keepAlive() {
        let script = script()
        arrives(1_001, at: script, ack: 1_101, reports: [])
        arrives(1_100, length: 1, at: script, ack: 1_101, reports: [1_100...1_101])
        script.peer(.ack, seq: 1_100)
        #expect(blocks(script.expect(.ack, ack: 1_101)) == [])
    }

    @Test("what was never received is never reported", .requirement("RFC2883 §4"))
    func neverReceived() {
        let script = script()
        // The SYN's number is no text, and before it there was nothing.
        arrives(1_000, length: 1, at: script, ack: 1_001, reports: [])
        arrives(900, length: 50, at: script, ack: 1_001, reports: [])
        arrives(950, at: script, ack: 1_050, reports: [])
        arrives(0x8000_0000, at: script, ack: 1_050, reports: [])
    }

    @Test("the number of a FIN is not reported as text", .requirement("RFC2883 §4"))
    func fin() {
        let script = script()
        script.peer([.fin, .ack], seq: 1_001, length: 100)
        #expect(blocks(script.expect(.ack, ack: 1_102)) == [])
        script.peer([.fin, .ack], seq: 1_001, length: 100)
        #expect(blocks(script.expect(.ack, ack: 1_102)) == [1_001...1_101])
        script.peer(.ack, seq: 1_001, length: 101)
        #expect(blocks(script.expect(.ack, ack: 1_102)) == [1_001...1_101])
        script.peer([.fin, .ack], seq: 1_101)
        #expect(blocks(script.expect(.ack, ack: 1_102)) == [])
    }

    @Test(
        "text that repeats in SYN-RECEIVED is not reported", arguments: [Route.synReceivedActive, .synReceivedPassive])
    func synReceived(route: Route) {
        let script = script(route: route)
        for seq in [1_001, 1_001, 900] as [UInt32] {
            script.peer(.ack, seq: seq, ack: 4_000, length: 100)
            for packet in script.takeAllSent() { #expect(blocks(packet) == []) }
        }
    }

    @Test("a segment that its timestamp gives away as old is reported", .requirement("RFC2883 §4.3"))
    func oldTimestamp() {
        let script = script(timestamps: true)
        arrives(1_001, at: script, ack: 1_101, reports: [], timestamp: 20)
        arrives(1_001, at: script, ack: 1_101, reports: [1_001...1_101], timestamp: 10)
        // Its number is new, so it is older than the numbers.
        arrives(1_201, at: script, ack: 1_101, reports: [], timestamp: 10)
    }

    @Test("nothing is reported to a peer that did not permit it", .requirement("RFC2883 §4"))
    func notPermitted() {
        let script = SegmentScript.transfer(options: .plain { $0.selectiveAcknowledgment = true })
        arrives(1_001, at: script, ack: 1_101, reports: [])
        arrives(1_001, at: script, ack: 1_101, reports: [])
        #expect(script.stack.counters.duplicateReportsSent == 0)
    }
}
