/// What all sequences have shown.
struct Findings {
    private var unknown: [String: (count: Int, example: PlayedSequence)] = [:]
    private var known: [String: Int] = [:]

    var isClean: Bool { unknown.isEmpty }

    mutating func note(_ sequence: PlayedSequence) {
        guard let difference = sequence.difference else { return }
        if let reason = KnownDifference.all.first(where: { $0.explains(difference) }) {
            known[reason.name, default: 0] += 1
        } else {
            unknown[difference.kind, default: (0, sequence)].count += 1
        }
    }

    func report(count: Int) {
        for (kind, what) in unknown.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            print("\(what.count) x \(kind)\n  seed \(what.example.seed):")
            for line in what.example.lines { print("    " + line) }
        }
        for (name, count) in known.sorted(by: { $0.key < $1.key }) { print("known: \(name): \(count)") }
        let (knownCount, unknownCount) = (known.values.reduce(0, +), unknown.values.reduce(0) { $0 + $1.count })
        print("\(count) sequences, \(knownCount) with a known difference, \(unknownCount) with another")
    }
}
