import TestSupport
import Testing

@testable import TunstackCore

@Suite("Connection table")
struct ConnectionTableTests {
    /// The table beside a plain list of entries.
    private struct Pair {
        var table = ConnectionTable()
        var model: [(reference: EntryReference, hash: UInt64)] = []

        mutating func insert(_ reference: EntryReference, _ hash: UInt64) {
            table.insert(reference, hash: hash)
            model.append((reference, hash))
        }

        mutating func replace(at position: Int, with other: EntryReference) {
            table.replace(model[position].reference, with: other, hash: model[position].hash)
            model[position].reference = other
        }

        mutating func remove(at position: Int) {
            table.remove(model[position].reference, hash: model[position].hash)
            model.swapAt(position, model.count - 1)
            model.removeLast()
        }

        /// All candidates for a hash must be exactly the model's entries with the same fingerprint.
        func check(_ hash: UInt64) {
            var probe = table.probe(hash)
            var found: [UInt32] = []
            while let candidate = table.next(&probe) { found.append(candidate.bits) }
            let expected = model.lazy.filter { $0.hash >> 32 == hash >> 32 }.map(\.reference.bits)
            expectEqual(found.sorted(), expected.sorted())
            expectEqual(table.count, model.count)
        }
    }

    /// Hashes of which many agree, wholly or in the bits that choose the place; and some at the table's end.
    private func hash(_ random: inout SplitMix64) -> UInt64 {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: UInt64.random(in: 0..<16, using: &random) << 32
        case 1: (0xffff_fff0 | UInt64.random(in: 0..<16, using: &random)) << 32
        default: UInt64.random(in: 0...UInt64.max, using: &random)
        }
    }

    @Test("entries are found, replaced and removed like those of a plain list", arguments: 1...10 as ClosedRange)
    func model(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var pair = Pair()
        let mostEntries = Int.random(in: 4...300, using: &random)
        for step in 0..<1_000 {
            var touched = hash(&random)
            let position = pair.model.indices.randomElement(using: &random)
            switch (Int.random(in: 0..<5, using: &random), position) {
            case (0..<2, _) where pair.model.count < mostEntries:
                pair.insert(EntryReference(.halfOpen, step), touched)
            case (2, let position?):
                touched = pair.model[position].hash
                pair.replace(at: position, with: EntryReference(.connection, step))
            case (3, let position?):
                touched = pair.model[position].hash
                pair.remove(at: position)
            default:
                break
            }
            pair.check(touched)
        }
        for entry in pair.model { pair.check(entry.hash) }
    }

    @Test("a table that has been large and empties again loses nothing on the way")
    func growthAndShrinking() {
        var random = SplitMix64(seed: 7)
        var pair = Pair()
        for index in 0..<8_000 {
            pair.insert(EntryReference(.timeWait, index), UInt64.random(in: 0...UInt64.max, using: &random))
        }
        while let last = pair.model.last {
            if pair.model.count % 500 == 0 { pair.check(last.hash) }
            pair.remove(at: pair.model.indices.randomElement(using: &random) ?? 0)
        }
        #expect(pair.table.count == 0)
    }

    @Test("the entry with the largest index is not taken for an empty slot")
    func largestIndex() {
        // A reference has 30 bits for it.
        let largestIndex = 1 << 30 - 1
        var table = ConnectionTable()
        for kind in [EntryReference.Kind.connection, .halfOpen, .timeWait] {
            let reference = EntryReference(kind, largestIndex)
            table.insert(reference, hash: .max)
            var probe = table.probe(.max)
            let found = table.next(&probe)
            #expect(found == reference)
            #expect(found?.kind == kind)
            #expect(found?.index == largestIndex)
            table.remove(reference, hash: .max)
        }
    }
}
