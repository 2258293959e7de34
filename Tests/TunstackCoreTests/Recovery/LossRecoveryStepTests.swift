import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

/// What single steps leave behind. What they mean for segments is for the scripts beside this one.
@Suite("Loss recovery, step by step")
struct LossRecoveryStepTests {
    private static func at(_ milliseconds: Int64) -> Instant { .origin + .milliseconds(milliseconds) }

    private func pool() -> BufferPool { BufferPool(budgetBytes: 1 << 20, cacheBytes: 0) }

    /// So many segments of 1,000 bytes from 5,001 on are in the network; they left at the same time.
    private func loaded(_ count: Int, _ pool: inout BufferPool) -> LossRecovery {
        var recovery = LossRecovery(iss: SequenceNumber(5_000))
        for position in 0..<count {
            guard recovery.segments.reserve(pool: &pool) else {
                Issue.record("no memory")
                return recovery
            }
            recovery.onSent(SequenceNumber(5_001) + position * 1_000, length: 1_000, at: Self.at(1))
        }
        return recovery
    }

    @Test("a smaller path MTU sends all again, and neither a probe nor a doubt remains")
    func pathMTULowered() {
        var pool = pool()
        var recovery = loaded(3, &pool)
        recovery.probe.onSent(nxt: SequenceNumber(8_001), isRetransmission: true)
        recovery.spurious.beginTimeout(una: SequenceNumber(5_001), isFirst: true)
        recovery.onPathMTULowered(segmentSize: 500, nxt: SequenceNumber(8_001), pool: &pool)
        #expect(recovery.segments.count == 6 && recovery.segments.missing.bytes == 3_000)
        #expect(!recovery.segments.isInOrder)
        #expect(recovery.probe.end == nil)
        #expect(recovery.spurious.suspicion == .none)
        recovery.segments.discard(pool: &pool)
    }

    @Test("segments that left at the same time are restored in the order of sequence")
    func restored() {
        var pool = pool()
        var recovery = loaded(3, &pool)
        let first = recovery.segments.first
        recovery.segments.moveToMissing(first)
        recovery.segments.moveToMissing(recovery.segments.following(first))
        recovery.segments.restoreMissing()
        #expect(recovery.segments.flight.first == first)
        #expect(recovery.segments.missing.isEmpty)
        recovery.segments.discard(pool: &pool)
    }

    @Test("a segment that has arrived before others is out of order until all of them have")
    func disorder() {
        var pool = pool()
        var recovery = loaded(3, &pool)
        #expect(recovery.segments.isInOrder)
        recovery.segments.moveToReceiver(recovery.segments.following(recovery.segments.first))
        #expect(!recovery.segments.isInOrder)
        recovery.segments.discard(pool: &pool)
    }

    @Test("a repair carries PSH if it ends with a segment that did")
    func pushed() {
        var pool = pool()
        var recovery = loaded(2, &pool)
        recovery.note(.isPushed)
        let first = recovery.segments.first
        recovery.segments.moveToMissing(first)
        recovery.segments.moveToMissing(recovery.segments.following(first))
        #expect(recovery.repairIsPushed(length: 2_000))
        #expect(!recovery.repairIsPushed(length: 1_500))
        #expect(!recovery.repairIsPushed(length: 1_000))
        recovery.segments.discard(pool: &pool)
    }

    @Test("the timestamps of repairs never go back")
    func repairStamps() {
        var pool = pool()
        var recovery = loaded(2, &pool)
        let first = recovery.segments.first
        recovery.onSentAgain(first, stamp: Self.at(50), at: Self.at(60))
        recovery.onSentAgain(recovery.segments.following(first), stamp: Self.at(40), at: Self.at(61))
        #expect(recovery.repairStamp(at: Self.at(30)) == Self.at(50))
        #expect(recovery.repairStamp(at: Self.at(70)) == Self.at(70))
        recovery.segments.discard(pool: &pool)
    }

    @Test("duplicates, a repair that is owed or a lost probe for a larger path MTU keep it from being idle")
    func idle() {
        let changes: [(inout LossRecovery) -> Void] = [
            { $0.duplicates = 1 }, { $0.duplicateBytes = 1 }, { $0.owesRepair = true }, { $0.hasLostSizeProbe = true },
            { $0.phase = .reducing },
        ]
        #expect(LossRecovery(iss: SequenceNumber(5_000)).isIdle)
        for (number, change) in changes.enumerated() {
            var recovery = LossRecovery(iss: SequenceNumber(5_000))
            change(&recovery)
            #expect(!recovery.isIdle, "change \(number)")
        }
    }

    @Test("what has ended leaves no suspicion of having been a mistake")
    func suspicion() {
        var spurious = SpuriousRecovery()
        spurious.beginTimeout(una: SequenceNumber(5_001), isFirst: true)
        #expect(spurious.suspicion == .timedOut)
        spurious.end()
        #expect(spurious.suspicion == .none)
    }

    @Test("of a super-segment one segment is a plain one, and several are a smaller super-segment")
    func partsOfSuperSegment() throws {
        var whole = SentSegment(start: SequenceNumber(5_001), length: 3_500, sentAt: Self.at(1))
        whole.segmentSize = 1_000
        #expect(whole.segmentCount == 4)
        #expect(whole.segment(1).segmentSize == 0)
        #expect(whole.segment(3).length == 500)
        let front = try #require(whole.front(acknowledgedBy: SequenceNumber(7_001)))
        #expect(front.segmentCount == 2 && front.length == 2_000)
    }
}
