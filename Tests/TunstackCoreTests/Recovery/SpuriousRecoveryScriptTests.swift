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
