import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Buffer pool")
struct BufferPoolTests {
    @Test(
        "a size falls into the smallest class that holds it",
        arguments: [(0, 12), (1, 12), (4_096, 12), (4_097, 13), (65_536, 16), (65_537, 17), (1 << 30, 30)])
    func sizeClasses(byteCount: Int, bits: Int) {
        #expect(BufferPool.bits(for: byteCount) == bits)
    }

    @Test("no more than the budget is handed out, and what comes back can be handed out again")
    func budget() {
        var pool = BufferPool(budgetBytes: 3 * 4_096, cacheBytes: 1 << 20)
        var rings = [SequenceRing(), SequenceRing(), SequenceRing(), SequenceRing()]
        let reserved = rings.indices.map { rings[$0].reserve(1, keeping: 0, from: SequenceNumber(0), pool: &pool) }
        #expect(reserved == [true, true, true, false])
        let inUse = pool.bytesInUse
        #expect(inUse == 3 * 4_096)

        rings[0].release(to: &pool)
        let again = rings[3].reserve(4_096, keeping: 0, from: SequenceNumber(0), pool: &pool)
        #expect(again)
        for index in rings.indices { rings[index].release(to: &pool) }
        let left = pool.bytesInUse
        #expect(left == 0)
    }

    @Test("blocks that come back are kept for the next taker, up to the cache's size")
    func cache() {
        var pool = BufferPool(budgetBytes: 1 << 20, cacheBytes: 2 * 4_096)
        var rings = (0..<5).map { _ in SequenceRing() }
        for index in rings.indices { _ = rings[index].reserve(1, keeping: 0, from: SequenceNumber(0), pool: &pool) }
        for index in rings.indices { rings[index].release(to: &pool) }
        let idle = pool.bytesIdle
        #expect(idle == 2 * 4_096)

        _ = rings[0].reserve(1, keeping: 0, from: SequenceNumber(0), pool: &pool)
        let (inUse, stillIdle) = (pool.bytesInUse, pool.bytesIdle)
        #expect(inUse == 4_096)
        #expect(stillIdle == 4_096)
        rings[0].release(to: &pool)
    }

    @Test("a block larger than any class is refused, not made")
    func tooLarge() {
        var pool = BufferPool(budgetBytes: .max / 2, cacheBytes: 0)
        var ring = SequenceRing()
        let reserved = ring.reserve(1 << 30 + 1, keeping: 0, from: SequenceNumber(0), pool: &pool)
        let inUse = pool.bytesInUse
        #expect(!reserved)
        #expect(inUse == 0)
    }
}
