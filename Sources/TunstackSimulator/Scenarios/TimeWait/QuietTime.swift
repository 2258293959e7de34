import TunstackCore
import TunstackWire

extension Scenario {
    static let quietTime = Scenario(
        "quiet-time", "after a restart, no new connection for one MSL", facts: ["B40"],
        explanation: [
            """
            TIME-WAIT protects only as long as somebody remembers it. A host that loses power forgets its connections, \
            while segments that it had sent may still be on their way. So a host that may have forgotten something \
            stays quiet for one MSL, here 30 s, after its start: it neither opens connections nor answers SYNs, and \
            after that all old segments are dead.
            """,
            """
            The client's SYNs are dropped as if nobody were there; the one that it repeats at 31 s after its first \
            finds the server awake. Today's initial sequence numbers make a clash unlikely, so most hosts do without; \
            here it is an option.
            """,
        ]
    ) { run in
        let pair = Pair(seed: run.seed, server: { $0.maximumSegmentLifetime = .seconds(30) })
        pair.server.powerOff()
        pair.network.run(until: Instant(seconds: 1))
        pair.server.powerOn { $0.keepsQuietTime = true }
        try pair.server.listen(on: Pair.port) { Passive() }
        var refusal: OpenError?
        do throws(OpenError) {
            try pair.server.open(to: pair.client.endpoint(5_000))
        } catch {
            refusal = error
        }
        run.check(
            "the application's OPEN is refused, with the time left", refusal, is: .quietTime(remaining: .seconds(30)))
        pair.network.run(until: Instant(seconds: 2))
        let socket = try pair.client.open(to: pair.service)
        pair.network.run(until: Instant(seconds: 60))
        run.show(pair)

        run.check("SYNs in the quiet time are dropped and counted", pair.server.counters[.quietTime], is: 5)
        let answer = pair.network.trace.sendTimes(from: pair.server) { $0.flags.contains(.syn) }.first
        run.check("nothing is answered before the quiet time is over", (answer ?? .origin) >= Instant(seconds: 31))
        run.check("afterwards the connection is established", socket.state, is: .established)
    }
}
