public import TunstackCore

extension StateDiagram {
    /// Every edge as a row of a Markdown table: what it is, the rule that asks for it, and where RFC 9293 has it.
    ///
    /// - Parameter taken: how often each edge was taken in a check; nil leaves that column out.
    public static func table(taken: [StateTransition: Int]? = nil) -> [String] {
        let head = ["from", "event", "to", "rule", "in RFC 9293"] + (taken == nil ? [] : ["events in the check"])
        let rows = StateEdge.all.map { edge -> [String] in
            let transition = edge.transition
            let rule = edge.rule.hasPrefix("§") ? "RFC 9293 " + edge.rule : edge.rule
            let count = taken.map { ["\($0[transition] ?? 0)"] } ?? []
            return [
                transition.from.description, transition.cause.rawValue, transition.to.description, rule,
                edge.place.rawValue,
            ] + count
        }
        return ([head, head.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
    }

    /// How our machine differs from RFC 9293's Figure 5, edge by edge, each with the reason.
    public static let differences = [
        "Figure 5 has an edge from LISTEN to SYN-SENT, by SEND. Ours has not: a listener is no connection, and stays when one begins "
            + "(MUST-41, MUST-42); whoever wants to send opens actively.",
        "Figure 5 leaves out, and its notes tell, that a FIN with the acknowledgment of ours leads from FIN-WAIT-1 straight to TIME-WAIT, "
            + "and that a reset leads from any state to CLOSED or LISTEN. Ours has these edges, each by itself.",
        "The notes let a reset that we send lead to TIME-WAIT. Ours leads to CLOSED, as §3.10.5 has it: after an ABORT nothing is left.",
        "The text adds ABORT, R1 and R2, the user timeout, hard ICMP errors, keep-alive, data that nobody will read, and a new "
            + "incarnation out of TIME-WAIT. The figure has none of them.",
        "Two edges are ours alone: a time limit for FIN-WAIT-2 once the application has let go, or a peer could hold our memory for "
            + "ever; and half-open entries that go when their listener closes.",
    ]
}
