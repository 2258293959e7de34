import TunstackCore

extension CheckReport {
    /// What was found, line by line.
    public var lines: [String] {
        var lines = [
            "Bounds: \(bounds)",
            "\(states) states of both ends and the network, \(events) events between them"
                + (isComplete ? "" : "; not all were looked at"),
            "\(hostStates.map { "\($0)" }.joined(separator: " and ")) states of one end, found by \(replays) runs of the real stack",
            "\(pairs.count) pairs of states:",
        ]
        lines += pairTable
        lines.append(
            "\(transitions.count) of \(StateEdge.all.count) edges were taken, \(illegalEdges.count) of them illegal. Never:"
        )
        let missing = StateEdge.all.map(\.transition).filter { transitions[$0] == nil }
        lines += missing.map { "  \($0.from) ──▶ \($0.to)  \($0.cause.rawValue)" }
        lines.append(
            "Nothing can happen but an ABORT in \(closedStates + abandonedStates + deadEnds) states: \(closedStates) with both ends in "
                + "CLOSED, \(abandonedStates) with one in FIN-WAIT-2 whose peer is in CLOSED, \(deadEnds) dead ends")
        lines.append("\(stuckStates) states in which an end waits without a timer")
        lines.append("\(statesOnCycles) states on ways without an end")
        lines.append("\(tornStates) states with a byte out of place")
        if compared > 0 {
            lines.append("\(compared) comparisons of other ways to a state of an end, \(contradictions) differ")
        }
        if !example.isEmpty {
            lines +=
                [isComplete ? "How that comes about:" : "The way to the last state that was found:"]
                + example.map { "  " + $0 }
        }
        return lines
    }

    /// How many joint states there are of each pair: a row for a state of the first end.
    private var pairTable: [String] {
        let width = 13
        let head = "".padded(to: width) + State.allCases.map { $0.description.padded(toLeftOf: width) }.joined()
        return [head]
            + State.allCases.map { first in
                first.description.padded(to: width)
                    + State.allCases.map { second in
                        let count = pairs[StatePair(first: first, second: second)]
                        return (count.map { "\($0)" } ?? "·").padded(toLeftOf: width)
                    }.joined()
            }
    }
}

extension CheckerBounds: CustomStringConvertible {
    /// The bounds in a line.
    public var description: String {
        func calls(_ calls: Calls) -> String {
            "\(calls.activeOpens) active and \(calls.passiveOpens) passive OPEN, \(calls.sends) bytes"
        }
        return
            "A: \(calls(first)); B: \(calls(second)); \(packets) packets each way, \(losses) lost, \(duplicates) doubled, "
            + (reorders ? "in any order" : "in order")
            + "; \(retransmissions) retransmissions" + (releases ? "; applications may leave" : "")
    }
}
