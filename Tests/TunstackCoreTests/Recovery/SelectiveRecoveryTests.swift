import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Recovery with selective acknowledgment (RFC 6675, RFC 8985, RFC 6937)")
struct SelectiveRecoveryTests {
    @Test(
        "a loss reduces the window from what was in use, or, on request, from what it was",
        .requirement("RFC5681 §3.1"), arguments: [(false, 2_000), (true, 5_000)])
    func partOfTheWindow(isWhole: Bool, threshold: Int) throws {
        var options = ConnectionOptions.selective
        options.congestion = .newReno
        options.reducesFromWindow = isWhole
        let script = SegmentScript.recovering(options: options)
        try script.send(count: 4_000)
        script.takeAllSent()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<9_001)
        #expect(script.status?.slowStartThreshold == threshold)
        #expect(script.takeTexts() == [5_001])
    }

    @Test(
        "the third segment reported beyond a loss brings the repair at once", .requirement("RFC6675 §5"),
        .requirement("RFC8985 §6.2"))
    func third() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<7_001)
        script.acknowledge(5_001, 6_001..<8_001)
        script.expectNothing()
        #expect(script.status?.bytesInFlight == 8_000)
        script.acknowledge(5_001, 6_001..<9_001)
        script.expectStream(5_001...6_000, at: .milliseconds(200))
        script.expectNothing()
        #expect(script.stack.counters.fastRetransmissions == 1)
        #expect(script.status?.recovery == .fastRecovery)
        #expect(script.status?.slowStartThreshold == 5_000)
        // Six in flight; 1,000 of 8,000 delivered let 625 bytes go, and the first repair goes whatever that says.
        #expect(script.status?.congestionWindow == 7_000)
        #expect(script.status?.bytesInFlight == 7_000)
    }

    @Test("three segments reported by one acknowledgment are enough", .requirement("RFC6675 §5"))
    func oneAcknowledgment() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<9_001)
        script.expectStream(5_001...6_000, at: .milliseconds(200))
    }

    @Test(
        "in recovery the window comes down evenly to half, and then as much leaves as arrives",
        .requirement("RFC2018 §5.1"),
        .requirement("RFC6937 §3"), .requirement("RFC3042 §2"))
    func evenly() throws {
        let script = try SegmentScript.tenInFlight(more: 20_000)
        script.at(.milliseconds(199))
        // Two by limited transmit, the repair, and then by the sums of RFC 6937: 10,000 in flight, threshold 5,000.
        let expected: [[UInt32]] = [
            [15_001], [16_001], [5_001], [], [], [17_001], [], [], [18_001], [19_001], [20_001],
        ]
        for (index, numbers) in expected.enumerated() {
            // What limited transmit has sent is reported a round trip later.
            if index == 9 { script.at(.milliseconds(299)) }
            if index == 2 { script.at(.milliseconds(200)) }
            script.acknowledge(5_001, 6_001..<7_001 + UInt32(index) * 1_000)
            #expect(script.takeTexts() == numbers, "acknowledgment \(index + 1)")
        }
        #expect(script.status?.bytesInFlight == 5_000)
        script.at(.milliseconds(300))
        script.acknowledge(17_001)
        #expect(script.status?.recovery == .open)
        #expect(script.status?.congestionWindow == 5_000)
        #expect(script.takeTexts() == [21_001])
        #expect(script.stack.counters.segmentsRetransmitted == 1)
        #expect(script.stack.counters.retransmissionTimeouts == 0)
    }

    @Test("several holes are repaired in one round trip", .requirement("RFC5681 §4.3"), .requirement("RFC6675 §5"))
    func severalHoles() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        // The first, the fourth and the seventh are lost.
        script.acknowledge(5_001, 6_001..<7_001)
        script.acknowledge(5_001, 6_001..<8_001)
        script.acknowledge(5_001, 9_001..<10_001, 6_001..<8_001)
        script.acknowledge(5_001, 9_001..<11_001, 6_001..<8_001)
        script.acknowledge(5_001, 12_001..<13_001, 9_001..<11_001, 6_001..<8_001)
        script.acknowledge(5_001, 12_001..<14_001, 9_001..<11_001, 6_001..<8_001)
        script.acknowledge(5_001, 12_001..<15_001, 9_001..<11_001, 6_001..<8_001)
        #expect(script.takeTexts() == [5_001, 8_001, 11_001])
        script.at(.milliseconds(300))
        script.acknowledge(8_001, 9_001..<11_001, 12_001..<15_001)
        script.acknowledge(11_001, 12_001..<15_001)
        script.acknowledge(15_001)
        script.expectNothing()
        #expect(script.stack.counters.fastRetransmissions == 1)
        #expect(script.stack.counters.segmentsRetransmitted == 3)
        #expect(script.status?.recovery == .open)
        #expect(script.status?.congestionWindow == 5_000)
    }

    @Test("what the peer has reported is never sent again", .requirement("RFC2018 §5"))
    func neverTwice() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<10_001, 11_001..<15_001)
        #expect(script.takeTexts() == [5_001, 10_001])
        script.at(.milliseconds(300))
        script.acknowledge(10_001, 11_001..<15_001)
        script.acknowledge(15_001)
        script.expectNothing()
    }

    @Test("a block that covers a segment in part says nothing of it", .requirement("RFC2018 §5"))
    func partial() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 5_501..<8_500)
        #expect(script.status?.bytesInFlight == 8_000)
        script.acknowledge(5_001, 5_501..<9_000)
        script.expectNothing()
        script.acknowledge(5_001, 5_501..<9_001)
        #expect(script.takeTexts() == [5_001])
        script.acknowledge(5_001, 6_001..<10_001)
        #expect(script.status?.bytesInFlight == 6_000)
    }

    @Test("nothing but repairs goes beyond the peer's window", .requirement("RFC9293 MUST-34"))
    func peerWindow() throws {
        let script = SegmentScript.recovering(peerWindow: 10_000)
        try script.send(count: 20_000)
        script.expectStream(5_001...15_000)
        script.at(.milliseconds(200))
        for end in stride(from: 7_001, through: 15_001, by: 1_000) as StrideThrough<UInt32> {
            script.acknowledge(5_001, 6_001..<end, win: 10_000)
        }
        #expect(script.takeTexts() == [5_001])
        script.at(.milliseconds(300))
        script.acknowledge(15_001, win: 2_000)
        #expect(script.takeTexts() == [15_001, 16_001])
    }

    @Test("a FIN is repaired with the text before it, and alone", .requirement("RFC9293 MUST-20"))
    func fin() throws {
        let script = SegmentScript.recovering()
        try script.batch {
            try script.send(count: 5_000)
            try script.close()
        }
        script.expectStream(5_001...9_000)
        script.expect([.fin, .psh, .ack], seq: 9_001, length: 1_000)
        script.at(.milliseconds(200))
        script.acknowledge(8_001)
        // The probe is the last segment.
        script.at(.milliseconds(500))
        let probe = script.takeAllSent()
        #expect(probe.map { $0.tcp?.flags } == [[.fin, .psh, .ack]])
        script.acknowledge(8_001, 9_001..<10_002)
        script.at(.milliseconds(600))
        script.expect(.ack, seq: 8_001, length: 1_000)
        script.acknowledge(10_002)
        script.expectState(.finWait2)
    }

    @Test("once a recovery has begun a report beyond a gap is enough, without a wait for late ones")
    func certain() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<9_001)
        #expect(script.takeTexts() == [5_001])
        script.at(.milliseconds(205))
        script.acknowledge(9_001, 10_001..<11_001)
        #expect(script.takeTexts().contains(9_001))
    }
}
