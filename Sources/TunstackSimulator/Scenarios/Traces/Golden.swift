import TunstackCore
import TunstackWire

extension Scenario {
    static let golden = Scenario(
        "golden", "a captured echo session, played again by two stacks to the last byte", facts: ["B46"],
        explanation: [
            """
            A real echo session was captured at its server. Here both ends are stacks of ours. What the capture's \
            machines could not have computed is input: when applications acted, how long packets took, what the clocks \
            showed, where sequence numbers began. Every field of the ten segments is computed.
            """,
            """
            Look at the windows. 29200 is 20 segments of 1460 bytes; in the third line it has become 229, because from \
            then on the field counts units of 128 bytes (wscale 7), rounded up. The server acknowledges the request at \
            once and echoes it half a millisecond later, so there are ten lines and not nine; its FIN carries the ACK \
            of the client's.
            """,
        ]
    ) { run in
        let (network, client, server) = try session(seed: run.seed)
        run.outcome.replay = network.trace.lines(naming: .nodes, capturedAt: .node(server.id))
        run.show(network, client, server, style: LadderStyle(details: .window), capturedAt: .node(server.id))

        run.check("the session takes ten segments", network.trace.segments.count, is: 10)
        run.check(
            "the client ends in TIME-WAIT, having closed first", network.trace.states(at: client),
            is: [.closed, .synSent, .established, .finWait1, .timeWait])
        run.check("the server has forgotten all", network.trace.states(at: server).last, is: .closed)
    }

    /// The capture begins in this second.
    private static let second = TimeOfDay(microseconds: ((9 * 60 + 18) * 60 + 37) * 1_000_000)

    private static func session(
        seed: UInt64
    ) throws -> (SimulatedNetwork, client: SimulatedHost, server: SimulatedHost) {
        let network = SimulatedNetwork(seed: seed)
        network.timeOfDay = second
        // The timestamp clocks of both tick every 4 ms from zero at their start, some 25 minutes before the session.
        let client = network.addHost("A", IPv4Address(192, 168, 0, 105), clockStart: .microseconds(1_534_263_100)) {
            replay(isn: 589_530_732, receiveBuffer: 20 * 1_460, in: &$0)
        }
        let server = network.addHost("B", IPv4Address(192, 168, 0, 100), clockStart: .microseconds(1_532_855_600)) {
            replay(isn: 2_376_443_707, receiveBuffer: 20 * 1_448, in: &$0)
        }
        network.link(
            client, server, latency: .microseconds(500),
            rules: [
                ScriptedDelays(from: client.id, [400, 174, 300, 497, 300, 1_084].map(Interval.microseconds)),
                ScriptedDelays(from: server.id, [800, 600, 800, 250].map(Interval.microseconds)),
            ])
        // From the server's interface, where the capture was taken, to its stack.
        server.setReceiveDelays([28, 20, 557, 20, 100, 20].map(Interval.microseconds))
        try server.listen(on: 9877) { EchoServer(thinkTimes: [.microseconds(460), .microseconds(128)]) }

        network.run(until: Instant(microseconds: 315_683))
        let socket = try client.open(to: server.endpoint(9877), from: 57_962, Reader(closeDelay: nil))
        network.run(until: Instant(microseconds: 77_497_979))
        try socket.send(count: 10)
        network.run(until: Instant(microseconds: 152_244_075))
        try socket.close()
        network.run(for: .seconds(1))
        return (network, client, server)
    }

    private static func replay(isn: UInt32, receiveBuffer: Int, in configuration: inout StackConfiguration) {
        configuration.initialSequenceNumbers = .fixed(SequenceNumber(isn))
        configuration.timestampOffsets = .fixed(0)
        configuration.timestampTick = .milliseconds(4)
        configuration.defaultConnectionOptions.receiveBufferBytes = receiveBuffer
    }
}

extension Instant {
    fileprivate init(microseconds: Int64) { self.init(nanoseconds: microseconds * 1_000) }
}
