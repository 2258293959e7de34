import ArgumentParser
import Tunstack
import TunstackSimulator

/// `tunstack simulate`: plays many seeds in virtual time, and judges every step of them.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play many networks in virtual time, each drawn from a seed, and judge every step.",
        discussion: """
            Without options for the path, a seed decides everything: hosts, paths, applications, faults. With them, every \
            seed is a bulk transfer over that path. The same seed gives the same packets, always.

            Examples:
              tunstack simulate --seeds 2000                     play the seeds 1 to 2000
              tunstack simulate --seed 4711 --seeds 1            play one again
              tunstack simulate --seeds 20 --loss 1% --delay 10ms --rate 300mbit
              tunstack simulate --seeds 20 --path "delay=10ms burst=1%/8 reorder=5%/2ms"
              tunstack simulate --seeds 5 --loss 1% --delay 10ms --rate 300mbit --congestion cubic,newreno,bbr
              tunstack simulate --seeds 1 --delay 10ms --rate 50mbit --plot flow.svg --capture flow.pcapng
              tunstack simulate --plan found.plan                play what was written down
              tunstack simulate --canary early-fin               plant a bug and find it
            """)

    @OptionGroup var options: SimulateOptions
    @OptionGroup var path: PathOptions

    func run() async throws {
        let source = try PlanSource(options, path)
        guard !options.isSingle else { return try report(try SingleRun(options, source).play(), source) }
        var campaign = Campaign()
        campaign.firstSeed = options.seed
        campaign.seeds = options.seedCount
        campaign.canary = options.canary
        campaign.keepsGoing = options.keepGoing
        var columns: [(CongestionAlgorithm, [RunReport])] = []
        for congestion in source.algorithms {
            let source = source.with(congestion)
            campaign.plan = source.plan
            let outcome = await CampaignRun(campaign, source).play()
            columns.append((congestion, outcome.transfers))
            let isCompared = source.algorithms.count > 1 && outcome.summary.failureCount == 0
            if !isCompared { try report(outcome, source) }
        }
        guard columns.count > 1 else { return }
        OutputStream.standardOutput.print(ComparisonTable(columns).lines.joined(separator: "\n"))
    }

    private func report(_ outcome: CampaignOutcome, _ source: PlanSource) throws {
        let output = OutputStream.standardOutput
        for failure in outcome.summary.failures {
            let text = FailureReport(failure, options, source)
            output.print(text.lines.joined(separator: "\n") + "\n")
        }
        output.print(outcome.table.joined(separator: "\n"))
        guard let canary = options.canary else {
            if outcome.summary.failureCount > 0 { throw ExitCode.failure }
            return
        }
        let finders = outcome.summary.failures.first?.violations.map(\.oracle) ?? []
        guard finders.contains(canary.oracle) else {
            throw CommandFailure("the oracle '\(canary.oracle)' did not find the canary \(canary.rawValue)")
        }
        output.print("the oracle '\(canary.oracle)' found the canary with seed \(outcome.lastSeed)")
    }
}
