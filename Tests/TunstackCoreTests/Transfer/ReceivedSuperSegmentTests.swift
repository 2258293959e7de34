import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Super-segments that arrive")
struct ReceivedSuperSegmentTests {
    @Test("one is acknowledged once, and so are several in one batch", .requirement("RFC9293 MUST-58"))
    func oneAcknowledgment() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, length: 30_000)
        script.expect(.ack, ack: 31_001)
        script.expectNothing()
        try #expect(script.receive().bytes == StreamBytes.at(0, count: 30_000))
        script.takeAllSent()
        script.batch {
            for _ in 0..<4 { script.peer(.ack, length: 10_000) }
        }
        script.expect(.ack, ack: 71_001)
        script.expectNothing()
    }

    @Test("the largest that a packet can carry is taken")
    func largest() throws {
        let script = SegmentScript.transfer(options: .plain { $0.windowScale = 7 }) { _ in }
        script.peer(.ack, length: 65_495)
        script.expect(.ack, ack: 66_496)
        try #expect(script.receive().bytes.count == 65_495)
        script.takeAllSent()
    }

    @Test("what goes beyond the window is cut off, and the rest is wanted again")
    func beyondWindow() throws {
        let script = SegmentScript.transfer(
            options: .plain {
                $0.receiveBufferBytes = 5_000; $0.maximumReceiveBufferBytes = 5_000
            })
        script.peer(.ack, length: 12_000)
        script.expect(.ack, ack: 6_001, win: 0)
        try #expect(script.receive().bytes == StreamBytes.at(0, count: 5_000))
        script.expect(.ack, ack: 6_001, win: 5_000)
        script.peer(.ack, seq: 1_001, length: 12_000)
        script.expect(.ack, ack: 11_001, win: 0)
    }

    @Test("beyond a gap it is kept, reported as one block, and read when the gap is filled", .requirement("RFC2018 §3"))
    func outOfOrder() throws {
        let script = SegmentScript.recovering()
        script.peer(.ack, seq: 2_001, length: 20_000)
        let report = script.takeSent()?.tcp
        #expect(report?.options.sackBlocks.count == 1)
        #expect(report?.options.sackBlocks[0] == SACKBlock(start: SequenceNumber(2_001), end: SequenceNumber(22_001)))
        script.expectNothing()
        // It overlaps with what is held, too.
        script.peer(.ack, seq: 1_001, length: 5_000)
        #expect(script.takeSent()?.tcp?.acknowledgmentNumber == SequenceNumber(22_001))
        try #expect(script.receive().bytes == StreamBytes.at(0, count: 21_000))
        script.takeAllSent()
    }

    @Test(
        "a peer without selective acknowledgment gets three duplicates for one of three segments or more",
        .requirement("RFC5681 §3.2"))
    func duplicates() {
        let script = SegmentScript.transfer()
        script.peer(.ack, seq: 2_001, length: 20_000)
        for _ in 0..<3 { script.expect(.ack, ack: 1_001) }
        script.expectNothing()
        script.peer(.ack, seq: 30_001, length: 1_500)
        for _ in 0..<2 { script.expect(.ack, ack: 1_001) }
        script.expectNothing()
    }

    @Test("a FIN on it ends the stream behind its text")
    func fin() throws {
        let script = SegmentScript.transfer()
        script.peer([.fin, .psh, .ack], length: 10_000)
        script.expect(.ack, ack: 11_002)
        script.expectState(.closeWait)
        try #expect(script.receive().bytes.count == 10_000)
        try #expect(script.receive().result == .endOfStream)
    }

    @Test("its checksum is verified unless somebody vouches for it", .requirement("RFC9293 MUST-3"))
    func checksum() {
        let script = SegmentScript.transfer()
        let header = TCPHeader(
            sourcePort: script.key.remote.port, destinationPort: script.key.local.port,
            sequenceNumber: SequenceNumber(1_001), acknowledgmentNumber: SequenceNumber(5_001), flags: .ack,
            window: 65_535)
        var packet = Packets.tcp(
            header, from: SegmentScript.peerAddress, to: SegmentScript.localAddress,
            text: StreamBytes.at(0, count: 9_000))
        packet[36] ^= 0xff
        script.inject(packet)
        script.expectDrop(.badTCPChecksum)
        script.expectNothing()
        let dropped = packet.withRawSpan { script.stack.receive($0, checksum: .verified, at: script.now) }
        #expect(dropped == nil)
        script.drain()
        script.expect(.ack, ack: 10_001)
    }

    @Test("however the stream is cut and shuffled, it is read as it was sent", arguments: 0..<40 as Range<UInt64>)
    func anyCut(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let script = SegmentScript.recovering(
            options: .plain {
                $0.selectiveAcknowledgment = true
                $0.windowScale = 7
            })
        let total = 200_000
        var read: [UInt8] = []
        for _ in 0..<10_000 where read.count < total {
            let next = read.count
            let start = max(
                0, next + Int.random(in: -20_000...40_000, using: &random) * Int.random(in: 0...1, using: &random))
            let length = min(total - min(total, start), Int.random(in: 1...60_000, using: &random))
            script.peer(.ack, seq: UInt32(1_001 + start), length: length)
            script.takeAllSent()
            if Bool.random(using: &random) { read += try script.receive(upTo: 50_000).bytes }
        }
        #expect(read == StreamBytes.at(0, count: total))
        script.takeAllSent()
    }
}
