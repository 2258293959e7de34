import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Selective acknowledgment at the receiver (RFC 2018)")
struct SelectiveAcknowledgmentTests {
    private func script(timestamps: Bool = false, mss: UInt16 = 1_000) -> SegmentScript {
        var options = ConnectionOptions.plain
        options.selectiveAcknowledgment = true
        options.timestamps = timestamps
        var peerOptions = TCPOptions()
        peerOptions.sackPermitted = true
        if timestamps { peerOptions.timestamps = TCPTimestamps(value: 7, echoReply: 0) }
        return .transfer(mss: mss, options: options, peerOptions: peerOptions)
    }

    private func blocks(_ packet: SentPacket?) -> [ClosedRange<UInt32>] {
        guard let blocks = packet?.tcp?.options.sackBlocks else { return [] }
        return (0..<blocks.count).map { blocks[$0].start.rawValue...blocks[$0].end.rawValue }
    }

    /// Segments of ten bytes arrive at these numbers; the blocks of the last acknowledgment.
    private func blocks(after numbers: [UInt32], timestamps: Bool = false) -> [ClosedRange<UInt32>] {
        let script = script(timestamps: timestamps)
        var last: SentPacket?
        let options = TCPOptions(timestamps: timestamps ? TCPTimestamps(value: 7, echoReply: 0) : nil)
        for number in numbers {
            script.peer(.ack, seq: number, length: 10, options: options)
            last = script.expect(.ack, ack: 1_001)
        }
        return blocks(last)
    }

    @Test("a block tells what lies beyond the gap", .requirement("RFC2018 §3"))
    func oneBlock() {
        #expect(blocks(after: [1_101]) == [1_101...1_111])
        #expect(blocks(after: [1_101, 1_111]) == [1_101...1_121])
        #expect(blocks(after: [1_111, 1_101]) == [1_101...1_121])
    }

    @Test(
        "the block of the segment that caused the acknowledgment comes first, then the most recent ones",
        .requirement("RFC2018 §4"))
    func order() {
        #expect(blocks(after: [1_101, 1_201, 1_301]) == [1_301...1_311, 1_201...1_211, 1_101...1_111])
        #expect(blocks(after: [1_301, 1_101, 1_201]) == [1_201...1_211, 1_101...1_111, 1_301...1_311])
        #expect(blocks(after: [1_101, 1_201, 1_301, 1_111]) == [1_101...1_121, 1_301...1_311, 1_201...1_211])
    }

    @Test("four blocks fit without timestamps, three beside them", .requirement("RFC2018 §3"))
    func count() {
        let numbers: [UInt32] = [1_101, 1_201, 1_301, 1_401, 1_501]
        #expect(blocks(after: numbers).map(\.lowerBound) == [1_501, 1_401, 1_301, 1_201])
        #expect(blocks(after: numbers, timestamps: true).map(\.lowerBound) == [1_501, 1_401, 1_301])
    }

    @Test(
        "each block is reported in three acknowledgments at least, so that one may be lost",
        .requirement("RFC2018 §4"))
    func repetition() {
        let script = script(timestamps: true)
        let options = TCPOptions(timestamps: TCPTimestamps(value: 7, echoReply: 0))
        var reports: [UInt32: Int] = [:]
        for number in stride(from: 1_101, to: 2_101, by: 100) as StrideTo<UInt32> {
            script.peer(.ack, seq: number, length: 10, options: options)
            for block in blocks(script.expect(.ack, ack: 1_001)) { reports[block.lowerBound, default: 0] += 1 }
        }
        #expect(reports.filter { $0.key <= 1_801 }.allSatisfy { $0.value == 3 }, "\(reports)")
    }

    @Test("the option goes with data too, and leaves room for less text", .requirement("RFC9293 MUST-16"))
    func onData() throws {
        let script = script()
        script.peer(.ack, seq: 1_101, length: 10)
        script.expect(.ack)
        try script.send(count: 1_000)
        let first = script.expect(.ack, seq: 5_001, length: 988)
        #expect(blocks(first) == [1_101...1_111])
        script.peer(.ack)
        script.expect([.psh, .ack], seq: 5_989, length: 12)
    }

    @Test("once the gap is filled the option is gone", .requirement("RFC2018 §3"))
    func filled() {
        let script = script()
        script.peer(.ack, seq: 1_101, length: 10)
        script.expect(.ack)
        script.peer(.ack, seq: 1_001, length: 50)
        #expect(blocks(script.expect(.ack, ack: 1_051)) == [1_101...1_111])
        script.peer(.ack, seq: 1_051, length: 50)
        #expect(blocks(script.expect(.ack, ack: 1_111)) == [])
    }

    @Test("nothing is reported to a peer that did not permit it", .requirement("RFC2018 §2"))
    func notPermitted() {
        let script = SegmentScript.transfer(options: .plain { $0.selectiveAcknowledgment = true })
        script.peer(.ack, seq: 1_101, length: 10)
        script.expect(.ack, ack: 1_001, options: TCPOptions())
    }
}
