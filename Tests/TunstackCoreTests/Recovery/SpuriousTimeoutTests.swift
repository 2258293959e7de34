import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Time-outs, and those that were a mistake (RFC 6298, RFC 5682)")
struct SpuriousTimeoutTests {
    /// Ten segments left at 100 ms; nobody answers until the time-out, at which the first goes again.
    private func timedOut(more: Int = 0, options: ConnectionOptions = .selective) throws -> SegmentScript {
        let script =
            options.selectiveAcknowledgment
            ? try SegmentScript.tenInFlight(more: more, options: options)
            : SegmentScript.measured(.milliseconds(100), options: options)
        if !options.selectiveAcknowledgment {
            try script.send(count: 10_000 + more)
            script.takeAllSent()
        }
        while script.stack.counters.retransmissionTimeouts == 0 { script.advance(by: .milliseconds(10)) }
        #expect(script.takeTexts().last == 5_001)
        return script
    }

    @Test(
        "after a time-out everything not reported counts as lost, and slow start repairs it",
        .requirement("RFC5681 §3.1"), .requirement("RFC8985 §6.3"))
    func slowStart() throws {
        let script = try timedOut()
        #expect(script.status?.recovery == .afterTimeout)
        #expect(script.status?.congestionWindow == 1_000)
        #expect(script.status?.lostBytes == 9_000)
        #expect(script.status?.bytesInFlight == 1_000)
        script.advance(by: .milliseconds(100))
        script.acknowledge(6_001)
        #expect(script.takeTexts() == [6_001, 7_001])
        script.advance(by: .milliseconds(100))
        script.acknowledge(7_001)
        script.acknowledge(8_001)
        #expect(script.takeTexts() == [8_001, 9_001, 10_001, 11_001])
        script.advance(by: .milliseconds(100))
        script.acknowledge(12_001)
        #expect(script.takeTexts() == [12_001, 13_001, 14_001])
        script.acknowledge(15_001)
        #expect(script.status?.recovery == .open)
    }

    @Test("what the peer has reported is not sent again after a time-out", .requirement("RFC6675 §5.1"))
    func reported() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<9_001)
        script.takeAllSent()
        // The repair and all others are lost.
        while script.stack.counters.retransmissionTimeouts == 0 { script.advance(by: .milliseconds(10)) }
        #expect(script.takeTexts() == [5_001])
        #expect(script.status?.lostBytes == 6_000)
        script.advance(by: .milliseconds(100))
        script.acknowledge(9_001)
        #expect(script.takeTexts() == [9_001, 10_001])
    }

    @Test(
        "the time-out doubles every time, up to its bound", .requirement("RFC6298 §5.5"), .requirement("RFC6298 §2.5"))
    func backOff() throws {
        var options = ConnectionOptions.selective
        options.maximumRTO = .milliseconds(1_000)
        let script = SegmentScript.recovering(options: options)
        try script.send(count: 3_000)
        script.takeAllSent()
        let texts = script.texts(until: .seconds(5))
        // The probe; then 300, 600, and 1,000 ms each.
        #expect(texts.map(\.milliseconds) == [300, 600, 1_200, 2_200, 3_200, 4_200])
        #expect(texts.map(\.seq) == [7_001, 5_001, 5_001, 5_001, 5_001, 5_001])
    }

    @Test("reports of duplicates for all that was sent again undo a time-out", .requirement("RFC3708 §3"))
    func duplicates() throws {
        let script = try timedOut()
        script.advance(by: .milliseconds(10))
        script.acknowledge(15_001)
        #expect(script.status?.slowStartThreshold != .max)
        script.advance(by: .milliseconds(90))
        script.acknowledge(15_001, 14_001..<15_001)
        script.acknowledge(15_001, 5_001..<6_001)
        #expect(script.stack.counters.spuriousRecoveries == 1)
        #expect(script.status?.slowStartThreshold == .max)
    }

    /// After the time-out the original of the first segment is acknowledged, and two new segments leave.
    private func asked(_ options: ConnectionOptions) throws -> SegmentScript {
        let script = try timedOut(more: 20_000, options: options)
        let next = script.stackNext
        script.advance(by: .milliseconds(300))
        script.acknowledge(6_001)
        #expect(script.takeTexts() == [next, next + 1_000])
        return script
    }

    @Test(
        "if more originals are acknowledged, the window is as before and nothing is sent again",
        .requirement("RFC5682 §2.1"), .requirement("RFC5682 §3.1"), .requirement("RFC4015 §3"),
        arguments: [ConnectionOptions.plain, .selective])
    func undo(options: ConnectionOptions) throws {
        let script = try asked(options)
        script.acknowledge(7_001)
        #expect(script.stack.counters.spuriousRecoveries == 1)
        #expect(script.status?.recovery == .open)
        #expect(script.status?.lostBytes == 0)
        #expect(script.status?.congestionWindow ?? 0 >= 10_000)
        #expect(script.status?.slowStartThreshold == .max)
        for number in stride(from: 8_001, through: 15_001, by: 1_000) as StrideThrough<UInt32> {
            script.acknowledge(number)
        }
        script.takeAllSent()
        script.advance(by: .milliseconds(100))
        script.acknowledge(script.stackNext)
        script.takeAllSent()
        #expect(script.stack.counters.segmentsRetransmitted == 1)
        #expect(script.status?.slowStartThreshold == .max)
    }

    @Test("if not, the repairs go on", .requirement("RFC5682 §2.1"))
    func genuine() throws {
        let script = try asked(.plain)
        script.advance(by: .milliseconds(100))
        script.acknowledge(6_001)
        #expect(script.takeTexts().first == 6_001)
        #expect(script.stack.counters.spuriousRecoveries == 0)
        #expect(script.status?.slowStartThreshold == 5_000)
        let selective = try asked(.selective)
        let next = selective.stackNext
        selective.advance(by: .milliseconds(100))
        selective.acknowledge(6_001, next - 2_000..<next - 1_000)
        #expect(selective.takeTexts().first == 6_001)
        #expect(selective.stack.counters.spuriousRecoveries == 0)
    }

    @Test("without new data that may leave the repairs go on at once", .requirement("RFC5682 §2.1"))
    func nothingToAskWith() throws {
        // Nagle's algorithm holds the last ten bytes back.
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 3_500)
        script.takeAllSent()
        try script.send(count: 10)
        script.expectNothing()
        script.at(.milliseconds(400))
        #expect(script.takeTexts() == [5_001])
        script.at(.milliseconds(500))
        script.acknowledge(6_001)
        #expect(script.takeTexts() == [6_001, 7_001])
    }

    @Test("nor with a window that has closed", .requirement("RFC5682 §2.1"))
    func closedWindow() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 12_000)
        script.takeAllSent()
        script.at(.milliseconds(400))
        #expect(script.takeTexts() == [5_001])
        script.at(.milliseconds(500))
        script.acknowledge(6_001, win: 9_000)
        #expect(script.takeTexts() == [6_001, 7_001])
    }

    @Test("when an echo has shown the mistake no repair is owed, and in the end the connection rests")
    func nothingOwed() throws {
        let script = try timedOut(
            options: .plain {
                $0.selectiveAcknowledgment = true
                $0.timestamps = true
            })
        script.acknowledge(6_001, echo: 100)
        #expect(script.stack.counters.spuriousRecoveries == 1)
        script.takeAllSent()
        script.acknowledge(15_001, echo: 100)
        script.takeAllEvents()
        script.advance(by: .seconds(10))
        script.expectNothing()
        #expect(script.stack.connectionsAtWork == 0)
    }
}
