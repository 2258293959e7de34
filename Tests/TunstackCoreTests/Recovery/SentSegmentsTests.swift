import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("The index of sent segments")
struct SentSegmentsTests {
    private static func milliseconds(_ count: Int64) -> Instant { .origin + .milliseconds(count) }

    /// So many segments of 1,000 bytes from 5,001 on, one a millisecond.
    private func filled(_ count: Int, _ pool: inout BufferPool) -> SentSegments {
        var segments = SentSegments()
        for position in 0..<count {
            guard segments.reserve(pool: &pool) else {
                Issue.record("no memory")
                return segments
            }
            segments.append(
                SentSegment(
                    start: SequenceNumber(5_001) + position * 1_000, length: 1_000,
                    sentAt: Self.milliseconds(Int64(position))))
        }
        return segments
    }

    private func pool(budget: Int = 1 << 24) -> BufferPool { BufferPool(budgetBytes: budget, cacheBytes: 0) }

    @Test("a segment takes up one cache line")
    func size() {
        #expect(MemoryLayout<SentSegment>.stride == 64)
    }

    @Test("the ring doubles when it is full, and gives its memory back when it is empty")
    func memory() {
        var pool = pool()
        var segments = filled(64, &pool)
        let small = pool.bytesInUse
        #expect(small == 4_096)
        let hasRoom = segments.reserve(pool: &pool)
        #expect(hasRoom)
        let large = pool.bytesInUse
        #expect(large == 8_192)
        segments.releaseIfEmpty(to: &pool)
        let kept = pool.bytesInUse
        #expect(kept == 8_192)
        for _ in 0..<64 { segments.removeFirst() }
        segments.releaseIfEmpty(to: &pool)
        let left = pool.bytesInUse
        #expect(left == 0)
        #expect(segments.flight.isEmpty && segments.flight.bytes == 0)
    }

    @Test("without memory nothing changes, and with it again all goes on")
    func refused() {
        var pool = pool(budget: 4_096)
        var segments = filled(64, &pool)
        let isRefused = !segments.reserve(pool: &pool)
        #expect(isRefused)
        #expect(segments.count == 64)
        #expect(segments.flight.bytes == 64_000)
        segments.removeFirst()
        let hasRoom = segments.reserve(pool: &pool)
        #expect(hasRoom)
        segments.append(SentSegment(start: SequenceNumber(69_001), length: 1, sentAt: Self.milliseconds(99)))
        #expect(segments[segments.last].end == SequenceNumber(69_002))
        segments.discard(pool: &pool)
        let left = pool.bytesInUse
        #expect(left == 0)
    }

    @Test("a number is found in the segment that holds it, or else in the next one")
    func search() throws {
        var pool = pool()
        var segments = filled(100, &pool)
        for position in 0..<100 {
            for offset in [0, 1, 999] {
                let number = SequenceNumber(5_001) + position * 1_000 + offset
                let found = try #require(segments.segment(at: number))
                expectEqual(segments[found].start, SequenceNumber(5_001) + position * 1_000)
            }
        }
        #expect(segments.segment(at: SequenceNumber(1)) == segments.first)
        #expect(segments.segment(at: SequenceNumber(105_001)) == nil)
        segments.discard(pool: &pool)
        #expect(segments.segment(at: SequenceNumber(5_001)) == nil)
    }

    @Test("those missing stay in the order of sequence, however they are found to be")
    func missingOrder() {
        var pool = pool()
        var segments = filled(5, &pool)
        for serial in [3, 0, 4, 1] as [SentSegments.Serial] { segments.moveToMissing(serial) }
        var starts: [SequenceNumber] = []
        while !segments.missing.isEmpty {
            starts.append(segments[segments.missing.first].start)
            segments.moveToEndOfFlight(segments.missing.first)
        }
        #expect(starts == [5_001, 6_001, 8_001, 9_001].map { SequenceNumber($0) })
        #expect(segments.flight.last == 4)
        #expect(segments.flight.first == 2)
        segments.discard(pool: &pool)
    }

    @Test("what is cut anew covers the same numbers, and all of it is missing", arguments: [1, 7, 333, 1_000, 10_000])
    func resegment(size: Int) {
        var pool = pool()
        var segments = filled(3, &pool)
        segments.moveToReceiver(1)
        segments.resegment(to: size, pool: &pool)
        let serials = SentSegmentsModel.serials(segments)
        #expect(serials.count == (3_000 + size - 1) / size)
        #expect(serials.allSatisfy { segments[$0].place == .missing && segments[$0].length <= Int32(size) })
        #expect(segments[segments.first].start == SequenceNumber(5_001))
        #expect(segments[segments.last].end == SequenceNumber(8_001))
        #expect(segments.missing.bytes == 3_000 && segments.flight.bytes == 0 && segments.receivedCount == 0)
        segments.discard(pool: &pool)
        let left = pool.bytesInUse
        #expect(left == 0)
    }

    @Test("without memory to cut it anew it stays as it is, but all of it is missing")
    func resegmentRefused() {
        var pool = pool(budget: 4_096)
        var segments = filled(3, &pool)
        segments.moveToReceiver(1)
        segments.resegment(to: 100, pool: &pool)
        #expect(segments.count == 3)
        #expect(segments.missing.bytes == 3_000)
        segments.discard(pool: &pool)
    }

    @Test(
        "random operations leave what a plain model says, across the wrap of sequence numbers and of serials",
        arguments: 0..<12 as Range<UInt64>)
    func model(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        // The pool may run dry: every third run has room for 64 segments only.
        var pool = pool(budget: seed % 3 == 2 ? 4_096 : 1 << 24)
        let start = SequenceNumber(UInt32(truncatingIfNeeded: 0 &- random.next() % 200_000))
        var segments = SentSegments(firstSerial: SentSegments.Serial.max >> 1 &- UInt32(random.next() % 300))
        var model = SentSegmentsModel(start: start)
        var now = Instant.origin
        for step in 0..<3_000 {
            now = now + .microseconds(Int64(random.next() % 3))
            let what = "seed \(seed), step \(step)"
            operate(&segments, &model, &pool, at: now, canCut: seed % 3 != 2, &random)
            segments.releaseIfEmpty(to: &pool)
            if step.isMultiple(of: 7) || step > 2_900 { model.check(segments, what) }
        }
        segments.discard(pool: &pool)
        let left = pool.bytesInUse
        #expect(left == 0)
    }

    /// One random operation on both.
    private func operate(
        _ segments: inout SentSegments, _ model: inout SentSegmentsModel, _ pool: inout BufferPool, at now: Instant,
        canCut: Bool, _ random: inout SplitMix64
    ) {
        let count = Int(segments.count)
        let index = count > 0 ? Int(random.next() % UInt64(count)) : 0
        let serial = count > 0 ? SentSegmentsModel.serials(segments)[index] : SentSegments.none
        switch random.next() % 100 {
        case 0..<45 where count < 200 && segments.reserve(pool: &pool):
            segments.append(model.append(length: 1 + Int(random.next() % 1_460), at: now))
        case 45..<60 where count > 0:
            segments.removeFirst()
            model.removeFirst()
        case 60..<64 where count > 0 && segments[segments.first].length > 1:
            let cut = 1 + Int(random.next() % UInt64(segments[segments.first].length - 1))
            segments.trimFirst(to: segments[segments.first].start + cut)
            model.trimFirst(by: cut)
        case 64..<74 where count > 0 && segments[serial].place != .receiver:
            segments.moveToReceiver(serial)
            model.move(index, to: .receiver)
        case 74..<86 where count > 0 && segments[serial].place == .flight:
            segments.moveToMissing(serial)
            model.move(index, to: .missing)
        case 86..<97 where count > 0 && segments[serial].place != .receiver:
            segments.moveToEndOfFlight(serial)
            segments[serial].sentAt = now
            model.sendAgain(index, at: now)
        case 97 where count > 0 && random.next().isMultiple(of: 4):
            segments.markAllMissing()
            model.markAllMissing()
        // Where memory is short this is the subject of a test of its own.
        case 98 where count > 0 && canCut:
            let size = 400 + Int(random.next() % 1_000)
            segments.resegment(to: size, pool: &pool)
            model.resegment(to: size)
        case 99:
            restore(&segments, &model)
        default: break
        }
    }

    /// Among segments that left at the same instant the order is not promised, so the model goes on from the one it finds.
    private func restore(_ segments: inout SentSegments, _ model: inout SentSegmentsModel) {
        segments.restoreMissing()
        model.restoreMissing()
        var times: [Instant] = []
        var serial = segments.flight.first
        while serial != SentSegments.none {
            times.append(segments[serial].sentAt)
            serial = segments[serial].next
        }
        expectEqual(times, times.sorted(), "the order in which they left")
        model.adoptOrder(of: segments)
    }
}
