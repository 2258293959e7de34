import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Tail loss probes on the wire (RFC 8985 §7)")
struct TailLossProbeScriptTests {
    /// Three segments, 5,001 to 8,000, left at 100 ms; SRTT is 100 ms and the RTO 300 ms.
    private func three() throws -> SegmentScript {
        let script = SegmentScript.recovering()
        try script.send(count: 3_000)
        script.expectStream(5_001...8_000, pushed: true)
        return script
    }

    @Test(
        "after two round trips without a word the last segment goes again", .requirement("RFC8985 §8"),
        .requirement("RFC8985 §7.3"))
    func last() throws {
        let script = try three()
        script.at(.milliseconds(599))
        script.expect([.psh, .ack], seq: 7_001, length: 1_000, at: .milliseconds(300))
        script.expectNothing()
        #expect(script.stack.counters.tailLossProbes == 1)
        #expect(script.stack.counters.retransmissionTimeouts == 0)
        #expect(script.status?.recovery == .open)
        // There is one probe only; the time-out counts from it.
        script.at(.milliseconds(600))
        script.expectStream(5_001...6_000)
        #expect(script.stack.counters.retransmissionTimeouts == 1)
    }

    @Test(
        "a single segment waits for a delayed acknowledgment too, but no longer than the RTO",
        .requirement("RFC8985 §7.2"))
    func single() throws {
        let script = SegmentScript.recovering(
            options: .plain {
                $0.selectiveAcknowledgment = true; $0.minimumRTO = .seconds(2)
            })
        try script.send(count: 1_000)
        script.takeAllSent()
        #expect(script.texts(until: .seconds(1)).map(\.milliseconds) == [500])
        let short = SegmentScript.recovering()
        try short.send(count: 1_000)
        short.takeAllSent()
        #expect(short.texts(until: .milliseconds(450)).map(\.milliseconds) == [400])
    }

    @Test("new data goes as the probe if there is some, though cwnd is full", .requirement("RFC8985 §7.3"))
    func newData() throws {
        let script = try SegmentScript.tenInFlight(more: 5_000)
        script.at(.milliseconds(300))
        script.expectStream(15_001...16_000, at: .milliseconds(300))
        script.expectNothing()
        #expect(script.stack.counters.tailLossProbes == 1)
        #expect(script.stack.counters.segmentsRetransmitted == 0)
    }

    @Test("but not beyond the peer's window", .requirement("RFC8985 §7.3"), .requirement("RFC9293 MUST-34"))
    func peerWindow() throws {
        let script = SegmentScript.recovering(peerWindow: 2_000)
        try script.send(count: 5_000)
        script.expectStream(5_001...7_000)
        script.at(.milliseconds(300))
        script.expectStream(6_001...7_000, at: .milliseconds(300))
        script.expectNothing()
    }

    @Test(
        "new data puts the probe off, but not beyond the time-out of the oldest segment",
        .requirement("RFC8985 §7.2"), .requirement("RFC6298 §5.1"))
    func steadyData() throws {
        var options = ConnectionOptions.selective
        options.noDelay = true
        let script = SegmentScript.recovering(options: options)
        for _ in 0..<60 {
            try script.send(count: 10)
            script.advance(by: .milliseconds(50))
        }
        #expect(script.stack.counters.tailLossProbes == 1)
        #expect(script.stack.counters.retransmissionTimeouts >= 1)
        let again = script.takeAllSent().filter { $0.tcp?.sequenceNumber == SequenceNumber(5_001) }
        #expect(again.count >= 2)
        // The probe at 400 ms at the latest, and the time-out 300 ms later.
        #expect(again.count > 1 && again[1].time <= .origin + .milliseconds(700))
    }

    @Test(
        "the report that the probe brings repairs a lost tail, without a time-out", .requirement("RFC8985 §7.4"),
        .requirement("RFC8985 §3.4"))
    func tail() throws {
        let script = SegmentScript.recovering()
        try script.send(count: 5_000)
        script.takeAllSent()
        script.at(.milliseconds(200))
        script.acknowledge(7_001)
        // Three are out, and SRTT is 100 ms.
        script.at(.milliseconds(400))
        #expect(script.takeTexts() == [9_001])
        script.at(.milliseconds(500))
        script.acknowledge(7_001, 9_001..<10_001)
        script.at(.milliseconds(530))
        #expect(script.takeTexts() == [7_001])
        script.at(.milliseconds(600))
        script.acknowledge(8_001, 9_001..<10_001)
        #expect(script.takeTexts() == [8_001])
        #expect(script.stack.counters.retransmissionTimeouts == 0)
        script.at(.milliseconds(700))
        script.acknowledge(10_001)
        #expect(script.status?.recovery == .open)
    }

    /// The last of three segments is not acknowledged until the probe at 450 ms.
    private func probed() throws -> SegmentScript {
        let script = try three()
        script.at(.milliseconds(200))
        script.acknowledge(7_001)
        #expect(script.texts(until: .milliseconds(500)).map(\.milliseconds) == [450])
        script.at(.milliseconds(550))
        return script
    }

    @Test("a loss that the probe has repaired is a reason to slow down", .requirement("RFC8985 §7.4.2"))
    func response() throws {
        let script = try probed()
        script.acknowledge(8_001)
        #expect(script.status?.slowStartThreshold == .max)
        try script.send(count: 2_000)
        script.takeAllSent()
        script.at(.milliseconds(650))
        script.acknowledge(9_001)
        let threshold = try #require(script.status?.slowStartThreshold)
        #expect(threshold < 10_000)
        script.acknowledge(10_001)
        #expect(script.status?.recovery == .open)
        #expect(script.status?.congestionWindow == threshold)
        #expect(script.stack.counters.fastRetransmissions == 0)
        #expect(script.stack.counters.retransmissionTimeouts == 0)
    }

    @Test("if the original had arrived, it is not", .requirement("RFC8985 §7.4.2"))
    func noResponse() throws {
        let script = try probed()
        script.acknowledge(8_001)
        script.acknowledge(8_001, 7_001..<8_001)
        try script.send(count: 2_000)
        script.takeAllSent()
        script.at(.milliseconds(650))
        script.acknowledge(10_001)
        #expect(script.status?.slowStartThreshold == .max)
        #expect(script.status?.congestionWindow ?? 0 >= 10_000)
    }

    @Test(
        "a report that takes the probe's place leaves the time-out when it would have been",
        .requirement("RFC8985 §7.2"), .requirement("RFC6298 §5.1"))
    func reported() throws {
        let script = SegmentScript.recovering(
            options: .plain {
                $0.selectiveAcknowledgment = true; $0.minimumRTO = .milliseconds(1)
            })
        // Round trips that do not vary bring the RTO near to SRTT.
        for count in 1...16 as ClosedRange<UInt32> {
            try script.send(count: 1_000)
            script.advance(by: .milliseconds(100))
            script.acknowledge(5_001 + 1_000 * count)
        }
        script.takeAllSent()
        let start = script.now
        try script.send(count: 3_000)
        script.takeAllSent()
        script.advance(by: .milliseconds(100) + .microseconds(500))
        script.acknowledge(21_001, 22_001..<23_001)
        // What the report shows would be overdue only a quarter of a round trip later.
        script.advance(by: .milliseconds(20))
        #expect(script.takeAllSent().first?.time ?? start > start)
        #expect(script.stack.counters.tailLossProbes == 0)
        #expect(script.stack.counters.retransmissionTimeouts == 1)
    }

    @Test("without selective acknowledgment there is no probe", .requirement("RFC8985 §7.2"))
    func notSelective() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 3_000)
        script.takeAllSent()
        #expect(script.texts(until: .milliseconds(450)).map(\.milliseconds) == [400])
        #expect(script.stack.counters.tailLossProbes == 0)
        #expect(script.stack.counters.retransmissionTimeouts == 1)
    }
}
