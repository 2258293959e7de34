import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Fast retransmit and fast recovery (RFC 5681 §3.2, RFC 6582)")
struct FastRetransmitTests {
    /// Ten segments of 1,000 bytes are in flight.
    private func inFlight(more: Int = 0) throws -> SegmentScript {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 10_000 + more)
        script.expectStream(5_001...15_000, pushed: more == 0)
        script.expectNothing()
        return script
    }

    private func duplicate(_ count: Int, of number: UInt32 = 5_001, on script: SegmentScript) {
        for _ in 0..<count { script.peer(.ack, ack: number) }
    }

    @Test("the third duplicate acknowledgment brings the missing segment at once", .requirement("RFC5681 §3.2"))
    func third() throws {
        let script = try inFlight()
        duplicate(2, on: script)
        script.expectNothing()
        duplicate(1, on: script)
        script.expectStream(5_001...6_000)
        script.expectNothing()
        #expect(script.stack.counters.fastRetransmissions == 1)
        #expect(script.stack.counters.retransmissionTimeouts == 0)
        #expect(script.status?.slowStartThreshold == 5_000)
        // Six in flight; 1,000 of 8,000 delivered let 625 bytes go, and the first repair goes whatever that says (RFC 6937).
        #expect(script.status?.congestionWindow == 7_000)
    }

    @Test(
        "segments with text, window updates and FINs are no duplicates", .requirement("RFC5681 §2"))
    func noDuplicates() throws {
        let script = try inFlight()
        for _ in 0..<5 { script.peer([.psh, .ack], "x", ack: 5_001) }
        for win in 1...5 as ClosedRange<UInt16> { script.peer(.ack, ack: 5_001, win: 60_000 + win) }
        script.peer([.fin, .ack], ack: 5_001, win: 60_005)
        #expect(script.takeAllSent().allSatisfy { $0.payload.isEmpty })
        #expect(script.stack.counters.fastRetransmissions == 0)
    }

    @Test("with nothing in flight duplicates mean nothing", .requirement("RFC5681 §2"))
    func nothingInFlight() {
        let script = SegmentScript.measured(.milliseconds(100))
        duplicate(5, on: script)
        script.expectNothing()
        #expect(script.stack.counters.fastRetransmissions == 0)
    }

    @Test(
        "further duplicates let new segments go, so that the flight comes down evenly to half",
        .requirement("RFC6937 §3"), .requirement("RFC6582 §3.2"))
    func reduction() throws {
        let script = try inFlight(more: 6_000)
        // Two by limited transmit, the repair, and then by the sums of RFC 6937: 10,000 in flight, threshold 5,000.
        let expected: [UInt32?] = [15_001, 16_001, 5_001, nil, nil, 17_001, nil, nil, 18_001, 19_001, 20_001]
        for (index, number) in expected.enumerated() {
            duplicate(1, on: script)
            let sent = script.takeAllSent().map { $0.tcp?.sequenceNumber }
            #expect(sent == (number.map { [SequenceNumber($0)] } ?? []), "duplicate \(index + 1)")
        }
        #expect(script.status?.bytesInFlight == 5_000)
    }

    @Test(
        "a partial acknowledgment brings the next missing segment, without three more duplicates",
        .requirement("RFC6582 §3.2"))
    func partial() throws {
        let script = try inFlight()
        duplicate(3, on: script)
        script.expectStream(5_001...6_000)
        script.peer(.ack, ack: 8_001)
        script.expectStream(8_001...9_000)
        script.expectNothing()
        script.peer(.ack, ack: 11_001)
        script.expectStream(11_001...12_000)
        script.expectNothing()
        script.peer(.ack, ack: 15_001)
        script.expectNothing()
        #expect(script.stack.counters.fastRetransmissions == 1)
        #expect(script.stack.counters.segmentsRetransmitted == 3)
    }

    @Test("when all is repaired the window is half of what was in flight", .requirement("RFC6582 §3.2"))
    func complete() throws {
        let script = try inFlight(more: 20_000)
        duplicate(9, on: script)
        script.takeAllSent()
        script.peer(.ack, ack: 19_001)
        let window = try #require(script.status?.congestionWindow)
        #expect(window <= 5_000)
        #expect(window >= 2_000)
        script.takeAllSent()
    }

    @Test("the duplicates that the repair itself causes start no second recovery", .requirement("RFC6582 §3.2"))
    func noSecondRecovery() throws {
        let script = try inFlight()
        duplicate(20, on: script)
        script.expectStream(5_001...6_000)
        script.expectNothing()
        #expect(script.stack.counters.fastRetransmissions == 1)
        #expect(script.status?.slowStartThreshold == 5_000)
    }

    @Test("when the repair is lost too, the timer repairs it", .requirement("RFC5681 §3.2"))
    func timeoutInRecovery() throws {
        let script = try inFlight()
        duplicate(3, on: script)
        script.expectStream(5_001...6_000)
        script.at(.milliseconds(399))
        script.expectNothing()
        script.at(.milliseconds(400))
        script.expectStream(5_001...6_000)
        script.expectNothing()
        #expect(script.status?.congestionWindow == 1_000)
    }

    @Test("the first and second duplicate let a new segment go each", .requirement("RFC5681 §3.2"))
    func limitedTransmit() throws {
        let script = try inFlight(more: 5_000)
        duplicate(1, on: script)
        script.expectStream(15_001...16_000)
        script.expectNothing()
        duplicate(1, on: script)
        script.expectStream(16_001...17_000)
        script.expectNothing()
        #expect(script.status?.congestionWindow == 10_000, "cwnd itself does not change")
        duplicate(1, on: script)
        script.expectStream(5_001...6_000)
        script.expectNothing()
        // FlightSize leaves out what limited transmit has sent.
        #expect(script.status?.slowStartThreshold == 5_000)
    }
}
