import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Reordering (RFC 8985 §6.2)")
struct ReorderingTests {
    @Test("a segment that comes within a quarter of the round trip is not sent again", .requirement("RFC8985 §6.2"))
    func within() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<7_001)
        #expect(script.status?.hasSeenReordering == false)
        script.at(.milliseconds(224))
        script.expectNothing()
        script.acknowledge(7_001)
        #expect(script.status?.hasSeenReordering == true)
        script.acknowledge(15_001)
        script.at(.seconds(5))
        script.expectNothing()
        #expect(script.stack.counters.segmentsRetransmitted == 0)
        #expect(script.status?.slowStartThreshold == .max)
    }

    @Test("one that stays away longer is sent again when that time is over", .requirement("RFC8985 §6.2"))
    func beyond() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<7_001)
        script.at(.milliseconds(300))
        script.expectStream(5_001...6_000, at: .milliseconds(225))
        script.expectNothing()
        #expect(script.stack.counters.fastRetransmissions == 1)
        #expect(script.status?.recovery == .fastRecovery)
        #expect(script.status?.slowStartThreshold == 5_000)
    }

    @Test(
        "once the network has been seen to reorder, three segments beyond prove nothing", .requirement("RFC8985 §6.2"))
    func afterReordering() throws {
        let script = try SegmentScript.tenInFlight(more: 10_000)
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<7_001)
        script.acknowledge(15_001)
        script.takeAllSent()
        script.at(.milliseconds(300))
        // 15,001 is late: the other nine are there.
        script.acknowledge(15_001, 16_001..<25_001)
        script.expectNothing()
        script.at(.milliseconds(324))
        script.expectNothing()
        script.at(.milliseconds(330))
        script.expectStream(15_001...16_000, at: .milliseconds(325))
    }

    @Test("the report of a duplicate widens the window", .requirement("RFC8985 §6.2"), .requirement("RFC2883 §4"))
    func adapts() throws {
        let script = try SegmentScript.tenInFlight(more: 10_000)
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<7_001)
        script.at(.milliseconds(225))
        #expect(script.takeTexts().contains(5_001))
        // The original comes after all, and then the repair, as a duplicate.
        script.at(.milliseconds(230))
        script.acknowledge(15_001)
        script.acknowledge(15_001, 5_001..<6_001)
        #expect(script.stack.counters.duplicatesReported == 1)
        script.takeAllSent()
        let next = script.stackNext
        script.at(.milliseconds(240))
        script.acknowledge(next)
        script.takeAllSent()
        // The smallest round trip is that of the repaired segment's neighbours.
        let least = try #require(script.status?.minimumRoundTrip)
        try script.send(count: 3_000)
        script.takeAllSent()
        let start = script.now
        script.advance(by: .milliseconds(100))
        script.acknowledge(next, next + 1_000..<next + 2_000)
        script.advance(by: .milliseconds(100))
        let repair = try #require(script.takeSent())
        #expect(repair.tcp?.sequenceNumber == SequenceNumber(next))
        #expect(repair.time == start + .milliseconds(100) + least / 2)
        script.takeAllSent()
    }

    @Test(
        "blocks that are reported in any order do not look like reordering", .requirement("RFC8985 §6.2"),
        .requirement("RFC2018 §4"))
    func orderOfBlocks() throws {
        let script = try SegmentScript.tenInFlight()
        script.at(.milliseconds(200))
        // Two holes; the acknowledgment of the first run was lost, and the most recent run comes first.
        script.acknowledge(5_001, 9_001..<10_001, 6_001..<7_001)
        #expect(script.status?.hasSeenReordering == false)
    }

    @Test("what arrives in order behind a repair is no reordering", .requirement("RFC8985 §6.2"))
    func repairs() throws {
        let script = try SegmentScript.tenInFlight(more: 5_000)
        script.at(.milliseconds(200))
        script.acknowledge(5_001, 6_001..<9_001)
        script.takeAllSent()
        script.at(.milliseconds(300))
        script.acknowledge(15_001)
        #expect(script.status?.hasSeenReordering == false)
        script.takeAllSent()
    }
}
