import ArgumentParser
import Tunstack
import TunstackSimulator

/// `tunstack demo`: shows scenarios from the simulator.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how TCP behaves, in virtual time and without privilege.",
        discussion: """
            Two stacks (or a stack and a peer that misbehaves on command) exchange segments in a simulated network. \
            A scenario explains what happens, draws it with the states of both ends, and checks its own claims.

            Examples:
              tunstack demo                          list the scenarios
              tunstack demo handshake                draw one
              tunstack demo loss --trace             as tcpdump would print it
              tunstack demo close --capture f.pcapng for Wireshark
              tunstack demo all                      check them all
            """)

    @Argument(help: "The scenario, or 'all'. Without it, the scenarios are listed.")
    var scenario: String?

    @Flag(help: "How to show it; a ladder unless the scenario prefers otherwise.")
    var form: Form?

    @Flag(help: "Show sequence numbers as they are, not counted from each side's SYN.")
    var absolute = false

    @Option(help: ArgumentHelp("Write the packets to a pcapng file as well.", valueName: "file"))
    var capture: String?

    @Option(help: "Where all randomness comes from; the same seed gives the same bytes.")
    var seed: UInt64 = 1

    /// How a scenario can be shown.
    enum Form: String, EnumerableFlag {
        case ladder
        case trace

        static func help(for value: Form) -> ArgumentHelp? {
            switch value {
            case .ladder: "Draw the states of both ends and the segments between them."
            case .trace: "Print a line for each packet, in the form of tcpdump."
            }
        }
    }

    func validate() throws {
        guard let scenario else { return }
        guard scenario == "all" || Scenario.named(scenario) != nil else {
            throw ValidationError("There is no scenario '\(scenario)'. 'tunstack demo' lists them.")
        }
    }

    func run() throws {
        guard let scenario else {
            Self.show(DemoText.list(Scenario.all))
            return
        }
        var captured: [UInt8] = []
        var failures = 0
        let isOne = scenario != "all"
        for scenario in Scenario.all where !isOne || scenario.name == self.scenario {
            let outcome = scenario.run(seed: seed)
            let text = DemoText(scenario: scenario, outcome: outcome, isAbsolute: absolute)
            Self.show(text.lines(form, isOne: isOne))
            captured += outcome.pcapng(name: scenario.name)
            failures += outcome.failures.count
        }
        if let capture { try Self.write(captured, to: capture) }
        if failures > 0 { throw ExitCode.failure }
    }

    private static func show(_ lines: [String]) {
        OutputStream.standardOutput.print(lines.joined(separator: "\n"))
    }

    private static func write(_ capture: [UInt8], to path: String) throws(CommandFailure) {
        do throws(Errno) {
            let file = try OutputStream(creating: path)
            defer { file.close() }
            try file.write(capture)
        } catch {
            throw CommandFailure("cannot write \(path) (\(error)): choose another file or directory with --capture")
        }
    }
}
