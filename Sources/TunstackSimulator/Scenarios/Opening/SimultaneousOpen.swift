import TunstackCore
import TunstackWire

extension Scenario {
    static let simultaneousOpen = Scenario(
        "simultaneous-open", "two SYNs cross, and make one connection", facts: ["B20"],
        explanation: [
            """
            Both ends open actively, to each other's port, and their SYNs cross on the way (the tags ① and ② mark \
            where a segment that left higher up arrives). A SYN without ACK in SYN-SENT means just that: the end goes \
            to SYN-RECEIVED and sends its SYN again, now with the ACK. Four segments instead of three; and one \
            connection, not two, since a connection is named by its two sockets. Both ends are client and server.
            """
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        let left = try pair.client.open(to: pair.server.endpoint(5_000), from: 4_000)
        let right = try pair.server.open(to: pair.client.endpoint(4_000), from: 5_000)
        pair.network.run(for: .milliseconds(500))
        run.show(pair)

        let trace = pair.network.trace
        run.check("four segments", trace.segments.map(\.flags), is: [.syn, .syn, [.syn, .ack], [.syn, .ack]])
        for host in [pair.client, pair.server] {
            run.check(
                "\(host.name): SYN-SENT, SYN-RECEIVED, ESTABLISHED", trace.states(at: host),
                is: [.closed, .synSent, .synReceived, .established])
            run.check("\(host.name): one connection", host.listing.count, is: 1)
        }
        try left.send(count: 10)
        try right.send(count: 10)
        pair.network.run(for: .milliseconds(100))
        run.check(
            "both may send and receive", [left.status?.readableBytes, right.status?.readableBytes], is: [10, 10])
    }
}
