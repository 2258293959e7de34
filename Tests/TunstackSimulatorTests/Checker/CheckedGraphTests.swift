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

    @Test("ways without an end are found, and what only leads to them or away is not on them")
    func cycles() {
        let finite = Self.graph([[1, 2], [2], []])
        #expect(finite.stateCount == 3 && finite.edgeCount == 3)
        #expect(finite.statesOnCycles() == [])
        let graph = Self.graph([[1], [2, 4], [3], [1], []])
        #expect(graph.statesOnCycles() == [1, 2, 3])
        #expect(graph.cycle(through: 1) == [1, 2, 3, 1])
        #expect(graph.cycle(through: 0) == [])
        #expect(Self.graph([[0]]).statesOnCycles() == [0])
    }
}
