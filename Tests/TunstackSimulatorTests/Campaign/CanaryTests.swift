import Testing
import TunstackSimulator

@Suite("Canaries")
struct CanaryTests {
    @Test("a planted bug is found by its oracle within 50 seeds", arguments: Canary.allCases)
    func found(canary: Canary) {
        #expect(canary.seedsAllowed == 50)
        let finder = (1...UInt64(canary.seedsAllowed)).first { seed in
            let report = SimulationRun(SimulationPlan(seed: seed), canary: canary).report()
            return report.violations.contains { $0.oracle == canary.oracle }
        }
        #expect(finder != nil)
    }

    @Test("a plan that fails becomes smaller and fails on", arguments: [Canary.earlyFin, .changedRetransmission])
    func shrinking(canary: Canary) throws {
        let failing = (1...50 as ClosedRange<UInt64>).lazy.map { SimulationPlan(seed: $0) }.first { plan in
            SimulationRun(plan, canary: canary).report().violations.contains { $0.oracle == canary.oracle }
        }
        let plan = try #require(failing)
        var shrinker = PlanShrinker(oracle: canary.oracle, canary: canary)
        let smaller = shrinker.shrink(plan)
        let report = SimulationRun(smaller, canary: canary).report()
        #expect(report.violations.contains { $0.oracle == canary.oracle })
        #expect(smaller.plannedBytes < plan.plannedBytes)
        #expect(smaller.flows.count == 1)
    }

    @Test("a failure is told with its seed, the command, the plan and a ladder of the last packets")
    func failureText() throws {
        let runs = (1...50 as ClosedRange<UInt64>).lazy.map { seed in
            SimulationRun(SimulationPlan(seed: seed), canary: .shrunkWindow)
        }
        let run = try #require(runs.first { $0.report().violations.contains { $0.oracle == "windows" } })
        let report = run.report()
        let command = "tunstack simulate --seed \(run.plan.seed) --seeds 1"
        let lines = FailureText(run, report).lines(replayedBy: command)
        #expect(lines.first == "seed \(run.plan.seed) fails:")
        #expect(lines.contains("  " + command))
        for line in run.plan.lines { #expect(lines.contains("  " + line)) }
        #expect(lines.contains { $0.contains("[windows]") && $0.contains("draws the edge of its window back") })
        #expect(lines.contains { $0.contains("▶│") })
    }
}
