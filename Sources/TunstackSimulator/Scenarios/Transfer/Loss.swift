import TunstackCore
import TunstackWire

extension Scenario {
    static let loss = Scenario(
        "loss", "a lost segment is found out by duplicate ACKs and repaired at once", facts: [],
        explanation: [
            """
            The second of eight segments is lost. Every later one finds a gap before it, so the server keeps it and \
            repeats its ACK for what is still missing; the SACK blocks say what it has beyond the gap. One such \
            duplicate could mean that segments were reordered. Three mean that one was lost: the client sends it again \
            without waiting for its timer (fast retransmit). When the gap is filled, one ACK covers everything.
            """
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        pair.addRule(SegmentFilter.dropping(2, from: pair.client.id, with: [], textLength: 1))
        try pair.server.listen(on: Pair.port) { Reader(closeDelay: nil, showsReads: false) }
        let socket = try pair.client.open(to: pair.service, Sender(8 * 1_448, closes: false))
        pair.network.run(for: .seconds(1))
        run.show(pair, style: LadderStyle(details: .options))

        let counters = pair.client.counters
        run.check("one segment is sent again", counters.segmentsRetransmitted, is: 1)
        run.check("by fast retransmit", counters.fastRetransmissions, is: 1)
        run.check("without a time-out", counters.retransmissionTimeouts, is: 0)
        let server = pair.server.accepted.first
        run.check("all bytes arrive", server?.bytesReceived, is: 8 * 1_448)
        run.check("in order", server?.isIntact, is: true)
        run.check("and are acknowledged", socket.status?.unacknowledgedBytes, is: 0)
    }
}
