import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Repairs that are lost too (RFC 8985 §3.3)")
struct LostRetransmissionTests {
    @Test("a repair that is lost is repaired by what left after it, without a time-out", .requirement("RFC8985 §6.2"))
    func again() throws {
        let script = try SegmentScript.tenInFlight(more: 20_000)
        script.at(.milliseconds(200))
        for end in stride(from: 7_001, through: 15_001, by: 1_000) as StrideThrough<UInt32> {
            script.acknowledge(5_001, 6_001..<end)
        }
        let sent = script.takeTexts()
        #expect(sent.filter { $0 == 5_001 }.count == 1)
        #expect(script.stackNext > 16_001)
        script.at(.milliseconds(300))
        // Everything that left with and after the repair has arrived.
        script.acknowledge(5_001, 6_001..<script.stackNext)
        #expect(script.takeTexts().first == 5_001)
        #expect(script.stack.counters.retransmissionTimeouts == 0)
        script.at(.milliseconds(400))
        script.acknowledge(script.stackNext)
        script.takeAllSent()
        #expect(script.status?.recovery == .open)
        #expect(script.stack.counters.segmentsRetransmitted == 2)
        #expect(script.stack.counters.fastRetransmissions == 1)
        #expect(script.status?.slowStartThreshold == 5_000)
    }

    @Test("as often as it is lost", .requirement("RFC8985 §6.2"))
    func often() throws {
        let script = try SegmentScript.tenInFlight(more: 50_000)
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<15_001)
        for round in 1...8 as ClosedRange<Int64> {
            #expect(script.takeTexts().contains(5_001), "round \(round)")
            script.at(.milliseconds(200 + 100 * round))
            script.acknowledge(5_001, 6_001..<script.stackNext)
        }
        #expect(script.stack.counters.retransmissionTimeouts == 0)
        script.takeAllSent()
    }
}
