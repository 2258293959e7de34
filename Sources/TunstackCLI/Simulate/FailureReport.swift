import TunstackSimulator

/// What is printed about a run that failed.
struct FailureReport {
    private let report: RunReport
    private let options: SimulateOptions
    private let source: PlanSource

    init(_ report: RunReport, _ options: SimulateOptions, _ source: PlanSource) {
        self.report = report
        self.options = options
        self.source = source
    }

    var lines: [String] {
        let run = SimulationRun(report.plan, canary: options.canary)
        let command = source.command(for: report.plan.seed) + (options.canary.map { " --canary \($0.rawValue)" } ?? "")
        guard options.shrink, let oracle = report.violations.first?.oracle else {
            return FailureText(run, report).lines(replayedBy: command)
        }
        var shrinker = PlanShrinker(oracle: oracle, canary: options.canary)
        let smaller = SimulationRun(shrinker.shrink(report.plan), canary: options.canary)
        return FailureText(smaller, smaller.report())
            .lines(
                replayedBy:
                    "tunstack simulate --plan FILE, with the plan below; or, before it was made smaller, \(command)")
    }
}
