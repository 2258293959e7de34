import TunstackCore
import TunstackWire

/// Something worth seeing about TCP, played by real stacks in virtual time, and checked while it is played.
public struct Scenario: Sendable {
    /// What a scenario is asked for by: lower-case words with hyphens.
    public let name: String
    /// What it shows, in one line.
    public let summary: String
    /// The facts of `docs/mission.md` that it shows: `B19`.
    public let facts: [String]
    /// What happens and what to look at, in paragraphs of one line each.
    public let explanation: [String]

    private let body: @Sendable (inout ScenarioRun) throws -> Void

    init(
        _ name: String, _ summary: String, facts: [String], explanation: [String],
        _ body: @escaping @Sendable (inout ScenarioRun) throws -> Void
    ) {
        self.name = name
        self.summary = summary
        self.facts = facts
        self.explanation = explanation
        self.body = body
    }

    /// Plays it.
    ///
    /// - Parameter seed: what all randomness comes from; the same seed gives the same bytes.
    public func run(seed: UInt64 = 1) -> ScenarioOutcome {
        var run = ScenarioRun(seed: seed)
        do {
            try body(&run)
        } catch {
            run.check("every call is accepted", false, "\(error)")
        }
        return run.outcome
    }
}

/// What a scenario has to show, and whether its claims hold.
public struct ScenarioOutcome: Sendable {
    /// One network's history, or a part of the explanation that is not one.
    public struct Part: Sendable {
        /// What this part is; nil if there is only one.
        public let title: String?
        /// Everything that happened in it.
        public let trace: PacketTrace
        /// Tables and other drawings.
        public let figures: [[String]]
        /// Where its capture is taken.
        let capturePoint: PacketTrace.CapturePoint
        /// The two nodes to draw.
        let nodes: (NodeID, NodeID)
        let style: LadderStyle

        /// A drawing of it; nil if it is too long to be drawn.
        ///
        /// - Parameter isAbsolute: whether numbers are shown as they are, even if the scenario prefers to count from
        ///   each SYN.
        public func ladder(isAbsolute: Bool = false) -> Ladder? {
            guard style.isDrawn else { return nil }
            return Ladder(
                trace, left: nodes.0, right: nodes.1, numbering: isAbsolute ? .absolute : style.numbering,
                details: style.details)
        }

        /// What was captured, a line in tcpdump's form for each packet.
        ///
        /// - Parameter isAbsolute: whether numbers are shown as they are, as tcpdump does with `-S`.
        public func lines(isAbsolute: Bool = false) -> [String] {
            trace.lines(numbering: isAbsolute ? .absolute : .relative, capturedAt: capturePoint)
        }
    }

    /// Something that a scenario claims.
    public struct Check: Sendable {
        /// The claim, as a sentence.
        public let claim: String
        /// Whether it holds.
        public let holds: Bool
        /// What was found instead.
        public let found: String
    }

    /// What to show, in order.
    public internal(set) var parts: [Part] = []
    /// What was claimed.
    public internal(set) var checks: [Check] = []

    /// A captured session that the scenario plays again, line by line; then this is what it has to show.
    public internal(set) var replay: [String]?

    /// What was captured in all parts, one after the other, as a pcapng file.
    ///
    /// - Parameter name: the name of the interface in the file.
    public func pcapng(name: String) -> [UInt8] {
        PacketTrace.pcapngHeader(name: name) + parts.flatMap { $0.trace.pcapngPackets(capturedAt: $0.capturePoint) }
    }

    /// The claims that do not hold.
    public var failures: [Check] { checks.filter { !$0.holds } }
}

/// How a part is drawn.
struct LadderStyle: Sendable {
    var numbering = PacketDescriber.Numbering.relative
    var details: LadderDetails = []
    /// Whether the part is drawn at all.
    var isDrawn = true

    static let plain = LadderStyle()
    static let absolute = LadderStyle(numbering: .absolute)
    static let windows = LadderStyle(details: .window)
    static let handshakes = LadderStyle(details: [.window, .options])
    static let hidden = LadderStyle(isDrawn: false)
}

/// What a scenario writes its results to while it runs.
struct ScenarioRun {
    let seed: UInt64
    var outcome = ScenarioOutcome()

    init(seed: UInt64) {
        self.seed = seed
    }

    /// Claims something.
    mutating func check(_ claim: String, _ holds: Bool, _ found: @autoclosure () -> String = "") {
        outcome.checks.append(ScenarioOutcome.Check(claim: claim, holds: holds, found: holds ? "" : found()))
    }

    /// Claims that something is what it should be.
    mutating func check<Value: Equatable>(_ claim: String, _ value: Value, is expected: Value) {
        check(claim, value == expected, "\(value) instead of \(expected)")
    }

    /// Adds what happened between two nodes to what is shown.
    mutating func show(
        _ network: SimulatedNetwork, _ left: any SimulatedNode, _ right: any SimulatedNode, title: String? = nil,
        style: LadderStyle = .plain, figures: [[String]] = [], capturedAt point: PacketTrace.CapturePoint = .sender
    ) {
        outcome.parts.append(
            ScenarioOutcome.Part(
                title: title, trace: network.trace, figures: figures, capturePoint: point, nodes: (left.id, right.id),
                style: style))
    }

    /// Shows what happened between a pair.
    mutating func show(
        _ pair: Pair, title: String? = nil, style: LadderStyle = .plain, figures: [[String]] = []
    ) {
        show(pair.network, pair.client, pair.server, title: title, style: style, figures: figures)
    }
}
