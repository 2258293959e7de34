import TunstackCore
import TunstackWire

extension Scenario {
    static let states = Scenario(
        "states", "which states one sees in a listing, and every edge between them", facts: ["B47", "B48"],
        explanation: [
            """
            First part: one session, and what netstat would show at either end at five moments. Second part: forty \
            sessions, and how often each state was seen when both hosts were looked at a hundred times a second. \
            States that last as long as somebody takes his time (ESTABLISHED, FIN-WAIT-2, CLOSE-WAIT, TIME-WAIT) are \
            seen often; those that last a round trip (SYN-SENT, SYN-RECEIVED, FIN-WAIT-1, LAST-ACK) seldom.
            """,
            """
            Third part: the state diagram, with a name on every edge. A stack of ours that took another edge would \
            stop at once. The edges with a star were taken in this run.
            """,
        ]
    ) { run in
        var taken: Set<StateTransition> = []
        try oneSession(&run, &taken)
        try manySessions(&run, &taken)
        try diagram(&run, taken)
    }

    private static func oneSession(_ run: inout ScenarioRun, _ taken: inout Set<StateTransition>) throws {
        let pair = Pair(seed: run.seed)
        try pair.server.listen(on: Pair.port) { Reader(answer: 10, closeDelay: .seconds(5)) }
        try pair.client.open(to: pair.service, Sender(10, after: .milliseconds(100), closes: true))
        var figures: [[String]] = []
        func look(_ milliseconds: Int64) {
            pair.network.run(until: Instant(milliseconds: milliseconds))
            figures.append(
                ["\(milliseconds) ms, client:"] + pair.client.netstat.dropFirst() + ["\(milliseconds) ms, server:"]
                    + pair.server.netstat.dropFirst())
        }
        look(15)
        let opening = [pair.client, pair.server].map { $0.listing.last?.state }
        look(100)
        look(200)
        let closing = [pair.client, pair.server].map { $0.listing.last?.state }
        look(12_000)
        look(75_000)
        run.show(pair, title: "One session", figures: [[pair.client.netstat[0]]] + figures)
        run.check("after 15 ms: SYN-SENT and SYN-RECEIVED", opening, is: [.synSent, .synReceived])
        run.check("after the client's CLOSE: FIN-WAIT-2 and CLOSE-WAIT", closing, is: [.finWait2, .closeWait])
        run.check("in the end only the listener", pair.client.listing.isEmpty && pair.server.listing.count == 1)
        taken.formUnion(pair.edges)
    }

    private static func manySessions(_ run: inout ScenarioRun, _ taken: inout Set<StateTransition>) throws {
        let pair = Pair(seed: run.seed)
        var random = SeededRandom(seed: run.seed)
        try pair.server.listen(on: Pair.port) {
            Reader(
                answer: 100, closeDelay: .milliseconds(Int64.random(in: 500...20_000, using: &random)),
                showsReads: false)
        }
        var seen: [State: (client: Int, server: Int)] = [:]
        for second in 0..<40 as Range<Int64> {
            pair.network.run(until: Instant(seconds: second))
            let delay = Interval.milliseconds(Int64.random(in: 100...5_000, using: &random))
            try pair.client.open(to: pair.service, Sender(100, after: delay, closes: true, showsReads: false))
            while pair.network.now < Instant(seconds: second + 1) {
                pair.network.run(for: .milliseconds(10))
                for line in pair.client.listing { seen[line.state, default: (0, 0)].client += 1 }
                for line in pair.server.listing where line.remote != nil {
                    seen[line.state, default: (0, 0)].server += 1
                }
            }
        }
        run.show(pair, title: "Forty sessions", style: .hidden, figures: [tally(seen)])
        let count = { (state: State) in (seen[state] ?? (0, 0)).client + (seen[state] ?? (0, 0)).server }
        run.check("FIN-WAIT-2 is seen often", count(.finWait2) > 1_000)
        run.check(
            "SYN-RECEIVED is seen seldom", count(.synReceived) > 0 && count(.synReceived) * 100 < count(.finWait2))
        taken.formUnion(pair.edges)
    }

    private static func tally(_ seen: [State: (client: Int, server: Int)]) -> [String] {
        let head = "state".padded(to: 14) + "at the client".padded(toLeftOf: 14) + "at the server".padded(toLeftOf: 16)
        return [head]
            + State.allCases.compactMap { state in
                guard let count = seen[state] else { return nil }
                return state.description.padded(to: 14) + "\(count.client)".padded(toLeftOf: 14)
                    + "\(count.server)".padded(toLeftOf: 16)
            }
    }

    private static func diagram(_ run: inout ScenarioRun, _ taken: Set<StateTransition>) throws {
        let pair = Pair(seed: run.seed)
        let lines = StateDiagram.lines(marking: taken)
        run.show(pair, title: "The state diagram", style: .hidden, figures: [lines])
        run.check("every edge that was taken is in the diagram", taken.allSatisfy(\.isLegal) && !taken.isEmpty)
        let words = lines.joined(separator: " ")
        run.check("every cause has its name in it", TransitionCause.allCases.allSatisfy { words.contains($0.rawValue) })
        run.check("every state is in it", State.allCases.allSatisfy { words.contains($0.description) })
    }
}

extension Pair {
    /// The edges that either end took.
    fileprivate var edges: [StateTransition] {
        (network.trace.transitions(at: client) + network.trace.transitions(at: server)).map(\.transition)
    }
}
