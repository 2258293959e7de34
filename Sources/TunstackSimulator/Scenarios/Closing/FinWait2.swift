import TunstackCore
import TunstackWire

extension Scenario {
    static let finWait2 = Scenario(
        "fin-wait-2", "how long to wait for the peer's FIN: for ever, or until a time-out", facts: ["B33"],
        explanation: [
            """
            In FIN-WAIT-2 our direction is closed and the peer's is open. RFC 9293 waits for the peer's FIN without \
            limit, for the peer may have something to send for as long as it likes. A peer that has crashed, or forgot \
            to close, then holds our memory for ever.
            """,
            """
            In practice there is a time-out. It runs only when our application has let go of the connection, so that \
            nobody could read what might come. First part: no limit, and a FIN after a day is still welcome. Second \
            part: 60 s; what the peer sends afterwards finds no connection and gets a reset, so it learns that it \
            speaks to nobody.
            """,
        ]
    ) { run in
        try withoutLimit(&run)
        try withTimeout(&run)
    }

    private static func withoutLimit(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed, client: { $0.defaultConnectionOptions.finWait2Timeout = nil })
        let sockets = try pair.connect()
        sockets.client.release()
        pair.network.run(until: Instant(seconds: 86_400))
        run.check("without a limit, FIN-WAIT-2 lasts for a day", pair.client.listing.map(\.state), is: [.finWait2])
        try sockets.server.close()
        pair.network.run(for: .seconds(1))
        run.show(pair, title: "Without limit")
        run.check("and ends with the peer's FIN", pair.network.trace.states(at: pair.client).last, is: .timeWait)
    }

    private static func withTimeout(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed, client: { $0.defaultConnectionOptions.finWait2Timeout = .seconds(60) })
        let sockets = try pair.connect()
        sockets.client.release()
        pair.network.run(until: Instant(seconds: 120))
        run.check("with a limit, nothing is left after it", pair.client.listing.isEmpty)
        try sockets.server.send(count: 10)
        pair.network.run(for: .seconds(1))
        run.show(pair, title: "With a limit of 60 s")
        let trace = pair.network.trace
        run.check(
            "the limit counts from the ACK of the FIN",
            trace.time(ofLast: .closed, at: pair.client) - trace.time(ofLast: .finWait2, at: pair.client),
            is: .seconds(60))
        run.check("a peer that still sends is told by a reset", sockets.server.closeReason, is: .resetByPeer)
    }
}
