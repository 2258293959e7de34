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
        let flow = run.plan.largestFlow
        var recorder: FlowRecorder?
        let (report, trace) = run.traced(keeping: options.capture == nil ? .none : .full) { socket, index in
            // The first end that is opened is the client's, which sends; of several connections, the first.
            if index == flow, recorder == nil, options.plot != nil { recorder = FlowRecorder(socket) }
        }
        if let capture = options.capture {
            try Self.write(trace.pcapng(name: "seed \(run.plan.seed)", capturedAt: .sender), to: capture)
        }
        if let plot = options.plot {
            guard let recorder else { throw CommandFailure("no connection was opened, so there is nothing to draw") }
            let drawing = FlowPlot(
                recorder.record, title: "seed \(run.plan.seed)", conditions: run.plan.conditions(of: flow))
            try Self.write(Array(drawing.svg.utf8), to: plot)
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

extension SimulationPlan {
    /// The flow whose client sends most, as an index.
    fileprivate var largestFlow: Int {
        flows.indices.max { flows[$0].bytes * flows[$0].rounds < flows[$1].bytes * flows[$1].rounds } ?? 0
    }

    /// What the path of a flow does to packets.
    fileprivate func conditions(of flow: Int) -> String {
        guard flows.indices.contains(flow) else { return "" }
        let ends = [flows[flow].client, flows[flow].server]
        let path = paths.first { ends == [$0.ends.0, $0.ends.1] || ends == [$0.ends.1, $0.ends.0] }
        return path.map { "\($0.conditions)" } ?? ""
    }
}
