import TunstackCore
import TunstackWire

extension Scenario {
    static let finWait1ToTimeWait = Scenario(
        "fin-wait-1-to-time-wait", "the three ways out of FIN-WAIT-1", facts: ["B29"],
        explanation: [
            """
            In FIN-WAIT-1 two things are missing: the ACK of our FIN, and the peer's FIN. The peer here is moved by \
            hand, so that it can send them in each order. Both in one segment: straight to TIME-WAIT. The ACK first: \
            FIN-WAIT-2, where the peer's FIN is awaited. The FIN first: CLOSING, where the ACK is awaited. All three \
            end in TIME-WAIT.
            """
        ]
    ) { run in
        try play(
            "FIN and ACK in one segment", &run, [([.fin, .ack], acknowledgesFin: true)],
            is: [.finWait1, .timeWait])
        try play(
            "The ACK first", &run, [(.ack, acknowledgesFin: true), ([.fin, .ack], acknowledgesFin: true)],
            is: [.finWait1, .finWait2, .timeWait])
        try play(
            "The FIN first", &run, [([.fin, .ack], acknowledgesFin: false), (.ack, acknowledgesFin: true)],
            is: [.finWait1, .closing, .timeWait])
    }

    private static func play(
        _ title: String, _ run: inout ScenarioRun, _ answers: [(flags: TCPFlags, acknowledgesFin: Bool)],
        is expected: [State]
    ) throws {
        let network = SimulatedNetwork(seed: run.seed)
        let client = network.addHost("client", IPv4Address(10, 77, 0, 1))
        let peer = network.addRawPeer("peer", IPv4Address(10, 77, 0, 2))
        network.link(client, peer, latency: Pair.latency)
        let socket = try client.open(to: Endpoint(peer.address, Pair.port))
        network.run(for: .milliseconds(20))
        guard let syn = peer.received.last else { throw ScenarioError.segmentMissing }
        var seq = SequenceNumber(500)
        peer.send([.syn, .ack], from: Pair.port, to: syn.source, seq: seq, ack: syn.seq + 1)
        seq += 1
        network.run(for: .milliseconds(80))
        try socket.close()
        network.run(for: .milliseconds(50))
        for answer in answers {
            let ack = syn.seq + (answer.acknowledgesFin ? 2 : 1)
            peer.send(answer.flags, from: Pair.port, to: syn.source, seq: seq, ack: ack)
            if answer.flags.contains(.fin) { seq += 1 }
            network.run(for: .milliseconds(50))
        }
        run.show(network, client, peer, title: title)
        run.check(title, network.trace.states(at: client).suffix(expected.count), is: expected[...])
    }
}
