import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Probes for a larger path MTU (RFC 4821, RFC 8899)")
struct SizeProbeTests {
    /// A connection that may send 1,460 bytes in a segment, 100 ms from its peer.
    private func script(_ mode: PathMTUProbing, mss: UInt16 = 1_460, sack: Bool = true) throws -> SegmentScript {
        SegmentScript.established(
            options: .plain {
                $0.pathMTUProbing = mode
                $0.selectiveAcknowledgment = sack
            }, peerOptions: TCPOptions(maximumSegmentSize: mss, sackPermitted: sack))
    }

    private func send(_ count: Int, on script: SegmentScript) throws -> [SentPacket] {
        try script.send(bytes: StreamBytes.at(0, count: count))
        return script.takeAllSent()
    }

    /// A long text goes over the path, whose round trip is 50 ms and a millisecond for each packet; forty rounds of it.
    private func sendMuch(on script: SegmentScript, over path: inout NarrowPath) throws {
        var packets = try send(400_000, on: script)
        for _ in 0..<40 {
            script.advance(by: .milliseconds(50))
            packets = packets.flatMap { packet in
                script.advance(by: .milliseconds(1))
                path.carry(packet, to: script)
                return script.takeAllSent()
            }
        }
    }

    /// A round trip later the peer has everything but a segment of this length, and says so bit by bit.
    private func lose(_ packets: [SentPacket], length: Int, on script: SegmentScript) throws -> [SentPacket] {
        let lost = try #require(packets.first { $0.payload.count == length }?.tcp?.sequenceNumber)
        let start = lost + length
        script.advance(by: .milliseconds(100))
        var answers: [SentPacket] = []
        for packet in packets {
            guard let number = packet.tcp?.sequenceNumber, number != lost else { continue }
            let end = number + packet.payload.count
            if end.isAtOrBefore(lost) {
                script.peer(.ack, ack: end.rawValue)
            } else {
                script.peer(
                    .ack, ack: lost.rawValue, options: TCPOptions(sackBlocks: [SACKBlock(start: start, end: end)]))
            }
            answers += script.takeAllSent()
        }
        return answers
    }

    @Test("it begins with small segments, and the first is a probe of the full size", .requirement("RFC4821 §7.2"))
    func begins() throws {
        let script = try script(.always)
        #expect(script.status?.pathMTU == 1_064)
        let lengths = try send(20_000, on: script).map(\.payload.count)
        #expect(lengths == [1_460] + [Int](repeating: 1_024, count: 8))
        #expect(script.stack.counters.pathMTUProbes == 1)
    }

    @Test("a probe needs text for itself and for the three segments that would tell of its loss", arguments: [0, 1])
    func textBehind(missing: Int) throws {
        let script = try script(.always)
        _ = try send(1_460 + 3 * 1_024 - missing, on: script)
        #expect(script.stack.counters.pathMTUProbes == (missing == 0 ? 1 : 0))
    }

    @Test("a probe that arrives sets the size", .requirement("RFC4821 §7.6.1"))
    func arrives() throws {
        let script = try script(.always)
        _ = try send(40_000, on: script)
        script.advance(by: .milliseconds(100))
        script.takeAllSent()
        script.peer(.ack, ack: 6_461)
        #expect(script.status?.pathMTU == 1_500)
        #expect(script.takeAllSent().map(\.payload.count) == [1_460])
        script.peer(.ack)
        script.takeAllSent()
        #expect(script.stack.counters.pathMTUProbes == 1)
    }

    @Test("a probe that is reported selectively sets the size, too", .requirement("RFC4821 §7.6.1"))
    func arrivesBeyondGap() throws {
        let script = try script(.always)
        let packets = try send(40_000, on: script)
        script.advance(by: .milliseconds(100))
        let block = SACKBlock(start: SequenceNumber(5_001), end: SequenceNumber(6_461))
        #expect(packets.first?.payload.count == 1_460)
        // Nothing lies before it here, so the peer holds a part of it.
        script.peer(.ack, ack: 5_001, options: TCPOptions(sackBlocks: [block]))
        #expect(script.status?.pathMTU == 1_500)
        script.takeAllSent()
    }

    @Test("a probe that is lost is repaired in small segments, and is no congestion", .requirement("RFC4821 §7.6.2"))
    func lost() throws {
        let script = try script(.always)
        let window = try #require(script.status).congestionWindow
        let packets = try send(20_000, on: script)
        let answers = try lose(packets, length: 1_460, on: script)
        let repairs = answers.filter { $0.tcp?.sequenceNumber.isBefore(SequenceNumber(6_461)) == true }
        #expect(repairs.map(\.payload.count) == [1_024, 436])
        let status = try #require(script.status)
        #expect(status.recovery == .open)
        #expect(status.congestionWindow >= window)
        #expect(status.slowStartThreshold == .max)
        #expect(status.totalLostBytes == 0)
        #expect(status.pathMTU == 1_064)
        #expect(script.stack.counters.fastRetransmissions == 0)
    }

    @Test(
        "a size that is lost three times counts as too large, and a smaller one is tried",
        .requirement("RFC8899 §5.1.2"))
    func nextSize() throws {
        let script = try script(.always)
        var path = NarrowPath(limit: 1_280)
        try sendMuch(on: script, over: &path)
        #expect(path.dropped == [1_460, 1_460, 1_460, 1_360, 1_360, 1_360])
        #expect(script.status?.pathMTU == 1_280)
        #expect(script.status?.maximumSegmentSize == 1_240)
        #expect(script.stack.counters.retransmissionTimeouts == 0)
        #expect(script.stack.counters.fastRetransmissions == 0)
        #expect(script.status?.totalLostBytes == 0)
        #expect(script.status?.unacknowledgedBytes == 0)
    }

    @Test("the next size is given up after three losses of its own", .requirement("RFC8899 §5.1.2"))
    func nextSizeIsLost() throws {
        let script = try script(.always)
        var path = NarrowPath(limit: 1_064)
        try sendMuch(on: script, over: &path)
        #expect(path.dropped == [1_460, 1_460, 1_460, 1_240, 1_240, 1_240])
        #expect(script.status?.pathMTU == 1_064)
    }

    @Test("what a router has lowered is tried again after ten minutes", .requirement("RFC1191 §6.3"))
    func afterRouter() throws {
        let script = try script(.onBlackHole)
        _ = try send(2_920, on: script)
        script.icmp(.destinationUnreachable(code: 4, nextHopMTU: 1_300), quoting: 5_001)
        #expect(script.status?.pathMTU == 1_300)
        script.takeAllSent()
        script.peer(.ack)
        script.at(.seconds(599))
        #expect(try send(10_000, on: script).allSatisfy { $0.payload.count <= 1_260 })
        script.peer(.ack)
        script.takeAllSent()
        script.peer(.ack)
        script.takeAllSent()
        script.at(.seconds(601))
        #expect(try send(14_000, on: script).first?.payload.count == 1_460)
        script.peer(.ack)
        #expect(script.status?.pathMTU == 1_500)
        script.takeAllSent()
    }

    @Test("switched off, nothing raises what a router has lowered")
    func off() throws {
        let script = try script(.off)
        _ = try send(2_920, on: script)
        script.icmp(.destinationUnreachable(code: 4, nextHopMTU: 1_300), quoting: 5_001)
        script.takeAllSent()
        script.peer(.ack)
        script.at(.seconds(2_000))
        #expect(try send(10_000, on: script).allSatisfy { $0.payload.count <= 1_260 })
    }

    @Test("a router that refuses the probe and names a size is believed", .requirement("RFC1191 §3"))
    func refused() throws {
        let script = try script(.always)
        let packets = try send(40_000, on: script)
        script.icmp(.destinationUnreachable(code: 4, nextHopMTU: 1_200), quoting: 5_001)
        #expect(script.status?.pathMTU == 1_064)
        script.takeAllSent()
        _ = try lose(packets, length: 1_460, on: script)
        script.advance(by: .milliseconds(100))
        script.peer(.ack)
        #expect(script.takeAllSent().contains { $0.payload.count == 1_160 })
        script.advance(by: .milliseconds(100))
        script.peer(.ack)
        #expect(script.status?.pathMTU == 1_200)
        script.takeAllSent()
    }

    @Test("a router that names no size when a probe is out leaves the path MTU alone", .requirement("RFC4821 §7.6.2"))
    func refusedWithoutSize() throws {
        let script = try script(.always)
        _ = try send(40_000, on: script)
        script.icmp(.destinationUnreachable(code: 4, nextHopMTU: 0), quoting: 5_001)
        #expect(script.status?.pathMTU == 1_064)
        script.expectNothing()
    }

    @Test("without selective acknowledgment it begins with full segments")
    func withoutReports() throws {
        let script = try script(.always, sack: false)
        #expect(try send(2_920, on: script).map(\.payload.count) == [1_460, 1_460])
    }

    @Test("too little data is not worth a probe", .requirement("RFC4821 §7.4"))
    func littleData() throws {
        let script = try script(.always)
        #expect(try send(4_000, on: script).allSatisfy { $0.payload.count <= 1_024 })
        #expect(script.stack.counters.pathMTUProbes == 0)
    }

    @Test("the peer's segment size bounds the search", arguments: [536, 1_024, 1_200] as [UInt16])
    func peerLimit(mss: UInt16) throws {
        let script = try script(.always, mss: mss)
        #expect(try send(20_000, on: script).allSatisfy { $0.payload.count <= Int(mss) })
        #expect(script.stack.counters.pathMTUProbes == (mss > 1_024 ? 1 : 0))
        script.peer(.ack)
        #expect(script.takeAllSent().allSatisfy { $0.payload.count == Int(mss) || $0.payload.count < 1_024 })
    }
}

/// A peer behind a path that takes packets of so many bytes and does not say so. It acknowledges each segment at
/// once, with one block.
private struct NarrowPath {
    let limit: Int
    /// The text lengths of what was too large.
    private(set) var dropped: [Int] = []
    private var next = SequenceNumber(SegmentScript.iss + 1)
    private var held: [(start: SequenceNumber, end: SequenceNumber)] = []

    init(limit: Int) { self.limit = limit }

    mutating func carry(_ packet: SentPacket, to script: SegmentScript) {
        guard let start = packet.tcp?.sequenceNumber else { return }
        guard packet.bytes.count <= limit else { return dropped.append(packet.payload.count) }
        var block = (start: start, end: start + packet.payload.count)
        // Blocks that touch are one.
        held.removeAll { other in
            guard other.end.isAtOrAfter(block.start), block.end.isAtOrAfter(other.start) else { return false }
            block = (
                other.start.isBefore(block.start) ? other.start : block.start, SequenceNumber.max(other.end, block.end)
            )
            return true
        }
        if block.start.isAtOrBefore(next) {
            next = SequenceNumber.max(next, block.end)
            script.peer(.ack, ack: next.rawValue)
        } else {
            held.append(block)
            let blocks: SACKBlocks = [SACKBlock(start: block.start, end: block.end)]
            script.peer(.ack, ack: next.rawValue, options: TCPOptions(sackBlocks: blocks))
        }
    }
}
