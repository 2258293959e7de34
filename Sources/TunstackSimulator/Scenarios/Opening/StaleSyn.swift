import TunstackCore
import TunstackWire

extension Scenario {
    static let staleSyn = Scenario(
        "stale-syn", "why a handshake takes three segments and not two", facts: ["B13"],
        explanation: [
            """
            A SYN of an earlier attempt was held up in the network and arrives before the new one. The server cannot \
            know that it is old, and answers. With two segments it would now be ESTABLISHED with nobody at the other \
            end. With three it waits in SYN-RECEIVED, and the client, which gets an ACK for a number it has not sent, \
            says so with a reset. The reset takes its number from that ACK, so it fits exactly; the server goes back \
            to LISTEN, and the true SYN finds it there.
            """,
            """
            Second part: the same when the client does not want a connection at all any more. Third part: the server's \
            answer is lost. With two segments the server would send data that the client, still in SYN-SENT, cannot \
            understand, and both would wait for each other for ever. With three the server knows that it has not been \
            heard; the SYN or its answer is repeated.
            """,
        ]
    ) { run in
        try beforeTheNewOne(&run)
        try nobodyThere(&run)
        try lostAnswer(&run)
    }

    private static let oldPort: Port = 40_000

    /// A SYN as the client's host may have sent it in an earlier life.
    private static func oldSyn(from client: SimulatedHost, to service: Endpoint) -> [UInt8] {
        [UInt8](
            segment: TCPHeader(
                sourcePort: oldPort, destinationPort: service.port, sequenceNumber: SequenceNumber(90), flags: .syn,
                window: 8_192),
            from: client.address, to: service.address)
    }

    private static func beforeTheNewOne(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed, client: { $0.initialSequenceNumbers = .fixed(SequenceNumber(100)) })
        pair.addRule(
            SegmentFilter(.hold(back: .milliseconds(40))) { _, segment in segment.seq == SequenceNumber(100) })
        try pair.server.listen(on: Pair.port) { Passive() }
        let socket = try pair.client.open(to: pair.service, from: oldPort)
        pair.network.inject(oldSyn(from: pair.client, to: pair.service), from: pair.client)
        pair.network.run(for: .milliseconds(500))
        run.show(pair, title: "The old SYN (seq=90) overtakes the new one (seq=100)", style: .absolute)

        let states = pair.network.trace.states(at: pair.server)
        run.check(
            "the server goes back to LISTEN, then opens for the new SYN", states,
            is: [.closed, .listen, .synReceived, .listen, .synReceived, .established])
        let reset = pair.network.trace.segments(from: pair.client).first { $0.flags.contains(.rst) }
        run.check("the reset has the number that the wrong ACK asked for", reset?.seq, is: SequenceNumber(91))
        run.check("the new connection is established", socket.state, is: .established)
    }

    private static func nobodyThere(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        try pair.server.listen(on: Pair.port) { Passive() }
        pair.network.inject(oldSyn(from: pair.client, to: pair.service), from: pair.client)
        pair.network.run(for: .milliseconds(500))
        run.show(pair, title: "An old SYN, and nobody wants a connection", style: .absolute)
        run.check(
            "the server never becomes ESTABLISHED", pair.network.trace.states(at: pair.server),
            is: [.closed, .listen, .synReceived, .listen])
        run.check("no application hears of it", pair.server.accepted.isEmpty)
    }

    private static func lostAnswer(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        pair.addRule(SegmentFilter.dropping(from: pair.server.id, with: [.syn, .ack]))
        try pair.server.listen(on: Pair.port) { Passive() }
        let socket = try pair.client.open(to: pair.service)
        pair.network.run(for: .milliseconds(500))
        run.check(
            "without the last ACK the server waits in SYN-RECEIVED", pair.server.listing.last?.state, is: .synReceived)
        pair.network.run(for: .seconds(2))
        run.show(pair, title: "The server's answer is lost")
        run.check(
            "both ends get there in the end", [socket.state, pair.server.accepted.first?.state],
            is: [.established, .established])
    }
}
