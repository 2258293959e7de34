import TunstackCore
import TunstackWire

extension Scenario {
    static let close = Scenario(
        "close", "four segments close a connection, two for each direction",
        facts: ["B23", "B24", "B25", "B26", "B34"],
        explanation: [
            """
            The client closes first. Its FIN takes up one sequence number although it carries no data, so the server's \
            ACK is for one more: seq=u, ack=u+1. That closes one direction. The server's application is told "end of \
            file" when the FIN arrives, not before and not by any other means.
            """,
            """
            In CLOSE-WAIT the server may take its time; 50 ms later it closes the other direction in the same way: \
            seq=w, ack=w+1. The client has gone through FIN-WAIT-1 and FIN-WAIT-2 to TIME-WAIT. Look at the ends: the \
            server is CLOSED as soon as its FIN is acknowledged, the client only after twice the maximum segment \
            lifetime. Then both have deleted their control blocks.
            """,
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        try pair.server.listen(on: Pair.port) { Reader(closeDelay: .milliseconds(50)) }
        let socket = try pair.client.open(to: pair.service)
        pair.network.run(for: .milliseconds(100))
        try socket.close()
        pair.network.run(for: .seconds(90))
        run.show(pair)

        let trace = pair.network.trace
        let closing = Array(trace.segments.dropFirst(3))
        guard closing.count == 4 else { return run.check("four segments close it", closing.count, is: 4) }
        let (u, w) = (closing[0].seq, closing[2].seq)
        run.check(
            "FIN, ACK, FIN, ACK", closing.map(\.flags), is: [[.fin, .ack], .ack, [.fin, .ack], .ack])
        run.check("a FIN without data takes up one number: ack=u+1", closing[1].ack, is: u + 1)
        run.check("seq=w ack=u+1, answered by ack=w+1", [closing[2].ack, closing[3].ack], is: [u + 1, w + 1])
        run.check(
            "client FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT, CLOSED", Array(trace.states(at: pair.client).suffix(5)),
            is: [.established, .finWait1, .finWait2, .timeWait, .closed])
        run.check(
            "server CLOSE-WAIT, LAST-ACK, CLOSED", Array(trace.states(at: pair.server).suffix(4)),
            is: [.established, .closeWait, .lastAck, .closed])
        run.check(
            "end of file is told when the FIN arrives", trace.time(ofTelling: "end of file", at: pair.server),
            is: trace.time(of: .closeWait, at: pair.server))
        run.check(
            "the server is CLOSED before the client",
            trace.time(ofLast: .closed, at: pair.server) < trace.time(ofLast: .closed, at: pair.client))
        run.check(
            "nothing is left of the connection at either end",
            [pair.client, pair.server].map { $0.listing.map(\.state) },
            is: [[], [.listen]])
    }
}

extension PacketTrace {
    /// When a node's application was first told something.
    func time(ofTelling text: String, at node: any SimulatedNode) -> Instant? {
        events.first { event in
            guard event.node == node.id, case .told(text, _) = event.kind else { return false }
            return true
        }?.time
    }

    /// When a node took an edge into a state for the last time; for ever in the future, if it never did.
    func time(ofLast state: State, at node: any SimulatedNode) -> Instant {
        events.last { event in
            guard event.node == node.id, case .transition(let record) = event.kind else { return false }
            return record.transition.to == state
        }?.time ?? .distantFuture
    }
}
