import TunstackCore
import TunstackWire

extension Scenario {
    static let keepAlive = Scenario(
        "keep-alive", "two idle hours, ten probes, and a peer counts as dead", facts: ["B42"],
        explanation: [
            """
            An idle connection sends nothing, so a peer that has died is not missed. With keep-alive, which an \
            application must ask for, a host that has heard nothing for two hours sends a probe: a segment without \
            data whose number is one too low, so that a living peer must answer it with an ACK. Any segment from the \
            peer starts the two hours anew, as the data after an hour does here, and the answer to the first probe.
            """,
            """
            Then the server loses power. Ten probes 75 s apart go unanswered; 75 s after the last one the peer counts \
            as dead: 7200 + 10 · 75 = 7950 s after the last sign of life.
            """,
        ]
    ) { run in
        let pair = Pair(seed: run.seed, client: { $0.defaultConnectionOptions.keepAlive = KeepAlive() })
        try pair.server.listen(on: Pair.port) { EchoServer() }
        let socket = try pair.client.open(to: pair.service, Reader(closeDelay: nil))
        pair.network.run(until: Instant(seconds: 3_600))
        try socket.send(count: 10)
        pair.network.run(until: Instant(seconds: 4 * 3_600))
        guard let next = socket.status?.sendNext else { throw ScenarioError.notConnected }
        let probes = { pair.network.trace.sendTimes(from: pair.client) { $0.flags == .ack && $0.seq == next - 1 } }
        run.check(
            "data after an hour puts the first probe off to three", probes().map { $0.nanoseconds / 3_600_000_000_000 },
            is: [3])
        run.check("the server answers it", socket.state, is: .established)
        let lastSign = pair.network.trace.packets.last { packet in
            packet.sender == pair.server.id && packet.fate != .inFlight
        }
        pair.server.powerOff()
        pair.network.run(until: Instant(seconds: 6 * 3_600))
        run.show(pair)

        guard case .arrived(let heard)? = lastSign?.fate else { throw ScenarioError.segmentMissing }
        let unanswered = probes().dropFirst()
        run.check("ten probes go unanswered", unanswered.count, is: 10)
        run.check("the first after two silent hours", (unanswered.first ?? .origin) - heard, is: .seconds(7_200))
        let gaps = zip(unanswered, unanswered.dropFirst()).map { $1 - $0 }
        run.check("75 s apart", gaps.allSatisfy { $0 == .seconds(75) })
        run.check(
            "dead 7950 s after the last sign of life",
            pair.network.trace.time(ofLast: .closed, at: pair.client) - heard, is: .seconds(7_950))
        run.check("the application is told why", socket.closeReason, is: .keepAliveTimeout)
    }
}
