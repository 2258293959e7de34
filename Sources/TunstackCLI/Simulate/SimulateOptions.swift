import ArgumentParser
import Tunstack
import TunstackSimulator

/// Which seeds to play, and what to do with them.
struct SimulateOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many seeds to play (default: 100). Example: --seeds 2000", valueName: "count"))
    var seeds: Int?

    @Option(help: ArgumentHelp("The first seed. Example: --seed 4711", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Play the plan in a file. Example: --plan found.plan", valueName: "file"))
    var plan: String?

    @Flag(help: "Go on after a failure, and count them.")
    var keepGoing = false

    @Flag(help: "Make the plan of a failure smaller before it is shown.")
    var shrink = false

    @Option(
        help: ArgumentHelp(
            """
            Plant a bug and stop when it is found: \(Canary.allCases.map(\.rawValue).joined(separator: ", ")). \
            Example: --canary early-fin
            """, valueName: "name"), transform: SimulateOptions.canary)
    var canary: Canary?

    @Option(
        help: ArgumentHelp(
            "Write the packets of one seed to a pcapng file. Example: --capture run.pcapng", valueName: "file"))
    var capture: String?

    @Option(
        help: ArgumentHelp(
            "Draw the largest flow of one seed: an SVG of windows and numbers over time. Example: --plot run.svg",
            valueName: "file"))
    var plot: String?

    func validate() throws {
        guard let seeds else { return }
        guard seeds >= 1 else { throw ValidationError("--seeds must be 1 or more, not \(seeds)") }
        for (name, file) in [("--capture", capture), ("--plot", plot), ("--plan", plan)] where file != nil && seeds > 1
        {
            throw ValidationError("\(name) is for one run: leave --seeds out, or give 1")
        }
    }

    /// Only one run is wanted.
    var isSingle: Bool { capture != nil || plot != nil || plan != nil }

    /// How many seeds to play.
    var seedCount: Int { seeds ?? (isSingle ? 1 : 100) }

    private static func canary(_ name: String) throws -> Canary {
        guard let canary = Canary(rawValue: name) else {
            let names = Canary.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no canary '\(name)': there are \(names)")
        }
        return canary
    }
}

/// What the path between two hosts does to packets; with any of these, every seed is a bulk transfer over it.
struct PathOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long a packet takes one way. Example: --delay 20ms", valueName: "time"))
    var delay: String?

    @Option(
        help: ArgumentHelp("Up to so much longer. Example: --jitter 5ms or --jitter 5ms/reorder", valueName: "time"))
    var jitter: String?

    @Option(help: ArgumentHelp("Lose packets at random. Example: --loss 1%", valueName: "share"))
    var loss: String?

    @Option(help: ArgumentHelp("Lose packets in bursts of so many. Example: --burst 1%/8", valueName: "share/length"))
    var burst: String?

    @Option(
        help: ArgumentHelp(
            "Hold packets back, so that later ones overtake them; 2 ms unless told. Example: --reorder 5%/10ms",
            valueName: "share[/time]"))
    var reorder: String?

    @Option(help: ArgumentHelp("Deliver packets twice. Example: --duplicate 1%", valueName: "share"))
    var duplicate: String?

    @Option(help: ArgumentHelp("Damage packets. Example: --corrupt 0.1%", valueName: "share"))
    var corrupt: String?

    @Option(help: ArgumentHelp("Bits per second. Example: --rate 300mbit", valueName: "rate"))
    var rate: String?

    @Option(
        help: ArgumentHelp("Packets that can wait to be sent at the rate. Example: --queue 1000", valueName: "packets"))
    var queue: String?

    @Option(help: ArgumentHelp("Mark packets when so many wait (ECN). Example: --ecn 50", valueName: "packets"))
    var ecn: String?

    @Option(
        help: ArgumentHelp("The path's MTU. Example: --path-mtu 1400 or --path-mtu 1400/silent", valueName: "bytes"))
    var pathMtu: String?

    @Option(
        help: ArgumentHelp(
            "All of these in one line. Example: --path \"delay=20ms loss=1% rate=300mbit\"", valueName: "conditions"))
    var path: String?

    @Option(help: ArgumentHelp("How much each seed transfers. Example: --bytes 10000000", valueName: "count"))
    var bytes: Int?

    @Option(
        help: ArgumentHelp(
            """
            The congestion control, cubic unless told: \(CongestionAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")); \
            several beside each other with commas. Example: --congestion cubic,bbr
            """, valueName: "names"))
    var congestion: String?

    /// The congestion controls to play, one after another.
    func algorithms() throws -> [CongestionAlgorithm] {
        guard let congestion else { return [.cubic] }
        return try congestion.split(separator: ",", omittingEmptySubsequences: false).map {
            try Parse.congestion(String($0))
        }
    }

    /// The path; nil if none of the options was given.
    func conditions() throws -> PathConditions? {
        let reordering = reorder.map { $0.contains("/") ? $0 : "\($0)/2ms" }
        let given = [
            ("delay", delay), ("jitter", jitter), ("loss", loss), ("burst", burst), ("reorder", reordering),
            ("duplicate", duplicate), ("corrupt", corrupt), ("rate", rate), ("queue", queue), ("ecn", ecn),
            ("mtu", pathMtu),
        ].compactMap { name, value in value.map { "\(name)=\($0)" } }
        guard path != nil || !given.isEmpty else {
            for (name, isGiven) in [("--bytes", bytes != nil), ("--congestion", congestion != nil)] where isGiven {
                throw ValidationError("\(name) needs a path: add --delay 20ms, or --path")
            }
            return nil
        }
        if let bytes, bytes < 1 { throw ValidationError("--bytes must be 1 or more, not \(bytes)") }
        do throws(PathConditionsError) {
            return try PathConditions(parsing: ([path ?? ""] + given).joined(separator: " "))
        } catch {
            throw ValidationError(error.description)
        }
    }
}
