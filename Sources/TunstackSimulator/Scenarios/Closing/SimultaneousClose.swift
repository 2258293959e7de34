import TunstackCore
import TunstackWire

extension Scenario {
    static let simultaneousClose = Scenario(
        "simultaneous-close", "two FINs cross, and both ends wait in TIME-WAIT", facts: ["B31"],
        explanation: [
            """
            Both applications close at the same moment. Each end, in FIN-WAIT-1, sees the other's FIN before the ACK \
            of its own: that is CLOSING, the one state that only a simultaneous close reaches. When the ACKs have \
            crossed too, both are in TIME-WAIT, for both have closed first.
            """
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        let sockets = try pair.connect()
        try sockets.client.close()
        try sockets.server.close()
        pair.network.run(for: .seconds(1))
        run.show(pair)
        for host in [pair.client, pair.server] {
            run.check(
                "\(host.name): FIN-WAIT-1, CLOSING, TIME-WAIT", pair.network.trace.states(at: host).suffix(4),
                is: [.established, .finWait1, .closing, .timeWait])
        }
    }
}
