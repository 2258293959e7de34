/// Which states follow which: for each state, in the order of their numbers, the numbers of those that follow.
struct CheckedGraph {
    private var targets: [Int32] = []
    /// Where the next state's targets begin; one more than there are states.
    private var starts = [0]

    /// One more state follows the current one.
    mutating func add(_ target: Int32) { targets.append(target) }
    /// The next state is the current one.
    mutating func endState() { starts.append(targets.count) }

    var stateCount: Int { starts.count - 1 }
    var edgeCount: Int { targets.count }

    private func successors(of state: Int) -> ArraySlice<Int32> { targets[starts[state]..<starts[state + 1]] }

    /// The graph with its edges turned round.
    private var reversed: CheckedGraph {
        var counts = [Int](repeating: 0, count: stateCount + 1)
        for target in targets { counts[Int(target) + 1] += 1 }
        for state in 0..<stateCount { counts[state + 1] += counts[state] }
        var graph = CheckedGraph()
        graph.starts = counts
        graph.targets = [Int32](repeating: 0, count: targets.count)
        for state in 0..<stateCount {
            for target in successors(of: state) {
                graph.targets[counts[Int(target)]] = Int32(state)
                counts[Int(target)] += 1
            }
        }
        return graph
    }

    /// States that a way leads back to, or that lie between two such: none if every way is finite.
    func statesOnCycles() -> [Int] {
        var isLeft = [Bool](repeating: true, count: stateCount)
        // States with no successor left are taken away until there are none, and then those with no predecessor left.
        let back = reversed
        Self.trim(&isLeft, forward: self, backward: back)
        Self.trim(&isLeft, forward: back, backward: self)
        return (0..<stateCount).filter { isLeft[$0] }
    }

    /// A shortest way from a state back to it; empty if there is none.
    func cycle(through start: Int) -> [Int] {
        var parents = [Int](repeating: -1, count: stateCount)
        var waiting = [start]
        var next = 0
        while next < waiting.count {
            let state = waiting[next]
            next += 1
            for target in successors(of: state) {
                if Int(target) == start {
                    var way = [start, state]
                    while let last = way.last, last != start { way.append(parents[last]) }
                    return way.reversed()
                }
                guard parents[Int(target)] < 0 else { continue }
                parents[Int(target)] = state
                waiting.append(Int(target))
            }
        }
        return []
    }

    private static func trim(_ isLeft: inout [Bool], forward: CheckedGraph, backward: CheckedGraph) {
        var count = (0..<forward.stateCount).map { state in
            isLeft[state] ? forward.successors(of: state).count { isLeft[Int($0)] } : 0
        }
        var waiting = count.indices.filter { isLeft[$0] && count[$0] == 0 }
        while let state = waiting.popLast() {
            isLeft[state] = false
            for source in backward.successors(of: state) where isLeft[Int(source)] {
                count[Int(source)] -= 1
                if count[Int(source)] == 0 { waiting.append(Int(source)) }
            }
        }
    }
}
