import Glibc
import TunstackSimulator

/// Plays a campaign and says how far it is.
struct CampaignRun {
    private let campaign: Campaign
    private let source: PlanSource

    init(_ campaign: Campaign, _ source: PlanSource) {
        self.campaign = campaign
        self.source = source
    }

    func play() async -> CampaignOutcome {
        let start = ContinuousClock.now
        var bar = ProgressBar(total: campaign.seeds)
        var transfers: [RunReport] = []
        var (done, failures, lastSeed) = (0, 0, campaign.firstSeed)
        let workers = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let summary = await campaign.run(workers: workers) { report in
            done += 1
            failures += report.violations.isEmpty ? 0 : 1
            lastSeed = report.plan.seed
            if source.isTransfer { transfers.append(report) }
            bar.show(done, failures: failures)
        }
        bar.clear()
        let table = CampaignTable(summary, transfers: transfers, time: ContinuousClock.now - start)
        return CampaignOutcome(summary: summary, table: table.lines, lastSeed: lastSeed, transfers: transfers)
    }
}

/// What came of a campaign.
struct CampaignOutcome {
    let summary: CampaignSummary
    let table: [String]
    /// The last seed that was played.
    let lastSeed: UInt64
    /// The runs, if each of them is one transfer over the same path.
    var transfers: [RunReport] = []
}
