import ArgumentParser
import Tunstack
import TunstackSimulator

/// `tunstack states`: the state machine, as it is and checked.
struct StatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "states",
        abstract: "Draw the state machine of a connection, or try everything that it can do.",
        discussion: """
            The diagram is the table that the stack itself goes by: a connection that took another edge would stop the program. The \
            check lets two real stacks and a network between them do everything that is possible within bounds, in every order, and \
            looks for states that lead nowhere, ways without an end, and edges that are not in the table.

            Examples:
              tunstack states                            every edge, as text
              tunstack states --dot | dot -Tpng          for Graphviz
              tunstack states --svg > states.svg         as a drawing
              tunstack states --table                    with the rule for every edge
              tunstack states --check --losses 1 --duplicates 1
              tunstack states --check --simultaneous --releases
            """)

    @Flag(help: "How to show it; as text if nothing is said.")
    var form: Form?

    @Flag(help: "Try everything within the bounds below.")
    var check = false

    @OptionGroup(title: "Bounds of the check") var bounds: BoundsOptions

    /// How the diagram can be shown.
    enum Form: String, EnumerableFlag {
        case dot
        case svg
        case table

        static func help(for value: Form) -> ArgumentHelp? {
            switch value {
            case .dot: "In the language of Graphviz."
            case .svg: "As a drawing in SVG."
            case .table: "As a table in Markdown, with the rule for every edge."
            }
        }
    }

    func run() throws {
        guard check else { return OutputStream.standardOutput.print(diagram) }
        let clock = MonotonicClock()
        let started = clock.now()
        var checker = StateChecker(bounds.bounds)
        let report = checker.run(comparingEvery: bounds.compare) { found, done in
            OutputStream.standardError.print("\(done) of \(found) states looked at")
        }
        OutputStream.standardOutput.print(report.lines.joined(separator: "\n"))
        OutputStream.standardOutput.print("\((clock.now() - started).nanoseconds / 1_000_000) ms")
        if !report.isGood { throw ExitCode.failure }
    }

    private var diagram: String {
        switch form {
        case nil: StateDiagram.lines().joined(separator: "\n")
        case .dot: StateDiagram.dot
        // Printing ends the last line.
        case .svg: String(StateDiagram.svg.dropLast())
        case .table: (StateDiagram.table() + [""] + StateDiagram.differences).joined(separator: "\n")
        }
    }
}

/// How much the check tries.
struct BoundsOptions: ParsableArguments {
    @Option(help: "Packets that the network can hold in one direction.")
    var packets = 2

    @Option(help: "Packets that it may lose.")
    var losses = 1

    @Option(help: "Packets that it may double.")
    var duplicates = 1

    @Option(help: "Bytes that each end may send.")
    var sends = 1

    @Option(help: "How often an end sends something again before it gives up.")
    var retransmissions = 1

    @Flag(help: "Packets cannot overtake each other.")
    var inOrder = false

    @Flag(help: "Both ends open actively.")
    var simultaneous = false

    @Flag(help: "Applications may let go of a connection without closing it.")
    var releases = false

    @Option(help: ArgumentHelp("Compare one of so many other ways to a state of an end.", valueName: "n"))
    var compare: Int?

    @Option(help: "More states than this are not looked at, and the check has failed.")
    var states = 20_000_000

    var bounds: CheckerBounds {
        var bounds = CheckerBounds()
        bounds.first.sends = sends
        bounds.second.sends = sends
        if simultaneous { bounds.second = CheckerBounds.Calls(activeOpens: 1, sends: sends) }
        bounds.packets = packets
        bounds.losses = losses
        bounds.duplicates = duplicates
        bounds.reorders = !inOrder
        bounds.retransmissions = retransmissions
        bounds.releases = releases
        bounds.states = states
        return bounds
    }

    func validate() throws {
        guard (1...8).contains(packets), (0...3).contains(losses), (0...3).contains(duplicates),
            (0...9).contains(sends),
            (0...4).contains(retransmissions), states > 0, compare ?? 1 > 0
        else {
            throw ValidationError(
                "packets are 1 to 8, losses and duplicates 0 to 3, sends 0 to 9, retransmissions 0 to 4, --states and --compare 1 or more"
            )
        }
    }
}
