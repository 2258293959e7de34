import TunstackCore
import TunstackWire

extension Scenario {
    static let synFlood = Scenario(
        "syn-flood", "clients that never send the last ACK", facts: ["B21", "B22"],
        explanation: [
            """
            SYN-RECEIVED lasts one round trip, so it is seldom seen. Here a peer without a stack of its own keeps the \
            last ACK to itself, which is what a SYN flood does. The server holds an entry for each SYN, repeats its \
            answer after 1, 2, 4 … seconds, and lets go after three minutes. Its queue has room for two; the third SYN \
            finds it full and is dropped, as an honest client's would be.
            """,
            """
            Nothing but the right ACK makes a connection of an entry. An ACK with a wrong number gets a reset and \
            changes nothing; the right one, at 2.5 s, promotes port 40001. An entry is a tenth of a control \
            block's size and holds no buffers.
            """,
        ]
    ) { run in
        let network = SimulatedNetwork(seed: run.seed)
        let peer = network.addRawPeer("flooder", IPv4Address(10, 77, 0, 1))
        let server = network.addHost("server", IPv4Address(10, 77, 0, 2))
        network.link(peer, server, latency: Pair.latency)
        var options = ListenerOptions()
        options.synBacklog = 2
        try server.listen(on: Pair.port, options: options) { Passive() }
        let service = server.endpoint(Pair.port)
        for port in [40_001, 40_002, 40_003] as [Port] {
            peer.send(.syn, from: port, to: service, seq: SequenceNumber(1_000))
            network.run(for: .milliseconds(100))
        }
        network.run(until: Instant(seconds: 2))
        guard let answer = peer.lastReceived(at: 40_001) else { throw ScenarioError.segmentMissing }
        peer.send(.ack, from: 40_001, to: service, seq: SequenceNumber(1_001), ack: answer.seq + 77)
        network.run(until: Instant(milliseconds: 2_400))
        let before = server.netstat
        run.check(
            "a wrong ACK leaves the entry in SYN-RECEIVED", server.listing.map(\.state),
            is: [.listen, .synReceived, .synReceived])
        network.run(until: Instant(milliseconds: 2_500))
        peer.send(.ack, from: 40_001, to: service, seq: SequenceNumber(1_001), ack: answer.seq + 1)
        network.run(until: Instant(seconds: 300))
        run.show(
            network, peer, server,
            figures: [["netstat at the server, 2.4 s:"] + before, ["at 300 s:"] + server.netstat])

        let times = network.trace.sendTimes(from: server) { segment in
            segment.flags == [.syn, .ack] && segment.destination.port == 40_002
        }
        run.check(
            "the answer is repeated with growing gaps", times.map { $0.nanoseconds / 1_000_000_000 },
            is: [0, 1, 3, 7, 15, 31, 63, 123])
        run.check("the full queue is counted", server.counters[.synQueueFull], is: 1)
        run.check(
            "the right ACK, and nothing else, makes a connection", server.accepted.map(\.key.remote.port), is: [40_001])
        run.check(
            "the other entry is gone after three minutes", server.listing.map(\.state), is: [.listen, .established])
    }
}
