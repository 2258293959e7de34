import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("The congestion window on the wire (RFC 5681)")
struct CongestionWindowTests {
    private static let plenty = [UInt8](repeating: 7, count: 400_000)

    /// Sends as much as the window allows; a round trip later every segment is acknowledged. How many segments each round had.
    private func rounds(_ count: Int, on script: SegmentScript, inBatches: Bool = false) throws -> [Int] {
        func acknowledge(_ packets: [SentPacket]) {
            for packet in packets {
                guard let tcp = packet.tcp else { continue }
                script.peer(.ack, ack: (tcp.sequenceNumber + packet.payload.count).rawValue)
            }
        }
        return try (0..<count).map { _ in
            try script.send(bytes: Self.plenty)
            let packets = script.takeAllSent()
            script.advance(by: .milliseconds(100))
            if inBatches { script.batch { acknowledge(packets) } } else { acknowledge(packets) }
            return packets.count
        }
    }

    private func script() -> SegmentScript {
        // The peer's window must not be what limits: 65,535 of them at a shift of 7.
        var options = ConnectionOptions.plain
        options.windowScale = 7
        options.sendBufferBytes = 1 << 20
        options.maximumSegmentSize = 1_000
        let script = SegmentScript(listening: 9877, options: options)
        script.peer(.syn, options: TCPOptions(maximumSegmentSize: 1_000, windowScale: 7))
        script.expect([.syn, .ack])
        script.advance(by: .milliseconds(100))
        script.peer(.ack)
        script.accept()
        return script
    }

    @Test(
        "it begins with ten segments and doubles every round", .requirement("RFC6928 §2"),
        .requirement("RFC9293 MUST-19"))
    func slowStart() throws {
        let script = script()
        #expect(try rounds(4, on: script) == [10, 20, 40, 80])
        script.takeAllSent()
    }

    /// A connection that a loss has brought into congestion avoidance.
    private func afterLoss() throws -> SegmentScript {
        let script = script()
        try script.send(count: 10_000)
        script.takeAllSent()
        for _ in 0..<3 { script.peer(.ack, ack: 5_001) }
        script.expectStream(5_001...6_000)
        script.peer(.ack, ack: 15_001)
        let threshold = try #require(script.status?.slowStartThreshold)
        while try #require(script.status?.congestionWindow) < threshold { _ = try rounds(1, on: script) }
        return script
    }

    @Test(
        "beyond the threshold it grows by a segment a round", .requirement("RFC9293 MUST-19"), arguments: [false, true])
    func avoidance(inBatches: Bool) throws {
        let script = try afterLoss()
        #expect(script.status?.slowStartThreshold == 5_000)
        let grown = try rounds(6, on: script, inBatches: inBatches)
        script.takeAllSent()
        let first = try #require(grown.first)
        #expect(first <= 6)
        #expect(grown == (0..<6).map { first + $0 })
    }

    @Test("after a time-out it is one segment", .requirement("RFC5681 §3.1"))
    func timeout() throws {
        let script = script()
        try script.send(count: 10_000)
        script.takeAllSent()
        script.advance(by: .milliseconds(300))
        script.expectStream(5_001...6_000)
        #expect(script.status?.congestionWindow == 1_000)
        #expect(script.status?.slowStartThreshold == 5_000)
        // A second time-out for the same segment leaves the threshold.
        script.advance(by: .milliseconds(600))
        script.expectStream(5_001...6_000)
        #expect(script.status?.slowStartThreshold == 5_000)
    }

    @Test("after a pause longer than the RTO it is no more than the initial window", .requirement("RFC5681 §4.1"))
    func idle() throws {
        let script = script()
        _ = try rounds(3, on: script)
        let left = script.takeAllSent()
        #expect(left.count == 80)
        script.peer(.ack)
        let waiting = script.takeAllSent()
        // Everything that still waits is acknowledged as it comes.
        var next = waiting
        while !next.isEmpty {
            script.peer(.ack)
            next = script.takeAllSent()
        }
        #expect(try #require(script.status?.congestionWindow) >= 80_000)
        script.advance(by: .seconds(5))
        try script.send(count: 100_000)
        #expect(script.takeAllSent().count == 10)
    }

    @Test("a pause shorter than the RTO does not narrow it", .requirement("RFC5681 §4.1"))
    func shortPause() throws {
        let script = script()
        try script.send(count: 10_000)
        script.takeAllSent()
        script.peer(.ack)
        let before = script.status?.congestionWindow
        script.advance(by: .milliseconds(150))
        try script.send(count: 1_000)
        script.takeAllSent()
        #expect(script.status?.congestionWindow == before)
    }

    @Test("in congestion avoidance a sender that does not use its window does not widen it", .requirement("RFC7661 §4"))
    func unusedWindow() throws {
        let script = try afterLoss()
        _ = try rounds(3, on: script)
        repeat { script.peer(.ack) } while !script.takeAllSent().isEmpty
        let before = script.status?.congestionWindow
        for _ in 0..<100 {
            try script.send("x")
            script.takeAllSent()
            script.peer(.ack)
        }
        #expect(script.status?.congestionWindow == before)
    }

    @Test(
        "a pause counts once, when something can leave again, not while the peer's window is shut",
        .requirement("RFC5681 §4.1"))
    func pauseBeforeShutWindow() throws {
        let script = script()
        _ = try rounds(3, on: script)
        while script.status?.unacknowledgedBytes != 0 {
            script.advance(by: .milliseconds(100))
            script.peer(.ack)
            script.takeAllSent()
        }
        let window = try #require(script.status?.congestionWindow)
        let timeout = try #require(script.status?.retransmissionTimeout)
        script.peer(.ack, win: 0)
        script.advance(by: timeout + .milliseconds(10))
        try script.send(count: 1_000)
        script.expectNothing()
        #expect(script.status?.congestionWindow == window)
        script.peer(.ack)
        script.takeAllSent()
        #expect(script.status?.congestionWindow == max(10_000, window / 2))
    }
}
