import Tunstack
import TunstackSimulator

/// Plays one seed with everything kept, for a capture or a plot.
struct SingleRun {
    private let options: SimulateOptions
    private let source: PlanSource

    init(_ options: SimulateOptions, _ source: PlanSource) {
        self.options = options
        self.source = source
    }

    func play() throws(CommandFailure) -> CampaignOutcome {
        let start = ContinuousClock.now
        let run = SimulationRun(source.plan(of: options.seed), canary: options.canary)
        let (report, trace) = run.traced(keeping: options.capture == nil ? .none : .full)
        if let capture = options.capture {
            try Self.write(trace.pcapng(name: "seed \(run.plan.seed)", capturedAt: .sender), to: capture)
        }
        var summary = CampaignSummary()
        summary.note(report)
        let table = CampaignTable(
            summary, transfers: source.isTransfer ? [report] : [], time: ContinuousClock.now - start)
        return CampaignOutcome(summary: summary, table: table.lines, lastSeed: options.seed)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
        do throws(Errno) {
            let file = try OutputStream(creating: path)
            defer { file.close() }
            try file.write(bytes)
        } catch {
            throw CommandFailure("cannot write \(path) (\(error)): choose another file or directory")
        }
    }
}
