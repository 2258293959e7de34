import TunstackCore
import TunstackWire

extension Scenario {
    static let isn = Scenario(
        "isn", "where sequence numbers begin", facts: ["B14", "B15"],
        explanation: [
            """
            Each side chooses where its own numbers begin: 32 bits. If they always began at 1, segments of an earlier \
            connection between the same sockets would fit into the next one, and anybody could guess them and forge \
            segments.
            """,
            """
            So the initial number is the sum of a clock, which ticks every 4 microseconds and takes nearly five hours \
            for one round, and a keyed hash of the two sockets (RFC 6528). The clock makes numbers move on for one \
            pair of sockets; the hash makes those of another pair useless to an attacker. Some older texts have the \
            clock tick every 4 ms, which would take 198 days a round.
            """,
            """
            Compare the last two columns. For the first pair the number has moved on by the ticks that have passed, \
            exactly. For another pair it says nothing about the first, and after a restart, with a new key, nothing \
            either.
            """,
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        var rows: [(what: String, syn: TracedSegment, time: Instant)] = []
        func open(from port: Port, _ what: String) throws {
            let count = pair.network.trace.packets.count
            let time = pair.network.now
            // Nobody listens, so that the same pair of sockets is soon free again.
            try pair.client.open(to: pair.service, from: port)
            pair.network.run(for: .seconds(1))
            guard let syn = pair.network.trace.packets[count].segment else { throw ScenarioError.segmentMissing }
            rows.append((what, syn, time))
        }
        try open(from: 40_000, "first pair")
        try open(from: 40_000, "the same a second later")
        try open(from: 40_001, "another port")
        try open(from: 40_002, "another port")
        pair.network.run(for: .seconds(60))
        try open(from: 40_000, "the first again")
        pair.client.powerOff()
        pair.client.powerOn()
        try open(from: 40_000, "the first, after a restart")
        run.show(pair, style: .hidden, figures: [table(rows)])

        let numbers = rows.map(\.syn.seq)
        let ticks = { (index: Int) in Int((rows[index].time - rows[0].time).nanoseconds / 4_000) }
        run.check("for one pair, the number moves on by one every 4 µs", numbers[1], is: numbers[0] + ticks(1))
        run.check("and goes on doing so", numbers[4], is: numbers[0] + ticks(4))
        run.check("another pair begins elsewhere", numbers[2] != numbers[0] + ticks(2))
        run.check("and a third one elsewhere again", numbers[3] != numbers[2] + (ticks(3) - ticks(2)))
        run.check("a restart makes old numbers useless", numbers[5] != numbers[0] + ticks(5))
        try bothSides(&run)
    }

    private static func table(_ rows: [(what: String, syn: TracedSegment, time: Instant)]) -> [String] {
        let head = "    time  client port  initial number  less the first  ticks of 4 µs"
        let lines = rows.map { row in
            let difference = row.syn.seq.rawValue &- rows[0].syn.seq.rawValue
            let ticks = (row.time - rows[0].time).nanoseconds / 4_000
            return "\(row.time.nanoseconds / 1_000_000_000) s".padded(toLeftOf: 8)
                + "\(row.syn.source.port)".padded(toLeftOf: 13) + row.syn.seq.description.padded(toLeftOf: 16)
                + "\(difference)".padded(toLeftOf: 16) + "\(ticks)".padded(toLeftOf: 15) + "   \(row.what)"
        }
        return [head] + lines
    }

    private static func bothSides(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        _ = try pair.connect()
        run.show(pair, title: "Each side has its own", style: .absolute)
        let numbers = pair.network.trace.segments.filter { $0.flags.contains(.syn) }.map(\.seq)
        run.check("each side picks its own", numbers.count == 2 && numbers[0] != numbers[1])
    }
}
