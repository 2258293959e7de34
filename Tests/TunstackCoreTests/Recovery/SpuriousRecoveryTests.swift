import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Signs of a spurious recovery")
struct SpuriousRecoveryTests {
    private let clock = TimestampClock(tick: .milliseconds(1), offset: 0xffff_fff0)

    private func at(_ milliseconds: Int64) -> Instant { .origin + .milliseconds(milliseconds) }

    private func block(_ start: UInt32, _ end: UInt32) -> SACKBlock {
        SACKBlock(start: SequenceNumber(start), end: SequenceNumber(end))
    }

    /// A recovery at 5,001 in which so many segments were sent again, at 20 ms and later.
    private func recovery(_ retransmissions: Int) -> SpuriousRecovery {
        var spurious = SpuriousRecovery()
        spurious.begin(una: SequenceNumber(5_001))
        for index in 0..<retransmissions {
            spurious.onRetransmitted(upTo: SequenceNumber(6_001) + index * 1_000, stamp: at(20 + Int64(index)))
        }
        return spurious
    }

    // MARK: Eifel

    @Test(
        "an echo from before the first retransmission refutes, across the wrap of the clock",
        .requirement("RFC3522 §3.2"))
    func echo() {
        let spurious = recovery(2)
        #expect(spurious.isRefuted(byEcho: clock.value(at: at(19)), clock: clock))
        #expect(spurious.isRefuted(byEcho: clock.value(at: at(0)), clock: clock))
        #expect(!spurious.isRefuted(byEcho: clock.value(at: at(20)), clock: clock))
        #expect(!spurious.isRefuted(byEcho: clock.value(at: at(21)), clock: clock))
    }

    @Test("without a retransmission there is nothing to refute", .requirement("RFC3522 §3.2"))
    func noRetransmission() {
        #expect(!recovery(0).isRefuted(byEcho: 0, clock: clock))
        var spurious = SpuriousRecovery()
        spurious.onRetransmitted(upTo: SequenceNumber(6_001), stamp: at(20))
        #expect(!spurious.isRefuted(byEcho: clock.value(at: at(1)), clock: clock))
        expectEqual(spurious.isRefutedByDuplicate(block(5_001, 6_001), segmentSize: 1_000), false)
    }

    @Test(
        "the answer to a repair of the recovery before does not pass for one to an original",
        .requirement("RFC3522 §3.2"))
    func repairOfTheRecoveryBefore() {
        var spurious = recovery(2)
        // One repair is still outstanding when the next recovery begins and repairs something else.
        spurious.begin(una: SequenceNumber(6_001))
        spurious.onRetransmitted(upTo: SequenceNumber(9_001), stamp: at(40))
        #expect(!spurious.isRefuted(byEcho: clock.value(at: at(21)), clock: clock))
        #expect(spurious.isRefuted(byEcho: clock.value(at: at(19)), clock: clock))
        // When all is acknowledged, it is forgotten.
        spurious.begin(una: SequenceNumber(9_001))
        spurious.onRetransmitted(upTo: SequenceNumber(10_001), stamp: at(60))
        #expect(spurious.isRefuted(byEcho: clock.value(at: at(59)), clock: clock))
    }

    @Test("what arrives before it could be sent again was not lost", .requirement("RFC8985 §6.2"))
    func overtaken() {
        #expect(recovery(0).hasBeenOvertaken(hasMissing: false))
        #expect(!recovery(0).hasBeenOvertaken(hasMissing: true))
        #expect(!recovery(1).hasBeenOvertaken(hasMissing: false))
        #expect(!SpuriousRecovery().hasBeenOvertaken(hasMissing: false))
    }

    // MARK: Duplicate reports

    @Test("every retransmission has to be reported, in one block or in several", .requirement("RFC3708 §3"))
    func duplicates() {
        var spurious = recovery(3)
        expectEqual(spurious.isRefutedByDuplicate(block(5_001, 6_001), segmentSize: 1_000), false)
        expectEqual(spurious.isRefutedByDuplicate(block(6_001, 8_001), segmentSize: 1_000), true)
    }

    @Test("a report from before the recovery does not count", .requirement("RFC3708 §3"))
    func oldReport() {
        var spurious = recovery(1)
        expectEqual(spurious.isRefutedByDuplicate(block(4_001, 5_001), segmentSize: 1_000), false)
        expectEqual(spurious.isRefutedByDuplicate(block(5_001, 5_002), segmentSize: 1_000), true)
    }

    @Test("a block of any length is counted without overflow")
    func hugeBlock() {
        var spurious = recovery(1)
        for _ in 0..<10 {
            _ = spurious.isRefutedByDuplicate(block(5_001, 5_001 &+ 0x7fff_ffff), segmentSize: 1)
            _ = spurious.isRefutedByDuplicate(block(5_001, 5_002), segmentSize: 0)
        }
        spurious.end()
        #expect(spurious.start == nil)
    }

    // MARK: F-RTO

    private func verdict(first: (Bool, Bool), second: Bool) -> Bool {
        var spurious = SpuriousRecovery()
        spurious.beginTimeout(una: SequenceNumber(5_001), isFirst: true)
        spurious.onRetransmitted(upTo: SequenceNumber(6_001), stamp: at(20))
        expectEqual(
            spurious.isRefutedAfterTimeout(
                hasAdvanced: first.0, hasDeliveredOriginal: first.0, canSendNew: first.1), false)
        return spurious.isRefutedAfterTimeout(hasAdvanced: true, hasDeliveredOriginal: second, canSendNew: true)
    }

    @Test("the second acknowledgment after a time-out refutes if it tells of an original", .requirement("RFC5682 §2.1"))
    func forward() {
        #expect(verdict(first: (true, true), second: true))
        #expect(!verdict(first: (true, true), second: false))
        // The first was a duplicate, or there was no new data to ask with.
        #expect(!verdict(first: (false, true), second: true))
        #expect(!verdict(first: (true, false), second: true))
    }

    @Test("a repeated time-out is not asked about", .requirement("RFC5682 §2.1"))
    func repeated() {
        var spurious = SpuriousRecovery()
        spurious.beginTimeout(una: SequenceNumber(5_001), isFirst: false)
        #expect(spurious.suspicion == .none)
        for _ in 0..<3 {
            expectEqual(
                spurious.isRefutedAfterTimeout(hasAdvanced: true, hasDeliveredOriginal: true, canSendNew: true), false)
        }
    }
}
