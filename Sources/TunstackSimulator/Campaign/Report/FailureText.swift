import TunstackCore
import TunstackWire

/// What a person needs to know about a run that failed: what was found, the plan, what happened last, and how to see it
/// again.
public struct FailureText {
    private let run: SimulationRun
    private let report: RunReport

    /// So many packets are drawn.
    private static let packetsShown = 40

    /// - Parameters:
    ///   - run: what was played.
    ///   - report: what came of it.
    public init(_ run: SimulationRun, _ report: RunReport) {
        self.run = run
        self.report = report
    }

    /// The lines, those with the violations first.
    ///
    /// - Parameter command: what plays the run again.
    public func lines(replayedBy command: String) -> [String] {
        ["seed \(run.plan.seed) fails:"] + report.violations.map { "  \(line($0))" }
            + ["", "again:", "  \(command)", "", "the plan:"] + run.plan.lines.map { "  \($0)" }
            + ["", "the last packets:"] + ladder
    }

    private func line(_ violation: Violation) -> String {
        let host = violation.node.map { " \(SimulationPlan.letter($0.index))" } ?? ""
        let microseconds = violation.time.nanoseconds / 1_000
        let fraction = String(String(1_000_000 + microseconds % 1_000_000).dropFirst())
        return "[\(violation.oracle)] at \(microseconds / 1_000_000).\(fraction) s:\(host) \(violation.what)"
    }

    /// The run is played again for it.
    private var ladder: [String] {
        let (_, trace) = run.traced(keeping: .recent(Self.packetsShown))
        let host = report.violations.first?.node?.index ?? run.plan.paths.first?.ends.0 ?? 0
        let flow = run.plan.flows.first { $0.client == host || $0.server == host }
        let other = flow.map { $0.client == host ? $0.server : $0.client } ?? (host == 0 ? 1 : 0)
        guard max(host, other) < trace.nodes.count else { return [] }
        return Ladder(
            trace, left: NodeID(index: min(host, other)), right: NodeID(index: max(host, other)),
            numbering: .absolute, details: .window
        ).lines
    }
}
