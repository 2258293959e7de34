import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

/// Places in sequence space at which arithmetic goes wrong if it can.
enum CriticalNumbers {
    static let all: [UInt32] = [
        0, 1, 5_000, 0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0xffff_f001, 0xffff_fffe, 0xffff_ffff,
    ]
}

@Suite("Sequence ring")
struct SequenceRingTests {
    private func pool() -> BufferPool { BufferPool(budgetBytes: 1 << 24, cacheBytes: 1 << 20) }

    private func bytes(of ring: SequenceRing, _ count: Int, from start: SequenceNumber) -> [UInt8] {
        [UInt8](rawCapacity: max(1, count)) { ring.copy(count, from: start, into: &$0) }
    }

    @Test("a byte is found under its number, wherever the stream and the block wrap", arguments: CriticalNumbers.all)
    func places(start: UInt32) {
        var random = SplitMix64(seed: UInt64(start))
        var pool = pool()
        var ring = SequenceRing()
        let start = SequenceNumber(start)
        let reserved = ring.reserve(4_096, keeping: 0, from: start, pool: &pool)
        #expect(reserved)
        var model = random.bytes(4_096)
        model.withRawSpan { ring.store($0, at: start) }
        for _ in 0..<100 {
            let offset = Int.random(in: 0..<4_096, using: &random)
            let piece = random.bytes(Int.random(in: 0...4_096 - offset, using: &random))
            piece.withRawSpan { ring.store($0, at: start + offset) }
            model.replaceSubrange(offset..<offset + piece.count, with: piece)
            let from = Int.random(in: 0..<4_096, using: &random)
            let count = Int.random(in: 0...4_096 - from, using: &random)
            expectEqual(bytes(of: ring, count, from: start + from), Array(model[from..<from + count]))
        }
        ring.release(to: &pool)
    }

    @Test("a larger block has the bytes that were to be kept", arguments: CriticalNumbers.all)
    func growing(start: UInt32) {
        var random = SplitMix64(seed: UInt64(start) + 1)
        var pool = pool()
        var ring = SequenceRing()
        let start = SequenceNumber(start)
        var model: [UInt8] = []
        for size in [1, 4_096, 4_097, 20_000, 100_000] {
            let reserved = ring.reserve(size, keeping: model.count, from: start, pool: &pool)
            #expect(reserved)
            #expect(ring.capacity >= size)
            let more = random.bytes(size - model.count)
            more.withRawSpan { ring.store($0, at: start + model.count) }
            model += more
            #expect(bytes(of: ring, model.count, from: start) == model)
        }
        let inUse = pool.bytesInUse
        #expect(inUse == ring.capacity, "the smaller blocks went back")
        ring.release(to: &pool)
        #expect(ring.capacity == 0)
    }

    @Test("a block begins with the size of the last, until sixteen in a row were never more than half full")
    func remembersItsSize() {
        var pool = pool()
        var ring = SequenceRing()
        let start = SequenceNumber(9)
        func use(_ byteCount: Int) -> Int {
            let reserved = ring.reserve(byteCount, keeping: 0, from: start, pool: &pool)
            #expect(reserved)
            defer { ring.release(to: &pool) }
            return ring.capacity
        }
        #expect(use(60_000) == 65_536)
        for _ in 0..<15 { #expect(use(32_768) == 65_536) }
        // It is needed again, and the count begins anew.
        #expect(use(32_769) == 65_536)
        for _ in 0..<16 { #expect(use(100) == 65_536) }
        for _ in 0..<16 { #expect(use(100) == 32_768) }
        #expect(use(100) == 16_384)
        #expect(use(20_000) == 32_768)
    }

    @Test("growth that the budget does not allow changes nothing")
    func refusedGrowth() {
        var pool = BufferPool(budgetBytes: 8_192, cacheBytes: 0)
        var ring = SequenceRing()
        _ = ring.reserve(4_096, keeping: 0, from: SequenceNumber(7), pool: &pool)
        let model = StreamBytes.at(0, count: 4_096)
        model.withRawSpan { ring.store($0, at: SequenceNumber(7)) }
        let reserved = ring.reserve(4_097, keeping: 4_096, from: SequenceNumber(7), pool: &pool)
        let inUse = pool.bytesInUse
        #expect(!reserved)
        #expect(inUse == 4_096)
        #expect(bytes(of: ring, 4_096, from: SequenceNumber(7)) == model)
        ring.release(to: &pool)
    }

    @Test("two pieces in order cover what was asked for", arguments: CriticalNumbers.all)
    func pieces(start: UInt32) {
        var pool = pool()
        var ring = SequenceRing()
        let start = SequenceNumber(start)
        _ = ring.reserve(4_096, keeping: 0, from: start, pool: &pool)
        let model = StreamBytes.at(3, count: 4_000)
        model.withRawSpan { ring.store($0, at: start) }
        ring.withPieces(of: 4_000, from: start) { first, second in
            var joined: [UInt8] = []
            joined.append(bytes: first)
            joined.append(bytes: second)
            #expect(joined == model)
            #expect(second.isEmpty || !first.isEmpty)
        }
        ring.release(to: &pool)
    }
}
