import ArgumentParser
import TestSupport
import Testing
import Tunstack
import TunstackSimulator

@testable import TunstackCLI

@Suite("tunstack simulate")
struct SimulateTests {
    private func parse(_ line: String) throws -> SimulateCommand {
        let command = try TunstackCommand.parseAsRoot(["simulate"] + line.split(separator: " ").map(String.init))
        return try #require(command as? SimulateCommand)
    }

    @Test("without options a hundred seeds draw their own plans")
    func defaults() throws {
        let command = try parse("")
        #expect(command.options.seedCount == 100)
        #expect(command.options.seed == 1)
        #expect(try command.path.conditions() == nil)
        #expect(try PlanSource(command.options, command.path).plan(of: 7) == SimulationPlan(seed: 7))
    }

    @Test("options of the path and the line of text say the same")
    func path() throws {
        let command = try parse(
            """
            --delay 20ms --jitter 5ms --loss 1% --burst 1%/8 --reorder 5% --duplicate 1% --corrupt 0.1% --rate 300mbit \
            --queue 100 --ecn 20 --path-mtu 1400
            """)
        let line = """
            delay=20ms jitter=5ms loss=1% burst=1%/8 reorder=5%/2ms duplicate=1% corrupt=0.1% rate=300mbit queue=100 \
            ecn=20 mtu=1400
            """
        #expect(try command.path.conditions() == PathConditions(parsing: line))
        let plan = try PlanSource(command.options, command.path).plan(of: 3)
        #expect(plan.flows.map(\.kind) == [.bulk])
        #expect(plan.paths.map(\.conditions) == [try PathConditions(parsing: line)])
    }

    @Test("the command that plays a run again plays the same run")
    func replay() throws {
        for line in [
            "--seeds 5", "--seeds 5 --delay 3ms --congestion bbr",
            "--seeds 5 --loss 1% --delay 3ms --rate 10mbit --bytes 70000",
        ] {
            let command = try parse(line)
            let source = try PlanSource(command.options, command.path)
            let words = source.command(for: 9).split(separator: "\"").enumerated().flatMap { index, part in
                index.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
            }
            let again = try #require(
                try TunstackCommand.parseAsRoot(Array(words.dropFirst())) as? SimulateCommand)
            #expect(again.options.seed == 9)
            #expect(again.options.seedCount == 1)
            #expect(try PlanSource(again.options, again.path).plan(of: 9) == source.plan(of: 9))
        }
    }

    @Test(
        "a wrong value is refused, and what would be right is said",
        arguments: [
            ("--seeds 0", "1 or more"), ("--seeds 5 --capture f", "one run"), ("--seeds 2 --plot f", "one run"),
            ("--canary cat", "early-fin"), ("--sed 5", "--sed"), ("--seed -1", "--seed"),
        ])
    func wrongValues(line: String, expected: String) {
        let error = #expect(throws: (any Error).self) { try parse(line) }
        #expect(error.map { TunstackCommand.message(for: $0) }?.contains(expected) == true)
    }

    @Test(
        "a path that makes no sense is refused, and what would be right is said",
        arguments: [
            ("--loss 1", "%"), ("--rate fast", "mbit"), ("--queue 10", "rate"), ("--bytes 10", "--delay"),
            ("--congestion bbr", "--delay"), ("--delay 1ms --congestion vegas", "newreno"),
            ("--delay 1ms --congestion bbr,", "newreno"), ("--delay 1ms --plot f --congestion cubic,bbr", "one"),
            ("--delay 1ms --bytes 0", "1 or more"), ("--path delay", "delay=20ms"), ("--path nonsense=1", "jitter"),
        ])
    func wrongPaths(line: String, expected: String) throws {
        let command = try parse(line)
        let error = #expect(throws: ValidationError.self) { try PlanSource(command.options, command.path) }
        #expect(error?.message.contains(expected) == true)
    }

    @Test("the hosts have the congestion control that was given, and ECN on a path that marks")
    func congestion() throws {
        let command = try parse("--delay 1ms --rate 10mbit --ecn 20 --congestion newreno")
        let plan = try PlanSource(command.options, command.path).plan(of: 1)
        #expect(plan.hosts.allSatisfy { $0.options.congestion == .newReno && $0.options.ecn })
    }

    @Test("several congestion controls are shown beside each other, seed by seed")
    func comparison() throws {
        let command = try parse("--delay 1ms --bytes 9000 --congestion cubic,bbr")
        let source = try PlanSource(command.options, command.path)
        #expect(source.algorithms == [.cubic, .bbr])
        let columns = source.algorithms.map { congestion in
            (congestion, [SimulationRun(source.with(congestion).plan(of: 3)).report()])
        }
        let lines = ComparisonTable(columns).lines
        #expect(lines.first?.split(separator: " ") == ["seed", "cubic", "bbr"])
        #expect(lines.map { String($0.prefix(6)) } == ["seed  ", "3     ", "median"])
        #expect(lines.dropFirst().allSatisfy { $0.split(separator: "bit/s").count == 2 })
    }

    @Test("a plan that is not there is refused with its name")
    func noPlan() throws {
        let command = try parse("--plan /nowhere/at.all")
        let failure = #expect(throws: CommandFailure.self) { try PlanSource(command.options, command.path) }
        #expect(failure?.message.contains("/nowhere/at.all") == true)
    }

    @Test("the bar shows how far it is and how fast")
    func bar() {
        #expect(
            ProgressBar.line(500, of: 2_000, failures: 0, in: .seconds(2))
                == "[==========                              ] 25 % of 2000 seeds, 250/s")
        #expect(ProgressBar.line(4, of: 4, failures: 1, in: .seconds(1)).hasSuffix("] 100 % of 4 seeds, 4/s, 1 failed"))
    }

    @Test(
        "rates are told in units that people read",
        arguments: [(950, "950 bit/s"), (1_234, "1.23 kbit/s"), (300_000_000, "300.00 Mbit/s")] as [(Int64, String)])
    func rates(rate: Int64, text: String) {
        #expect(CampaignTable.rate(rate) == text)
    }

    @Test("the table ends a campaign with goodput by application, or by seed over a path that was given")
    func table() throws {
        var summary = CampaignSummary()
        let report = SimulationRun(
            SimulationPlan(seed: 3, bulkOver: PathConditions(delay: .milliseconds(1)), bytes: 9_000)
        )
        .report()
        summary.note(report)
        let byKind = CampaignTable(summary, transfers: [], time: .seconds(1)).lines
        #expect(byKind.first?.hasPrefix("1 runs, 0 failed; ") == true)
        #expect(byKind.contains { $0.hasPrefix("bulk") })
        let bySeed = CampaignTable(summary, transfers: [report], time: .seconds(1)).lines
        #expect(bySeed.contains { $0.hasPrefix("3 ") && $0.contains("bit/s") })
    }
}
