import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Reports that a peer takes back, or that lie (RFC 2018 §8)")
struct RenegingTests {
    @Test("what was reported and is not acknowledged is sent again after the time-out", .requirement("RFC2018 §8"))
    func reneging() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<15_001)
        #expect(script.takeTexts() == [5_001])
        // The repair arrives, but nothing beyond it is there any more.
        script.at(.milliseconds(300))
        script.acknowledge(6_001)
        script.expectNothing()
        while script.stack.counters.retransmissionTimeouts == 0 { script.advance(by: .milliseconds(10)) }
        #expect(script.takeTexts() == [6_001])
        #expect(script.status?.lostBytes == 8_000)
        var rounds = 0
        while script.status?.unacknowledgedBytes != 0, rounds < 20 {
            rounds += 1
            script.advance(by: .milliseconds(50))
            script.acknowledge(min(6_001 + UInt32(rounds) * 1_000, 15_001))
        }
        script.takeAllSent()
        #expect(script.status?.unacknowledgedBytes == 0)
        #expect(script.stack.counters.retransmissionTimeouts == 1)
    }

    @Test(
        "blocks outside of what was sent, empty or turned round say nothing", .requirement("RFC2018 §5"),
        arguments: [
            (15_001, 16_001), (14_001, 15_002), (4_001, 5_001), (4_001, 6_001), (7_001, 6_001), (6_001, 6_001),
            (5_001 &+ 0x8000_0000, 6_001), (6_001, 6_001 &+ 0x8000_0000), (0, 0xffff_ffff),
        ] as [(UInt32, UInt32)])
    func lies(start: UInt32, end: UInt32) throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        for _ in 0..<4 {
            var options = TCPOptions()
            options.sackBlocks = [SACKBlock(start: SequenceNumber(start), end: SequenceNumber(end))]
            script.peer(.ack, ack: 5_001, options: options)
        }
        #expect(script.status?.bytesInFlight == 10_000)
        script.expectNothing()
        script.acknowledge(15_001)
        #expect(script.status?.unacknowledgedBytes == 0)
    }

    @Test("blocks that overlap each other are counted once", .requirement("RFC2018 §5"))
    func overlapping() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<8_001, 7_001..<9_001, 6_001..<9_001, 8_001..<9_001)
        #expect(script.status?.bytesInFlight == 7_000)
        #expect(script.status?.deliveredBytes == 3_000)
        #expect(script.takeTexts() == [5_001])
    }

    @Test("random blocks and acknowledgments neither trap nor corrupt anything", arguments: 0..<20 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var options = ConnectionOptions.selective
        options.pacing = seed % 3 == 1
        options.congestion = [.newReno, .cubic, .bbr][Int(seed % 3)]
        options.dataTimeout = .seconds(100_000)
        let script = SegmentScript.recovering(options: options)
        for step in 0..<5_000 {
            guard let status = script.status, status.state == .established else { break }
            let outstanding = status.sendNext - status.sendUnacknowledged
            if status.unacknowledgedBytes < 30_000 { try script.send(count: Int(random.next() % 5_000)) }
            script.advance(by: .microseconds(Int64(random.next() % 30_000)))
            var header = TCPOptions()
            for _ in 0..<random.next() % 5 {
                func number() -> SequenceNumber {
                    if random.next().isMultiple(of: 20) {
                        return SequenceNumber(UInt32(truncatingIfNeeded: random.next()))
                    }
                    return status.sendUnacknowledged + Int(random.next() % UInt64(outstanding + 2_000)) - 1_000
                }
                header.sackBlocks.append(SACKBlock(start: number(), end: number()))
            }
            let moves = random.next().isMultiple(of: 4)
            let ack = status.sendUnacknowledged + (moves ? Int(random.next() % UInt64(outstanding + 1)) : 0)
            let win = random.next().isMultiple(of: 10) ? UInt16(random.next() % 3_000) : 60_000
            let edge = status.sendUnacknowledged + status.sendWindow
            script.peer(.ack, ack: ack.rawValue, win: win, options: header)
            check(script, edge: SequenceNumber.max(edge, ack + Int(win)), "seed \(seed), step \(step)")
        }
        try finish(script)
    }

    /// What must hold whatever the peer says; every byte that left is the right one.
    private func check(_ script: SegmentScript, edge: SequenceNumber, _ what: String) {
        guard let status = script.status else { return }
        let outstanding = status.sendNext - status.sendUnacknowledged
        expectEqual(status.bytesInFlight >= 0 && status.bytesInFlight + status.lostBytes <= outstanding, true, what)
        expectEqual(status.congestionWindow > 0, true, what)
        for packet in script.takeAllSent() where !packet.payload.isEmpty {
            let start = packet.tcp?.sequenceNumber ?? SequenceNumber(0)
            let offset = start - SequenceNumber(SegmentScript.iss + 1)
            expectEqual(packet.payload == StreamBytes.at(offset, count: packet.payload.count), true, what)
        }
    }

    /// An honest peer takes over, and everything arrives.
    private func finish(_ script: SegmentScript) throws {
        for _ in 0..<2_000 {
            guard script.status?.unacknowledgedBytes != 0 else { break }
            script.advance(by: .milliseconds(500))
            script.takeAllSent()
            script.acknowledge(script.stackNext)
        }
        script.takeAllSent()
        #expect(script.status?.unacknowledgedBytes == 0)
        #expect(script.status?.bytesInFlight == 0)
        #expect(script.status?.lostBytes == 0)
    }
}
