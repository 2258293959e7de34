import TestSupport
import Testing

@testable import TunstackCore

@Suite("Slab")
struct SlabTests {
    /// Counts how many tokens are alive.
    private final class Ledger {
        var alive = 0
    }

    /// An element that cannot be copied and is missed when it is lost.
    private struct Token: ~Copyable {
        let number: Int
        let ledger: Ledger

        init(_ number: Int, _ ledger: Ledger) {
            self.number = number
            self.ledger = ledger
            ledger.alive += 1
        }

        deinit { ledger.alive -= 1 }
    }

    @Test("elements stay where they were put, whatever comes and goes beside them", arguments: 1...6 as ClosedRange)
    func model(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let ledger = Ledger()
        do {
            var slab = Slab<Token>()
            var model: [(index: Int, number: Int)] = []
            for number in 0..<2_000 {
                if Int.random(in: 0..<5, using: &random) < 3 || model.isEmpty {
                    let index = slab.insert(Token(number, ledger))
                    expectEqual(model.contains { $0.index == index }, false, "the slot was in use")
                    model.append((index, number))
                } else {
                    let expected = model.remove(at: Int.random(in: 0..<model.count, using: &random))
                    let number = slab.remove(expected.index).number
                    expectEqual(number, expected.number)
                }
                let count = slab.count
                expectEqual(count, model.count)
                expectEqual(ledger.alive, model.count)
            }
            for (index, number) in model {
                let kept = slab[index].number
                expectEqual(kept, number)
            }
            var occupied: [Int] = []
            for index in slab.indices where slab.isOccupied(index) { occupied.append(index) }
            #expect(occupied == model.map(\.index).sorted())
        }
        #expect(ledger.alive == 0, "the slab has lost elements")
    }

    @Test("a handle is stale from the removal on, also when its slot is used again")
    func staleHandles() {
        var slab = Slab<Int>()
        let index = slab.insert(1)
        let old = slab.generation(of: index)
        let isValid = slab.contains(index, generation: old)
        #expect(isValid)

        _ = slab.remove(index)
        let isValidAfterRemoval = slab.contains(index, generation: old)
        let vacantIsValid = slab.contains(index, generation: slab.generation(of: index))
        #expect(!isValidAfterRemoval)
        #expect(!vacantIsValid, "a vacant slot has no valid handle")

        let reused = slab.insert(2)
        let isValidAfterReuse = slab.contains(index, generation: old)
        let newIsValid = slab.contains(index, generation: slab.generation(of: index))
        let neverUsedIsValid = slab.contains(1_000_000, generation: 1)
        #expect(reused == index)
        #expect(!isValidAfterReuse)
        #expect(newIsValid)
        #expect(!neverUsedIsValid)
    }

    @Test("slots are used again before the slab grows")
    func reuse() {
        var slab = Slab<Int>()
        for number in 0..<600 { _ = slab.insert(number) }
        for index in stride(from: 0, to: 600, by: 2) { _ = slab.remove(index) }
        for number in 0..<300 { _ = slab.insert(number) }
        let (slots, count) = (slab.indices.count, slab.count)
        #expect(slots == 600)
        #expect(count == 600)
    }

    @Test("an element can be changed in place")
    func mutation() {
        var slab = Slab<[Int]>()
        let index = slab.insert([])
        for number in 0..<5 { slab[index].append(number) }
        let element = slab[index]
        #expect(element == [0, 1, 2, 3, 4])
    }
}
