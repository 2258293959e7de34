import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Send buffer")
struct SendBufferTests {
    private func append(_ bytes: [UInt8], to buffer: inout SendBuffer, _ pool: inout BufferPool) -> Int {
        var accepted = 0
        bytes.withRawSpan { accepted = buffer.append($0, pool: &pool) }
        return accepted
    }

    private func copy(_ buffer: SendBuffer, _ length: Int, from number: SequenceNumber) -> [UInt8] {
        [UInt8](rawCapacity: max(1, length)) { buffer.copy(length, from: number, into: &$0) }
    }

    private func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum = InternetChecksum()
        bytes.withRawSpan { sum.add($0) }
        return sum.finish()
    }

    @Test(
        "it holds what was appended and not acknowledged, at every place in sequence space",
        arguments: CriticalNumbers.all)
    func model(start: UInt32) {
        var random = SplitMix64(seed: UInt64(start))
        var pool = BufferPool(budgetBytes: 1 << 20, cacheBytes: 1 << 16)
        let limit = Int.random(in: 3_000...40_000, using: &random)
        var buffer = SendBuffer(start: SequenceNumber(start), limit: limit)
        var model: [UInt8] = []
        var first = SequenceNumber(start)
        for _ in 0..<150 {
            if Bool.random(using: &random) {
                let bytes = random.bytes(Int.random(in: 0..<3_000, using: &random))
                let accepted = append(bytes, to: &buffer, &pool)
                expectEqual(accepted, min(bytes.count, limit - model.count))
                model += bytes.prefix(accepted)
            } else {
                let acknowledged = Int.random(in: 0...model.count, using: &random)
                buffer.acknowledge(to: first + acknowledged, pool: &pool)
                model.removeFirst(acknowledged)
                first += acknowledged
            }
            expectEqual(buffer.start, first)
            expectEqual(buffer.end, first + model.count)
            expectEqual(buffer.count, model.count)
            expectEqual(buffer.free, limit - model.count)
            let from = Int.random(in: 0...model.count, using: &random)
            let length = Int.random(in: 0...min(1_460, model.count - from), using: &random)
            let expected = Array(model[from..<from + length])
            expectEqual(copy(buffer, length, from: first + from), expected)
            var sum = InternetChecksum()
            buffer.add(length, from: first + from, to: &sum)
            expectEqual(sum.finish(), checksum(expected))
            if model.isEmpty {
                let inUse = pool.bytesInUse
                expectEqual(inUse, 0, "an empty buffer has no memory")
            }
        }
        buffer.discard(pool: &pool)
        let inUse = pool.bytesInUse
        #expect(inUse == 0)
        #expect(buffer.isEmpty)
    }

    @Test("acknowledgments from before or beyond the buffer do no harm")
    func strayAcknowledgments() {
        var pool = BufferPool(budgetBytes: 1 << 20, cacheBytes: 0)
        var buffer = SendBuffer(start: SequenceNumber(100), limit: 1_000)
        _ = append([1, 2, 3], to: &buffer, &pool)
        buffer.acknowledge(to: SequenceNumber(50), pool: &pool)
        #expect(buffer.count == 3)
        // The FIN's number lies one past the last byte.
        buffer.acknowledge(to: SequenceNumber(104), pool: &pool)
        #expect(buffer.isEmpty)
        #expect(buffer.end == SequenceNumber(103))
        let inUse = pool.bytesInUse
        #expect(inUse == 0)
    }

    @Test("when the pool has no larger block, what fits the one at hand is taken")
    func poolBudget() {
        var pool = BufferPool(budgetBytes: 4_096, cacheBytes: 0)
        var buffer = SendBuffer(start: SequenceNumber(0), limit: 100_000)
        let accepted = append(StreamBytes.at(0, count: 5_000), to: &buffer, &pool)
        #expect(accepted == 4_096)
        #expect(copy(buffer, 4_096, from: SequenceNumber(0)) == StreamBytes.at(0, count: 4_096))
        let more = append([1], to: &buffer, &pool)
        #expect(more == 0)
        buffer.acknowledge(to: SequenceNumber(96), pool: &pool)
        let afterwards = append(StreamBytes.at(4_096, count: 200), to: &buffer, &pool)
        #expect(afterwards == 96)
        #expect(copy(buffer, 4_096, from: SequenceNumber(96)) == StreamBytes.at(96, count: 4_096))
        buffer.discard(pool: &pool)
    }

    @Test("with no block left it takes nothing")
    func emptyPool() {
        var pool = BufferPool(budgetBytes: 4_095, cacheBytes: 0)
        var buffer = SendBuffer(start: SequenceNumber(0), limit: 100_000)
        let accepted = append([1, 2, 3], to: &buffer, &pool)
        #expect(accepted == 0)
        #expect(buffer.isEmpty)
    }
}
