import TunstackCore
import TunstackWire

extension Scenario {
    static let synTimeout = Scenario(
        "syn-timeout", "a SYN that nobody answers is repeated, and fails after three minutes", facts: ["B18"],
        explanation: [
            """
            The server's host is not there. Nothing tells the client: silence can also mean that the SYN or its answer \
            was lost. So it sends the SYN again, after 1 s, then after twice as long each time so as not to add to a \
            congestion, until it has waited 60 s. After three minutes, the least that RFC 9293 allows (MUST-23), it \
            tells the application.
            """
        ]
    ) { run in
        let pair = Pair(seed: run.seed, rules: [Partition(from: .origin)])
        let socket = try pair.client.open(to: pair.service)
        pair.network.run(until: Instant(seconds: 179))
        run.check("a second before three minutes it still tries", socket.state, is: .synSent)
        pair.network.run(for: .seconds(121))
        run.show(pair)

        let times = pair.network.trace.sendTimes(from: pair.client) { $0.flags == .syn }
        run.check(
            "the gaps double, up to a minute", times.map { $0.nanoseconds / 1_000_000_000 },
            is: [0, 1, 3, 7, 15, 31, 63, 123])
        run.check(
            "after 180 s it gives up", pair.network.trace.time(of: .closed, at: pair.client), is: Instant(seconds: 180))
        run.check("the application is told why", socket.closeReason, is: .establishmentTimedOut)
    }
}
