import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Recoveries that were a mistake (RFC 3522, RFC 4015, RFC 2883)")
struct SpuriousRecoveryScriptTests {
    private static var timestamps: ConnectionOptions {
        .plain {
            $0.selectiveAcknowledgment = true
            $0.timestamps = true
        }
    }

    /// The window is as before the recovery that was none.
    private func expectUndone(_ script: SegmentScript, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(script.stack.counters.spuriousRecoveries == 1, sourceLocation: sourceLocation)
        #expect(script.status?.recovery == .open, sourceLocation: sourceLocation)
        #expect(script.status?.congestionWindow ?? 0 >= 10_000, sourceLocation: sourceLocation)
        #expect(script.status?.slowStartThreshold == .max, sourceLocation: sourceLocation)
        #expect(script.status?.lostBytes == 0, sourceLocation: sourceLocation)
    }

    @Test(
        "an acknowledgment that echoes the original's time undoes a fast recovery", .requirement("RFC3522 §3.2"),
        .requirement("RFC4015 §3"))
    func eifel() throws {
        let script = try SegmentScript.tenInFlight(options: Self.timestamps)
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<9_001, echo: 100)
        #expect(script.takeTexts() == [5_001])
        #expect(script.status?.slowStartThreshold == 5_000)
        script.at(.milliseconds(210))
        script.acknowledge(9_001, echo: 100)
        expectUndone(script)
        script.expectNothing()
    }

    @Test("one that echoes the repair's time does not", .requirement("RFC3522 §3.2"))
    func eifelGenuine() throws {
        let script = try SegmentScript.tenInFlight(options: Self.timestamps)
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<9_001, echo: 100)
        script.at(.milliseconds(300))
        script.acknowledge(15_001, echo: 200)
        script.takeAllSent()
        #expect(script.stack.counters.spuriousRecoveries == 0)
        #expect(script.status?.slowStartThreshold == 5_000)
    }

    /// Reordering has been seen, and 15,001 counts as lost at 325 ms: the round trip is 100 ms and the network may reorder
    /// by a quarter of it.
    private func overdueAfterReordering() throws -> SegmentScript {
        let script = try SegmentScript.tenInFlight(more: 10_000, options: Self.timestamps)
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<7_001, echo: 100)
        script.acknowledge(15_001, echo: 100)
        script.takeAllSent()
        script.at(.milliseconds(300))
        script.acknowledge(15_001, 16_001..<25_001, echo: 100)
        script.expectNothing()
        script.at(.milliseconds(330))
        return script
    }

    @Test(
        "on a path that reorders a repair is stamped as if it had left before what may still be overtaken",
        .requirement("RFC7323 §5.3"))
    func stampOfRepairs() throws {
        let script = try overdueAfterReordering()
        let repair = try #require(script.takeSent())
        #expect(repair.tcp?.sequenceNumber == SequenceNumber(15_001))
        #expect(repair.time == .origin + .milliseconds(325))
        #expect(repair.tcp?.options.timestamps?.value == 300)
        // Not so what leaves for the first time.
        script.acknowledge(25_001, echo: 300)
        try script.send(count: 1_000)
        #expect(script.takeAllSent().last?.tcp?.options.timestamps?.value == 330)
    }

    @Test("the echo of such a stamp does not undo the recovery, an older one does", .requirement("RFC3522 §3.2"))
    func echoOfTheStamp() throws {
        for (echo, undone) in [(UInt32(300), UInt64(0)), (200, 1)] {
            let script = try overdueAfterReordering()
            script.takeAllSent()
            script.acknowledge(25_001, echo: echo)
            #expect(script.stack.counters.spuriousRecoveries == undone)
            script.takeAllSent()
        }
    }

    @Test("nor one that echoes nothing", .requirement("RFC7323 §3.2"))
    func noEcho() throws {
        let script = try SegmentScript.tenInFlight(options: Self.timestamps)
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<9_001, echo: 100)
        script.at(.milliseconds(300))
        script.acknowledge(15_001, echo: 0)
        script.takeAllSent()
        #expect(script.stack.counters.spuriousRecoveries == 0)
    }

    @Test("it undoes a time-out by the first acknowledgment", .requirement("RFC3522 §3.2"), .requirement("RFC4015 §3"))
    func eifelTimeout() throws {
        let script = try SegmentScript.tenInFlight(more: 10_000, options: Self.timestamps)
        script.at(.milliseconds(700))
        #expect(script.stack.counters.retransmissionTimeouts == 1)
        script.takeAllSent()
        #expect(script.status?.congestionWindow == 1_000)
        script.acknowledge(6_001, echo: 100)
        expectUndone(script)
        script.acknowledge(15_001, echo: 100)
        script.takeAllSent()
        #expect(script.status?.slowStartThreshold == .max)
        #expect(script.stack.counters.segmentsRetransmitted == 1)
    }

    @Test("reports of duplicates for all that was sent again undo a recovery", .requirement("RFC3708 §3"))
    func duplicates() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        // The first and the third are late.
        script.acknowledge(5_001, 8_001..<11_001, 6_001..<7_001)
        script.acknowledge(5_001, 8_001..<15_001, 6_001..<7_001)
        #expect(script.takeTexts() == [5_001, 7_001])
        script.at(.milliseconds(230))
        script.acknowledge(15_001)
        #expect(script.status?.recovery == .open)
        #expect(script.status?.slowStartThreshold == 5_000)
        script.at(.milliseconds(300))
        script.acknowledge(15_001, 5_001..<6_001)
        #expect(script.stack.counters.spuriousRecoveries == 0)
        script.acknowledge(15_001, 7_001..<8_001)
        expectUndone(script)
    }

    @Test("the report of a probe's duplicate does not speak for the repair", .requirement("RFC3708 §3"))
    func probe() throws {
        let script = try SegmentScript.tenInFlight()
        // Acknowledgments are late: the last segment leaves again as a probe.
        script.at(.milliseconds(300))
        #expect(script.takeTexts() == [14_001])
        // The first is lost; all others have arrived, and the probe is one too many.
        script.at(.milliseconds(310))
        script.acknowledge(5_001, 6_001..<15_001)
        #expect(script.takeTexts() == [5_001])
        script.at(.milliseconds(400))
        script.acknowledge(5_001, 14_001..<15_001, 6_001..<15_001)
        #expect(script.stack.counters.duplicatesReported == 1)
        #expect(script.stack.counters.spuriousRecoveries == 0)
        #expect(script.status?.slowStartThreshold == 5_000)
    }
}
