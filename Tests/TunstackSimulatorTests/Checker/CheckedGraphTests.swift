import Testing

@testable import TunstackSimulator

@Suite("What the check asks of its graph")
struct CheckedGraphTests {
    /// A graph whose states, from 0 on, are followed by these.
    private static func graph(_ targets: [[Int32]]) -> CheckedGraph {
        var graph = CheckedGraph()
        for followers in targets {
            for follower in followers { graph.add(follower) }
            graph.endState()
        }
        return graph
    }

    @Test("states that nothing follows are found")
    func terminals() {
        let graph = Self.graph([[1, 2], [3], [], []])
        #expect(graph.terminals == [2, 3])
        #expect(graph.stateCount == 4 && graph.edgeCount == 3)
    }

    @Test("states from which no way leads to a goal are found, on a way round and round too")
    func deadEnds() {
        // 0 leads to the goal 1, to the dead end 2, and to 3 and 4, which lead to each other.
        let graph = Self.graph([[1, 2, 3], [], [], [4], [3]])
        #expect(graph.states(notReaching: [false, true, false, false, false]) == [2, 3, 4])
        #expect(graph.states(notReaching: [false, true, true, false, true]) == [])
    }

    @Test("ways without an end are found, and what only leads to them or away is not on them")
    func cycles() {
        #expect(Self.graph([[1, 2], [2], []]).statesOnCycles() == [])
        let graph = Self.graph([[1], [2, 4], [3], [1], []])
        #expect(graph.statesOnCycles() == [1, 2, 3])
        #expect(graph.cycle(through: 1) == [1, 2, 3, 1])
        #expect(graph.cycle(through: 0) == [])
        #expect(Self.graph([[0]]).statesOnCycles() == [0])
    }
}
