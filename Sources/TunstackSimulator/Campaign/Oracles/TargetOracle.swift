import TunstackCore
import TunstackWire

/// What a plan asks of a flow beside what is asked of all: how much may be sent again, and how long it may take.
struct TargetOracle: Oracle {
    let name = "targets"
    private let flows: [FlowPlan]
    /// Of each flow, segments that were sent again.
    private var resent: [Int]

    init(_ plan: SimulationPlan) {
        flows = plan.flows
        resent = Array(repeating: 0, count: plan.flows.count)
    }

    mutating func sent(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {
        guard let end, segment.segment.textLength > 0, segment.end.isAtOrBefore(end.sentEnd) else { return }
        let ports = [segment.segment.source.port, segment.segment.destination.port]
        guard let flow = ports.map({ SimulationPlan.flow(at: $0.rawValue) }).first(where: resent.indices.contains)
        else { return }
        resent[flow] += 1
        guard let most = flows[flow].mostResent, resent[flow] == most + 1 else { return }
        verdicts.find(self, segment.host, at: segment.time, "more than \(most) segments are sent again")
    }

    mutating func finish(_ run: FinishedRun, _ verdicts: inout Verdicts) {
        for (index, flow) in flows.enumerated() {
            let duration = FlowReport(index, run).duration
            guard let longest = flow.longestTime, duration > longest else { continue }
            verdicts.find(
                self, nil, at: run.time, "the last byte has taken \(duration.words), more than \(longest.words)")
        }
    }
}
