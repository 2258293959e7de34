import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Sequence numbers that wrap (RFC 9293 §3.4)")
struct SequenceWrapTests {
    static let offsets: [UInt32] = [0, 1, 2, 999, 1_001, 65_536, 200_000]
    private static let total = 200_000
    private static let stream = StreamBytes.at(0, count: total)

    @Test("a stream of ours goes through 2^32 without a byte lost or sent twice", arguments: offsets)
    func sending(offset: UInt32) throws {
        let iss = 0 &- offset
        let script = SegmentScript.transfer(peerWindow: 60_000) {
            $0.initialSequenceNumbers = .fixed(SequenceNumber(iss))
        }
        let first = SequenceNumber(iss) + 1
        var sent = 0
        var arrived = 0
        while arrived < Self.total {
            sent += try script.send(bytes: Array(Self.stream[sent..<min(sent + 50_000, Self.total)]))
            let packets = script.takeAllSent()
            try #require(!packets.isEmpty, "stuck at \(arrived)")
            for packet in packets {
                let tcp = try #require(packet.tcp)
                expectEqual(tcp.sequenceNumber - first, arrived)
                let expected = Array(Self.stream[arrived..<arrived + packet.payload.count])
                expectEqual(packet.payload == expected, true, "wrong bytes at \(arrived)")
                arrived += packet.payload.count
                if arrived.isMultiple(of: 2_000) || arrived == Self.total {
                    script.peer(.ack, ack: (first + arrived).rawValue, win: 60_000)
                }
            }
        }
        script.takeAllSent()
        #expect(script.status?.unacknowledgedBytes == 0)
        #expect(script.stack.counters.segmentsRetransmitted == 0)
    }

    @Test(
        "a stream of the peer's goes through 2^32, with every second pair of segments swapped",
        .requirement("RFC9293 SHLD-31"), arguments: offsets)
    func receiving(offset: UInt32) throws {
        let irs = 0 &- offset
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: irs)
        script.peer(.ack, seq: irs &+ 1)
        script.accept()
        var received: [UInt8] = []
        for start in stride(from: 0, to: Self.total, by: 2_000) {
            let isSwapped = start.isMultiple(of: 4_000)
            for part in isSwapped ? [start + 1_000, start] : [start, start + 1_000] {
                let header = TCPHeader(
                    sourcePort: script.key.remote.port, destinationPort: script.key.local.port,
                    sequenceNumber: SequenceNumber(irs) + 1 + part, acknowledgmentNumber: SequenceNumber(5_001),
                    flags: .ack, window: 65_535)
                script.inject(tcp: header, text: Array(Self.stream[part..<part + 1_000]))
                expectEqual(script.lastDrop, nil, "at \(part)")
            }
            received += try script.receive().bytes
        }
        script.advance(by: .milliseconds(40))
        let last = script.takeAllSent().last?.tcp
        #expect(last?.acknowledgmentNumber == SequenceNumber(irs) + 1 + Self.total)
        let isIntact = received == Self.stream
        #expect(isIntact)
    }

    @Test(
        "an acknowledgment that comes round to the initial number is no second handshake",
        arguments: [1_000, 1, 4_000])
    func unaReachesISS(before: Int) throws {
        let script = SegmentScript.transfer()
        try script.skipSent(1 << 32 - 1 - before)
        try script.send(bytes: StreamBytes.at(0, count: before))
        script.takeAllSent()
        script.takeAllEvents()
        script.peer(.ack, ack: SegmentScript.iss)
        script.expectEvents(.sendsAcknowledged)
        script.peer([.psh, .ack], "more", ack: SegmentScript.iss)
        script.expect(.ack, seq: SegmentScript.iss, ack: 1_005)
        script.expectEvents(.readable)
        try script.send("answer")
        script.expect([.psh, .ack], "answer", seq: SegmentScript.iss)
        script.peer(.ack, ack: SegmentScript.iss + 6)
        script.expectState(.established)
        script.expectEvents(.sendsAcknowledged)
    }

    @Test("after gigabytes in both directions everything still works")
    func gigabytes() throws {
        let script = SegmentScript.transfer()
        for gibibytes in stride(from: 0.5, through: 9, by: 0.5) {
            try script.skipReceived(1 << 29)
            try script.skipSent(1 << 29)
            let status = try #require(script.status)
            let (una, next) = (status.sendUnacknowledged, status.receiveNext)

            // Our stream: sent once, repaired on the third duplicate, acknowledged.
            try script.send(bytes: StreamBytes.at(0, count: 4_000))
            #expect(script.takeAllSent().first?.tcp?.sequenceNumber == una, "after \(gibibytes) GiB")
            for _ in 0..<3 { script.peer(.ack, seq: next.rawValue, ack: una.rawValue) }
            let numbers = script.takeAllSent().map { $0.tcp?.sequenceNumber }
            #expect(numbers.count { $0 == una } == 1, "after \(gibibytes) GiB")
            while script.status?.unacknowledgedBytes != 0 {
                script.peer(.ack, seq: next.rawValue)
                try #require(script.status?.unacknowledgedBytes == 0 || !script.takeAllSent().isEmpty)
            }
            #expect(script.status?.sendWindow == 65_535)

            // The peer's: out of order, then in order.
            script.peer(.ack, seq: (next + 1_000).rawValue, length: 1_000)
            script.expect(.ack, ack: next.rawValue)
            script.peer(.ack, seq: next.rawValue, length: 1_000)
            script.expect(.ack, ack: (next + 2_000).rawValue)
            #expect(try script.receive().bytes.count == 2_000)
            #expect(script.status?.urgentBytes == 0)
        }
        script.advance(by: .minutes(10))
        script.expectNothing()
        script.expectState(.established)
    }

    @Test("three duplicates tell of a loss however much has been sent without one")
    func firstLoss() throws {
        let script = SegmentScript.transfer()
        try script.skipSent(3 << 30)
        let una = try #require(script.status?.sendNext)
        try script.send(bytes: StreamBytes.at(0, count: 5_000))
        script.takeAllSent()
        for _ in 0..<3 { script.peer(.ack, seq: 1_001, ack: una.rawValue) }
        #expect(script.takeAllSent().contains { $0.tcp?.sequenceNumber == una })
        script.peer(.ack, seq: 1_001)
        script.takeAllEvents()
    }

    @Test("a change of the window alone is heeded however much we have sent since the peer last sent text")
    func windowUpdate() throws {
        let script = SegmentScript.transfer()
        try script.skipSent(3 << 30)
        script.peer(.ack, seq: 1_001, ack: script.status?.sendNext.rawValue, win: 1_234)
        #expect(script.status?.sendWindow == 1_234)
    }
}
