import TunstackCore

/// A plan that is played from its beginning to the end of everything, under the eyes of the oracles.
public struct SimulationRun: Sendable {
    /// What is played.
    public let plan: SimulationPlan
    /// The bug that is planted, if any.
    public let canary: Canary?
    /// What decides about every packet on its way, beside its path; nil for nothing (`ReadPassage`).
    private let passage: [UInt8]?

    /// A run of a plan.
    public init(_ plan: SimulationPlan, canary: Canary? = nil) {
        self.plan = plan
        self.canary = canary
        passage = nil
    }

    /// A run of a plan through a network that reads from bytes what it does to each packet.
    init(_ plan: SimulationPlan, passage: [UInt8]) {
        self.plan = plan
        self.passage = passage
        canary = nil
    }

    /// Plays it, and keeps nothing but the verdicts and some numbers.
    public func report() -> RunReport { play(keeping: .none).report }

    /// Plays it twice; that the second time is not like the first is a violation too.
    public func reportOfTwo() -> RunReport {
        var report = report()
        report.compare(with: self.report())
        return report
    }

    /// Plays it and keeps what happened: for a capture, a ladder or a plot.
    ///
    /// - Parameters:
    ///   - level: how much to keep.
    ///   - opened: is given every connection's end before it sends anything, and the flow it belongs to, as an index.
    public func traced(
        keeping level: TraceLevel = .full, opened: @escaping (SimulatedSocket, _ flow: Int) -> Void = { _, _ in }
    ) -> (report: RunReport, trace: PacketTrace) {
        let (report, network) = play(keeping: level, opened: opened)
        return (report, network.trace)
    }

    private func play(
        keeping level: TraceLevel, opened: @escaping (SimulatedSocket, _ flow: Int) -> Void = { _, _ in }
    ) -> (report: RunReport, network: SimulatedNetwork) {
        let severity = passage == nil ? PlanSeverity(plan) : .unknown
        let planned = PlannedNetwork(plan, severity, canary: canary, keeping: level)
        if let passage {
            planned.network.addRule(ReadPassage(passage), between: planned.hosts[0], planned.hosts[1])
        }
        planned.referee.opened = opened
        let (network, referee) = (planned.network, planned.referee)
        var (steps, isIdle) = (0, false)
        let (stepLimit, packetLimit, timeLimit) = (plan.stepLimit, 2 * plan.mostPackets, plan.timeLimit)
        while steps < stepLimit, network.now < timeLimit, referee.packets < packetLimit {
            guard network.step() else {
                isIdle = true
                break
            }
            steps += 1
            // What follows a violation is its consequence.
            guard referee.verdicts.violations.isEmpty else { break }
        }
        let run = FinishedRun(
            plan: plan, severity: severity, time: network.now, hosts: planned.hosts.map(\.core),
            sockets: referee.sockets, refusals: referee.refusals, isIdle: isIdle, steps: steps,
            packets: referee.packets)
        if referee.verdicts.violations.isEmpty { referee.finish(run) }
        return (RunReport(run, referee), network)
    }
}
