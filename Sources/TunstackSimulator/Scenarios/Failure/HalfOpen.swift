import TunstackCore
import TunstackWire

extension Scenario {
    static let halfOpen = Scenario(
        "half-open", "one end has forgotten the connection, the other does not know", facts: ["B43"],
        explanation: [
            """
            The server loses power. It cannot say goodbye, so the client's end stays ESTABLISHED: a half-open \
            connection, and for a day nothing happens. First part: the server's host starts again and knows nothing. \
            The client's next segment belongs to no connection there and gets a reset, by which the client learns the \
            truth.
            """,
            """
            Second part: the host never comes back, and the client has nothing to send. Only keep-alive finds out; \
            here it asks after a minute. Third part: the host never comes back, but the client sends: its data is \
            repeated, with growing gaps, until R2.
            """,
        ]
    ) { run in
        try byReset(&run)
        try byKeepAlive(&run)
        try byRetransmission(&run)
    }

    private static func byReset(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        let client = try pair.connect().client
        pair.server.powerOff()
        pair.network.run(until: Instant(seconds: 60))
        pair.server.powerOn()
        pair.network.run(until: Instant(seconds: 86_400))
        run.check("for a day the client does not notice", client.state, is: .established)
        try client.send(count: 10)
        pair.network.run(for: .seconds(1))
        run.show(pair, title: "The server starts again: a reset")
        run.check("the reset ends it", client.closeReason, is: .resetByPeer)
        let reset = pair.network.trace.segments(from: pair.server).last
        run.check("the reset has the number that the segment's ACK asked for", reset?.flags, is: .rst)
    }

    private static func byKeepAlive(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        var options = ConnectionOptions()
        var keepAlive = KeepAlive()
        keepAlive.idle = .seconds(60)
        keepAlive.interval = .seconds(10)
        keepAlive.probes = 3
        options.keepAlive = keepAlive
        let client = try pair.connect(options: options).client
        pair.server.powerOff()
        pair.network.run(until: Instant(seconds: 120))
        run.show(pair, title: "The server does not come back: keep-alive")
        run.check("unanswered probes end it", client.closeReason, is: .keepAliveTimeout)
    }

    private static func byRetransmission(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        let client = try pair.connect().client
        pair.server.powerOff()
        try client.send(count: 10)
        pair.network.run(until: Instant(seconds: 300))
        run.show(pair, title: "The server does not come back: retransmissions")
        run.check("data that nobody acknowledges ends it", client.closeReason, is: .timedOut)
    }
}
