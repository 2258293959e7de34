/// Many runs, each with a seed of its own, on as many processors as there are.
///
/// Runs share nothing, so what one finds does not depend on the others; reports come in the order of the seeds.
public struct Campaign: Sendable {
    /// The first seed.
    public var firstSeed: UInt64 = 1
    /// How many seeds, one run each.
    public var seeds = 100
    /// The bug that is planted in every run, if any.
    public var canary: Canary?
    /// Whether to go on after a failure.
    public var keepsGoing = false
    /// Of so many seeds one is played twice, to see whether it is the same again; 0 for none.
    public var repeatedSeed: UInt64 = 16
    /// The plan that belongs to a seed.
    public var plan: @Sendable (UInt64) -> SimulationPlan = { SimulationPlan(seed: $0) }

    /// A hundred runs of the plans that belong to the seeds from 1 on.
    public init() {}

    /// So many runs are one piece of work for a processor.
    private static let runsAtATime = 8

    /// Plays the runs.
    ///
    /// - Parameters:
    ///   - workers: how many runs to play at the same time, 1 or more.
    ///   - progress: called after every run, in the order of the seeds.
    /// - Returns: what came of all runs up to the first failure, or of all.
    public func run(workers: Int, progress: (RunReport) -> Void = { _ in }) async -> CampaignSummary {
        await withTaskGroup(of: (piece: Int, reports: [RunReport]).self) { group in
            var summary = CampaignSummary()
            let pieces = (seeds + Self.runsAtATime - 1) / Self.runsAtATime
            var (started, finished) = (0, 0)
            var early: [Int: [RunReport]] = [:]
            func start() {
                guard started < pieces else { return }
                let piece = started
                started += 1
                group.addTask { (piece, reports(of: piece)) }
            }
            for _ in 0..<max(1, workers) { start() }
            while let done = await group.next() {
                early[done.piece] = done.reports
                start()
                while let reports = early.removeValue(forKey: finished) {
                    finished += 1
                    for report in reports {
                        summary.note(report)
                        progress(report)
                        guard report.violations.isEmpty || keepsGoing else {
                            group.cancelAll()
                            return summary
                        }
                    }
                }
            }
            return summary
        }
    }

    private func reports(of piece: Int) -> [RunReport] {
        var reports: [RunReport] = []
        for index in piece * Self.runsAtATime..<min(seeds, (piece + 1) * Self.runsAtATime) {
            if Task.isCancelled { break }
            let seed = firstSeed &+ UInt64(index)
            let run = SimulationRun(plan(seed), canary: canary)
            let isRepeated = repeatedSeed > 0 && seed.isMultiple(of: repeatedSeed)
            reports.append(isRepeated ? run.reportOfTwo() : run.report())
            if !keepsGoing, reports.last?.violations.isEmpty == false { break }
        }
        return reports
    }
}
