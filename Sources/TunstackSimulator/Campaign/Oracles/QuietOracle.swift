import TunstackCore

/// When everything is over the network becomes quiet; until then nobody works more than there is to do.
struct QuietOracle: Oracle {
    let name = "quiet"

    mutating func finish(_ run: FinishedRun, _ verdicts: inout Verdicts) {
        if !run.isIdle {
            verdicts.find(
                self, nil, at: run.time, run.steps >= run.plan.stepLimit ? "does not come to rest" : "is still busy")
        }
        for host in run.hosts {
            guard let deadline = host.nextDeadline else { continue }
            verdicts.find(self, host.id, at: run.time, "a timer is armed for \(deadline - run.time) from now")
        }
        let seconds = Int(run.time.nanoseconds / 1_000_000_000)
        let mostSteps = 2_000 + 20 * run.packets + 10 * seconds + run.plan.plannedReads
        if run.steps > mostSteps {
            verdicts.find(
                self, nil, at: run.time,
                "\(run.steps) steps for \(run.packets) packets in \(seconds) s; \(mostSteps) would be many")
        }
        if run.packets > run.plan.mostPackets {
            verdicts.find(
                self, nil, at: run.time,
                "\(run.packets) packets for \(run.plan.plannedBytes) bytes; \(run.plan.mostPackets) would be many")
        }
    }
}
