import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Super-segments")
struct SuperSegmentTests {
    private static func script(
        mss: UInt16 = 1_000, peerWindow: UInt16 = 65_535, options: ConnectionOptions = .plain, largest: Int = 65_535,
        configure: (inout StackConfiguration) -> Void = { _ in }
    ) -> SegmentScript {
        .transfer(mss: mss, peerWindow: peerWindow, options: options) {
            $0.transmitOffload.largestPacket = largest
            configure(&$0)
        }
    }

    /// A connection with selective acknowledgment that has sent `count` bytes from 5,001 on as one packet, at 100 ms.
    private static func selective(
        sending count: Int, configure: (inout StackConfiguration) -> Void = { _ in }
    ) throws -> SegmentScript {
        let script = SegmentScript.recovering {
            $0.transmitOffload.largestPacket = 65_535
            configure(&$0)
        }
        try script.send(count: count)
        script.expectSuper(5_001...5_000 + UInt32(count))
        return script
    }

    private static func records(_ script: SegmentScript) -> Int {
        Int(script.stack.connections[Int(script.connection?.index ?? 0)].recovery.segments.count)
    }

    @Test("what the windows allow leaves as one packet, and is one record")
    func onePacket() throws {
        let script = Self.script()
        try script.send(count: 30_000)
        script.expectSuper(5_001...15_000, pushed: false)
        script.expectNothing()
        #expect(Self.records(script) == 1)
        script.peer(.ack, ack: 7_001)
        script.expectSuper(15_001...19_000, pushed: false)
        #expect(Self.records(script) == 2)
    }

    @Test("the end of the queue comes along, with PSH and FIN")
    func end() throws {
        let script = Self.script()
        try script.batch {
            try script.send(count: 4_400)
            try script.close()
        }
        let packet = script.takeSent()
        #expect(packet?.tcp?.flags == [.fin, .psh, .ack] && packet?.payload.count == 4_400)
        script.peer(.ack, ack: 9_402)
        script.expectState(.finWait2)
    }

    @Test("the peer's window cuts it at a whole segment", .requirement("RFC9293 MUST-38"))
    func peerWindow() throws {
        let script = Self.script(peerWindow: 3_500)
        try script.send(count: 5_000)
        script.expectSuper(5_001...8_000, pushed: false)
        script.expectNothing()
    }

    @Test("the end of the queue stays behind while Nagle's algorithm or the application holds it back")
    func heldBack() throws {
        let script = Self.script()
        try script.send(count: 100)
        script.expectStream(5_001...5_100, pushed: true)
        try script.send(count: 2_300)
        script.expectSuper(5_101...7_100, pushed: false)
        script.peer(.ack)
        script.expectStream(7_101...7_400, pushed: true)
        script.peer(.ack)
        try script.send(bytes: StreamBytes.at(2_400, count: 2_300), flags: .more)
        script.expectSuper(7_401...9_400, pushed: false)
        script.expectNothing()
    }

    @Test("it is no longer than the device takes")
    func largestPacket() throws {
        let script = Self.script(largest: 4_500)
        try script.send(count: 10_000)
        script.expectSuper(5_001...9_000, pushed: false)
        script.expectSuper(9_001...13_000, pushed: false)
        script.expectSuper(13_001...15_000)
    }

    @Test("urgent data and an acknowledgment with SACK blocks leave segment by segment")
    func segmentBySegment() throws {
        let script = try Self.selective(sending: 2_000)
        script.peer(.ack, seq: 2_001, length: 100)
        script.expect(.ack)
        try script.send(count: 1_960)
        script.expectStream(7_001...8_960, mss: 988, pushed: true)
        let urgent = Self.script()
        try urgent.send(bytes: StreamBytes.at(0, count: 2_000), flags: .urgent)
        #expect(urgent.takeAllSent().map(\.payload.count) == [1_000, 1_000])
    }

    @Test(
        "the first segment after a congestion mark, which tells of a smaller window, leaves alone",
        .requirement("RFC3168 §6.1.2"))
    func reductionTold() throws {
        var options = ConnectionOptions.selective
        options.ecn = true
        options.maximumSegmentSize = 1_000
        let script = SegmentScript(listening: 9877, options: options) { $0.transmitOffload.largestPacket = 65_535 }
        var syn = TCPOptions(maximumSegmentSize: 1_000)
        syn.sackPermitted = true
        script.peer([.syn, .ece, .cwr], options: syn)
        script.expect([.syn, .ack, .ece])
        script.peer(.ack)
        script.accept()
        try script.send(count: 40_000)
        script.expectSuper(5_001...15_000, pushed: false)
        script.peer([.ack, .ece], ack: 15_001)
        let after = script.takeAllSent()
        #expect(after.first?.tcp?.flags.contains(.cwr) == true && after.first?.payload.count == 1_000)
        #expect(after.count == 2 && after.last?.tcp?.flags.contains(.cwr) == false)
        #expect(after.last?.metadata.segmentSize == 1_000)
    }

    @Test("a paced one is no longer than the pacer's quantum")
    func paced() throws {
        var options = ConnectionOptions.selective
        options.pacing = true
        let script = SegmentScript.recovering(options: options) { $0.transmitOffload.largestPacket = 65_535 }
        try script.send(count: 200_000)
        script.expectSuper(5_001...15_000, pushed: false)
        script.advance(by: .milliseconds(100))
        script.peer(.ack, ack: 15_001)
        // Twenty segments in 100 ms, twice as fast in slow start: 400 bytes a millisecond, and so two segments at once.
        let burst = script.takeAllSent()
        #expect(burst.map(\.payload.count).max() == 2_000)
    }

    @Test("a loss within it is repaired alone, and a repair's own loss too", .requirement("RFC8985 §6.2"))
    func lossWithin() throws {
        let script = try Self.selective(sending: 10_000)
        script.advance(by: .milliseconds(100))
        script.acknowledge(7_001, 8_001..<11_001)
        script.expectStream(7_001...8_000)
        #expect(Self.records(script) == 8)
        script.acknowledge(15_001)
        script.expectNothing()
        #expect(Self.records(script) == 0)
    }

    @Test("the probe for a lost tail repeats its last segment", .requirement("RFC8985 §7.3"))
    func lossProbe() throws {
        let script = try Self.selective(sending: 10_000)
        script.advance(by: .milliseconds(250))
        script.expectStream(14_001...15_000, pushed: true)
        script.acknowledge(5_001, 14_001..<15_001)
        script.expectStream(5_001...6_000)
    }

    @Test("an acknowledgment of a part counts as the delivery of its segments")
    func partialAcknowledgment() throws {
        let script = try Self.selective(sending: 10_000)
        script.advance(by: .milliseconds(100))
        script.acknowledge(8_001)
        let status = try #require(script.status)
        #expect(status.bytesInFlight == 7_000)
        #expect(status.smoothedRoundTrip == .milliseconds(100))
        #expect(Self.records(script) == 1)
    }

    @Test("without memory for the records of its segments there is none; a loss needs no memory")
    func noMemory() throws {
        // 64 KiB of text, and 4 KiB for the index: records of 64 segments.
        let script = Self.script(mss: 100, options: .plain { $0.selectiveAcknowledgment = true }) {
            $0.limits.bufferBytes = 65_536 + 4_096
        }
        try script.send(count: 60_000)
        var acknowledged: UInt32 = 5_001
        for _ in 0..<200 where script.status?.sendUnacknowledged != SequenceNumber(65_001) {
            script.takeAllSent()
            acknowledged = script.stackNext
            script.peer(.ack, ack: acknowledged)
        }
        #expect(script.status?.sendUnacknowledged == SequenceNumber(65_001))
        #expect(script.stack.counters.sendsWithoutMemory == 0)
        script.takeAllSent()
    }

    @Test("a window for one segment alone makes a plain one of it")
    func single() throws {
        let script = Self.script(peerWindow: 1_500)
        try script.send(count: 3_000)
        let packet = script.expect(.ack, seq: 5_001, length: 1_000)
        #expect(packet?.metadata.segmentSize == 0)
        script.expectNothing()
    }

    @Test("a window that is as large as the queue lets all of it leave together")
    func exactWindow() throws {
        let script = Self.script(peerWindow: 2_500)
        try script.send(count: 2_500)
        script.expectSuper(5_001...7_500)
        script.expectNothing()
    }
}

extension SegmentScript {
    /// The stack sends these numbers as one packet, to be cut into segments of `mss`.
    fileprivate func expectSuper(
        _ numbers: ClosedRange<UInt32>, mss: Int = 1_000, pushed: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let packet = expect(
            pushed ? [.psh, .ack] : .ack, seq: numbers.lowerBound, length: numbers.count,
            sourceLocation: sourceLocation)
        let offset = Int(numbers.lowerBound - Self.iss - 1)
        #expect(packet?.payload == StreamBytes.at(offset, count: numbers.count), sourceLocation: sourceLocation)
        #expect(packet?.metadata.segmentSize == mss, sourceLocation: sourceLocation)
        #expect(packet?.metadata.checksumStart == 20, sourceLocation: sourceLocation)
    }
}
