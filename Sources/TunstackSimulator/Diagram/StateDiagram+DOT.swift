import TunstackCore

extension StateDiagram {
    /// The diagram in the language of Graphviz: edges of RFC 9293's figure are solid, the others dashed.
    public static var dot: String {
        var lines = ["digraph TCP {", "  rankdir=TB;", "  node [shape=box, fontname=\"monospace\"];"]
        for group in grouped {
            let isDrawn = group.edges.contains { $0.place == .figure }
            let label = group.edges.map(\.transition.cause.rawValue).joined(separator: "\\n")
            lines.append(
                "  \"\(group.from)\" -> \"\(group.to)\" [label=\"\(label)\"\(isDrawn ? "" : ", style=dashed")];")
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    /// Two states, and every edge that leads from one to the other.
    struct Group {
        let from: State
        let to: State
        let edges: [StateEdge]
    }

    /// The edges by the states they join, in the order of the states.
    static var grouped: [Group] {
        var groups: [Group] = []
        for from in State.allCases {
            for to in State.allCases {
                let edges = StateEdge.all.filter { $0.transition.from == from && $0.transition.to == to }
                if !edges.isEmpty { groups.append(Group(from: from, to: to, edges: edges)) }
            }
        }
        return groups
    }
}
