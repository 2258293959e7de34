public import TunstackCore

/// The state diagram of a connection (RFC 9293 §3.3.2, Figure 5, and what §3.10 adds), as text.
public enum StateDiagram {
    /// Every legal edge with its name, by the state it leaves. Edges to one state that differ in nothing but their
    /// cause share a line.
    ///
    /// - Parameter taken: edges to be marked with a star.
    public static func lines(marking taken: Set<StateTransition> = []) -> [String] {
        State.allCases.flatMap { state -> [String] in
            let edges = StateTransition.all.filter { $0.from == state }
            var targets: [State] = []
            for edge in edges where !targets.contains(edge.to) { targets.append(edge.to) }
            return targets.enumerated().flatMap { index, target in
                lines(edges.filter { $0.to == target }, showsSource: index == 0, taken)
            }
        }
    }

    private static func lines(
        _ edges: [StateTransition], showsSource: Bool, _ taken: Set<StateTransition>
    ) -> [String] {
        guard let first = edges.first else { return [] }
        let source = (showsSource ? first.from.description : "").padded(to: 13)
        let head = source + "──▶ " + first.to.description.padded(to: 13)
        var lines: [String] = []
        var line = head
        for (index, edge) in edges.enumerated() {
            let last = index == edges.count - 1
            let word = edge.cause.rawValue + (taken.contains(edge) ? "*" : "") + (last ? "" : ",")
            if line.count + 1 + word.count > Ladder.width {
                lines.append(line)
                line = String(repeating: " ", count: head.count)
            }
            line += " " + word
        }
        return lines + [line]
    }
}
