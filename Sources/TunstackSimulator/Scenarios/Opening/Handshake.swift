import TunstackCore
import TunstackWire

extension Scenario {
    static let handshake = Scenario(
        "handshake", "three segments open a connection", facts: ["B9", "B10", "B11", "B12", "B16", "B17"],
        explanation: [
            """
            The server makes a control block and waits: CLOSED to LISTEN, the passive OPEN. The client makes one too \
            and sends SYN, the active OPEN. SYN says "my bytes are numbered from here", and takes up one number itself \
            so that it can be acknowledged. The server's answer does both at once: its own SYN, and an ACK for one \
            more than the client's number.
            """,
            """
            The client's ACK takes up no number. Look at when each side becomes ESTABLISHED: the client when the SYN \
            ACK arrives, the server only when the last ACK does. Windows and options are settled here and only here: \
            MSS is the largest piece of data that the sender of the option wants in a segment, which on an Ethernet is \
            1500 - 20 - 20.
            """,
            """
            Second part: a peer that says nothing about MSS gets 536 bytes at a time, since 576 is what every host \
            must be able to take (576 - 20 - 20). Old hosts used that for every destination beyond the local network \
            and the interface's own MTU inside it; third part: a host on a link of 576 bytes announces 536 of its own \
            accord.
            """,
        ]
    ) { run in
        try opens(&run)
        try peerWithoutOption(&run)
        try smallLink(&run)
    }

    private static func opens(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        let sockets = try pair.connect()
        run.show(pair, title: "Three segments", style: .handshakes)

        let segments = pair.network.trace.segments
        guard segments.count == 3 else {
            run.check("three segments are exchanged", segments.count, is: 3)
            return
        }
        let (x, y) = (segments[0].seq, segments[1].seq)
        run.check("the SYN has no ACK, the answer has both", segments.map(\.flags), is: [.syn, [.syn, .ack], .ack])
        run.check("SYN seq=x; SYN ACK seq=y ack=x+1", segments[1].ack, is: x + 1)
        run.check(
            "ACK seq=x+1 ack=y+1: a SYN takes up one number", [segments[2].seq, segments[2].ack], is: [x + 1, y + 1])
        run.check(
            "an ACK without data takes up none", sockets.client.status?.sendNext, is: x + 1)
        run.check(
            "client CLOSED, SYN-SENT, ESTABLISHED", pair.network.trace.states(at: pair.client),
            is: [.closed, .synSent, .established])
        run.check(
            "server CLOSED, LISTEN, SYN-RECEIVED, ESTABLISHED", pair.network.trace.states(at: pair.server),
            is: [.closed, .listen, .synReceived, .established])
        let announced = segments.map(\.header.options.maximumSegmentSize)
        run.check("MSS is on the two SYNs only", announced, is: [1_460, 1_460, nil])
        run.check("both announce a window", segments.allSatisfy { $0.header.window > 0 })
    }

    private static func peerWithoutOption(_ run: inout ScenarioRun) throws {
        let network = SimulatedNetwork(seed: run.seed)
        let peer = network.addRawPeer("old peer", IPv4Address(10, 77, 0, 1))
        let server = network.addHost("server", IPv4Address(10, 77, 0, 2))
        network.link(peer, server, latency: Pair.latency)
        try server.listen(on: Pair.port) { Sender(1_072, closes: false) }
        peer.send(.syn, from: 40_000, to: server.endpoint(Pair.port), seq: SequenceNumber(1_000))
        network.run(for: .milliseconds(50))
        guard let answer = peer.lastReceived(at: 40_000) else { throw ScenarioError.segmentMissing }
        peer.send(
            .ack, from: 40_000, to: server.endpoint(Pair.port), seq: SequenceNumber(1_001), ack: answer.seq + 1)
        network.run(for: .milliseconds(50))
        run.show(network, peer, server, title: "A SYN without the MSS option", style: .handshakes)
        run.check(
            "without the option, data comes in pieces of 536",
            network.trace.segments(from: server).map(\.textLength).filter { $0 > 0 }, is: [536, 536])
    }

    private static func smallLink(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed, client: { $0.mtu = 576 })
        let sockets = try pair.connect()
        run.show(pair, title: "A client on a link of 576 bytes", style: .handshakes)
        run.check(
            "with an MTU of 576 the MSS is 536",
            pair.network.trace.segments.first?.header.options.maximumSegmentSize, is: 536)
        run.check(
            "the server keeps to it, less 12 bytes of timestamps", sockets.server.status?.maximumSegmentSize, is: 524)
    }
}
