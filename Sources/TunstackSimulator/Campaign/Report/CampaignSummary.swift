public import TunstackCore

/// What came of a campaign so far.
public struct CampaignSummary: Sendable {
    /// Runs that were played.
    public private(set) var runs = 0
    /// Packets that hosts put on their links.
    public private(set) var packets = 0
    /// How long the runs lasted in virtual time, all together.
    public private(set) var virtualTime = Interval.zero
    /// Goodput in bits a second of the flows in which nothing failed, by kind.
    public private(set) var goodput: [FlowPlan.Kind: [Int64]] = [:]
    /// How many runs failed.
    public private(set) var failureCount = 0
    /// The reports of the first runs that failed.
    public private(set) var failures: [RunReport] = []

    /// Of more failures only the number is kept.
    private static let failuresKept = 20

    /// What came of no runs at all.
    public init() {}

    /// Adds what came of another run.
    public mutating func note(_ report: RunReport) {
        runs += 1
        packets += report.packets
        virtualTime = virtualTime + report.virtualTime
        for flow in report.flows where flow.goodput > 0 && flow.reasons.allSatisfy({ $0 == .closed }) {
            goodput[flow.plan.kind, default: []].append(flow.goodput)
        }
        guard !report.violations.isEmpty else { return }
        failureCount += 1
        if failures.count < Self.failuresKept { failures.append(report) }
    }
}
