import TestSupport
import Testing

@testable import TunstackCore

@Suite("First-in, first-out queue")
struct FifoTests {
    @Test("elements leave in the order in which they came", arguments: 1...6 as ClosedRange)
    func model(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var fifo = Fifo<Int>()
        var model: [Int] = []
        var next = 0
        for _ in 0..<2_000 {
            // Long stretches of growing and of shrinking move the head all around the ring.
            let grows = Int.random(in: 0..<200, using: &random) < (next / 300 % 2 == 0 ? 120 : 80)
            if grows {
                fifo.append(next)
                model.append(next)
                next += 1
            } else {
                let popped = fifo.popFirst()
                expectEqual(popped, model.first)
                model = Array(model.dropFirst())
            }
            expectEqual(fifo.count, model.count)
            expectEqual(fifo.isEmpty, model.isEmpty)
            expectEqual(fifo.first, model.first)
        }
        var rest: [Int] = []
        while let element = fifo.popFirst() { rest.append(element) }
        #expect(rest == model)
    }

    @Test("an element that has left is not kept alive")
    func release() {
        final class Token {}
        var fifo = Fifo<Token>()
        weak var observed: Token?
        do {
            let token = Token()
            observed = token
            fifo.append(token)
        }
        #expect(observed != nil)
        _ = fifo.popFirst()
        #expect(observed == nil)
    }
}
