import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Receive buffer")
struct ReceiveBufferTests {
    /// A buffer, its pool, and what a reader of the stream must get: the first bytes that arrived at each number.
    private struct Pair: ~Copyable {
        var pool = BufferPool(budgetBytes: 1 << 20, cacheBytes: 0)
        var buffer: ReceiveBuffer
        let start: SequenceNumber
        var arrived: [UInt8?]
        var readOffset = 0
        var endOffset = 0

        init(start: SequenceNumber, limit: Int, streamLength: Int) {
            self.start = start
            buffer = ReceiveBuffer(start: start, limit: limit)
            arrived = Array(repeating: nil, count: streamLength)
        }

        mutating func insert(_ bytes: [UInt8], at offset: Int, rangeLimit: Int = 64) -> ReceiveBuffer.Insertion {
            var insertion = ReceiveBuffer.Insertion.refused
            bytes.withRawSpan {
                insertion = buffer.insert($0, at: start + offset, rangeLimit: rangeLimit, pool: &pool)
            }
            guard insertion == .stored else { return insertion }
            for (index, byte) in bytes.enumerated() where arrived[offset + index] == nil {
                arrived[offset + index] = byte
            }
            return insertion
        }

        mutating func advance() {
            let before = endOffset
            while endOffset < arrived.count, arrived[endOffset] != nil { endOffset += 1 }
            expectEqual(buffer.advance(), endOffset - before)
            expectEqual(buffer.readable, endOffset - readOffset)
            expectEqual(buffer.end, start + endOffset)
            expectEqual(buffer.free, max(0, buffer.limit - buffer.readable))
        }

        mutating func read(_ count: Int) {
            let bytes = [UInt8](rawCapacity: max(1, count)) { output in
                _ = buffer.read(into: &output, pool: &pool)
            }
            // An array may have more room than was asked for.
            expectEqual(bytes.map { $0 }, arrived[readOffset..<readOffset + bytes.count].compactMap { $0 })
            readOffset += bytes.count
            if buffer.readable == 0, buffer.reassembly.isEmpty {
                let inUse = pool.bytesInUse
                expectEqual(inUse, 0, "an empty buffer has no memory")
            }
        }
    }

    @Test(
        "the reader gets every byte once and in order, and of overlapping bytes those that came first",
        .requirement("RFC9293 SHLD-31"), arguments: CriticalNumbers.all)
    func model(start: UInt32) {
        var random = SplitMix64(seed: UInt64(start) &+ 99)
        let length = 30_000
        var pair = Pair(start: SequenceNumber(start), limit: 10_000, streamLength: length)
        while pair.readOffset < length {
            if Int.random(in: 0..<4, using: &random) > 0 {
                let window = pair.readOffset + pair.buffer.limit
                let upper = min(length, window)
                guard pair.endOffset < upper else {
                    pair.read(Int.random(in: 1...8_000, using: &random))
                    continue
                }
                // Half of the segments are in order, the others anywhere in the window.
                let offset =
                    Bool.random(using: &random)
                    ? pair.endOffset : Int.random(in: pair.endOffset..<upper, using: &random)
                let bytes = random.bytes(Int.random(in: 1...min(1_500, upper - offset), using: &random))
                let insertion = pair.insert(bytes, at: offset)
                expectEqual(insertion, .stored)
                pair.advance()
            } else {
                pair.read(Int.random(in: 1...8_000, using: &random))
            }
        }
        let inUse = pair.pool.bytesInUse
        #expect(inUse == 0)
    }

    @Test("bytes that were stored but not yet released by an advance are not overwritten either")
    func firstBytesWinBeforeAdvance() {
        var pair = Pair(start: SequenceNumber(0xffff_fff8), limit: 10_000, streamLength: 40)
        let insertions = [
            pair.insert([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], at: 0), pair.insert(Array(repeating: 2, count: 15), at: 0),
            pair.insert(Array(repeating: 3, count: 20), at: 5),
        ]
        #expect(insertions == [.stored, .stored, .stored])
        pair.advance()
        pair.read(100)
        #expect(pair.readOffset == 25)
    }

    @Test("in-order data is taken also when there are as many gaps as may be: it makes none")
    func inOrderAtRangeLimit() {
        var pair = Pair(start: SequenceNumber(0), limit: 10_000, streamLength: 1_000)
        for index in 0..<4 {
            let insertion = pair.insert([7, 7, 7], at: 100 + index * 10, rangeLimit: 4)
            #expect(insertion == .stored)
        }
        let another = pair.insert([7], at: 500, rangeLimit: 4)
        #expect(another == .refused)
        // The first gap is a hundred bytes wide; its first half arrives.
        let inOrder = pair.insert(Array(repeating: 8, count: 50), at: 0, rangeLimit: 4)
        #expect(inOrder == .stored)
        pair.advance()
        #expect(pair.endOffset == 50)
        let rest = pair.insert(Array(repeating: 9, count: 50), at: 50, rangeLimit: 4)
        #expect(rest == .stored)
        pair.advance()
        #expect(pair.endOffset == 103)
        pair.buffer.discard(pool: &pair.pool)
    }

    @Test("what the pool has no memory for is refused, and nothing that was there is lost")
    func poolBudget() {
        var pool = BufferPool(budgetBytes: 4_096, cacheBytes: 0)
        var buffer = ReceiveBuffer(start: SequenceNumber(10), limit: 1 << 20)
        func insert(_ bytes: [UInt8], at number: UInt32) -> ReceiveBuffer.Insertion {
            var insertion = ReceiveBuffer.Insertion.refused
            bytes.withRawSpan {
                insertion = buffer.insert($0, at: SequenceNumber(number), rangeLimit: 8, pool: &pool)
            }
            return insertion
        }
        #expect(insert([1, 2, 3], at: 10) == .stored)
        #expect(buffer.advance() == 3)
        #expect(insert([9], at: 10 + 4_096) == .refused)
        #expect(insert([4], at: 13) == .stored)
        #expect(buffer.advance() == 1)
        let bytes = [UInt8](rawCapacity: 16) { _ = buffer.read(into: &$0, pool: &pool) }
        #expect(bytes == [1, 2, 3, 4])
        let inUse = pool.bytesInUse
        #expect(inUse == 0)
    }

    @Test("when memory is scarce a byte at the far edge gets no block of its own, and bytes in order do")
    func scarceMemory() {
        var pool = BufferPool(budgetBytes: 1 << 16, cacheBytes: 0)
        var others = [SequenceRing(), SequenceRing()]
        for (index, size) in [1 << 15, 1].enumerated() {
            _ = others[index].reserve(size, keeping: 0, from: SequenceNumber(0), pool: &pool)
        }
        var buffer = ReceiveBuffer(start: SequenceNumber(0), limit: 1 << 14)
        func insert(_ count: Int, at number: UInt32) -> ReceiveBuffer.Insertion {
            var insertion = ReceiveBuffer.Insertion.refused
            StreamBytes.at(0, count: count).withRawSpan {
                insertion = buffer.insert($0, at: SequenceNumber(number), rangeLimit: 8, pool: &pool)
            }
            return insertion
        }
        #expect(insert(1, at: 10_000) == .refused)
        #expect(insert(1_000, at: 0) == .stored)
        #expect(insert(1, at: 4_000) == .stored, "inside the block at hand")
        #expect(insert(1, at: 10_000) == .refused)
        others[0].release(to: &pool)
        #expect(insert(1, at: 10_000) == .stored)
        buffer.discard(pool: &pool)
        others[1].release(to: &pool)
    }

    @Test("memory is kept while bytes beyond a gap need it, and given back with the last of them")
    func memoryBeyondGap() {
        var pair = Pair(start: SequenceNumber(0), limit: 10_000, streamLength: 100)
        let inOrder = pair.insert([1, 2, 3], at: 0)
        pair.advance()
        let beyond = pair.insert([9], at: 5)
        #expect(inOrder == .stored)
        #expect(beyond == .stored)
        pair.read(10)
        let kept = pair.pool.bytesInUse
        #expect(kept == 4_096)
        _ = pair.insert([4, 5], at: 3)
        pair.advance()
        pair.read(10)
        #expect(pair.readOffset == 6)
        let inUse = pair.pool.bytesInUse
        #expect(inUse == 0)
    }

    @Test("discarding drops what was not read and gives the memory back")
    func discard() {
        var pair = Pair(start: SequenceNumber(0), limit: 10_000, streamLength: 100)
        _ = pair.insert([1, 2, 3], at: 0)
        pair.advance()
        _ = pair.insert([1, 2, 3], at: 50)
        pair.buffer.discard(pool: &pair.pool)
        let inUse = pair.pool.bytesInUse
        #expect(inUse == 0)
        #expect(pair.buffer.readable == 0)
        #expect(pair.buffer.reassembly.isEmpty)
    }

    @Test("what has come in order and is not yet taken in keeps a buffer from rest")
    func rest() {
        var pair = Pair(start: SequenceNumber(0), limit: 10_000, streamLength: 100)
        expectEqual(pair.buffer.isAtRest, true)
        _ = pair.insert([1, 2, 3], at: 0)
        expectEqual(pair.buffer.isAtRest, false)
        pair.advance()
        expectEqual(pair.buffer.isAtRest, false)
        pair.read(10)
        expectEqual(pair.buffer.isAtRest, true)
    }

    @Test("there is no room to write to beforehand while something in order waits to be taken in")
    func makeRoom() {
        var pair = Pair(start: SequenceNumber(0), limit: 10_000, streamLength: 100)
        let hasRoom = pair.buffer.makeRoom(for: 10, pool: &pair.pool)
        #expect(hasRoom)
        _ = pair.insert([1, 2, 3], at: 0)
        let isBehind = pair.buffer.makeRoom(for: 10, pool: &pair.pool)
        #expect(!isBehind)
        pair.advance()
        let hasRoomAgain = pair.buffer.makeRoom(for: 10, pool: &pair.pool)
        #expect(hasRoomAgain)
        pair.buffer.discard(pool: &pair.pool)
    }
}
