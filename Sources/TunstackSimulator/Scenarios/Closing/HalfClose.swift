import TunstackCore
import TunstackWire

extension Scenario {
    static let halfClose = Scenario(
        "half-close", "who has closed may still receive, and who has seen a FIN may still send", facts: ["B27", "B28"],
        explanation: [
            """
            The client sends its request and closes its direction at once, as shutdown(1) does. Its FIN means "no more \
            from me", not "go away". The server reads until end of file, so it knows that it has the whole request, \
            and only then writes: in CLOSE-WAIT it may send as much as it likes. The client receives it in FIN-WAIT-2.
            """,
            """
            The order is always: first read, then write. The client writes, the server reads, the server writes, the \
            client reads. If both wrote first and read later, two full buffers could wait for each other.
            """,
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        try pair.server.listen(on: Pair.port) { Reader(answer: 1_000, closeDelay: .milliseconds(50)) }
        let socket = try pair.client.open(to: pair.service, Sender(10, closes: true))
        pair.network.run(for: .seconds(1))
        run.show(pair)

        let trace = pair.network.trace
        run.check("the client receives all after its FIN", socket.bytesReceived, is: 1_000)
        run.check("the bytes are the right ones", socket.isIntact)
        run.check(
            "the client is in FIN-WAIT-2 meanwhile", trace.states(at: pair.client).suffix(3),
            is: [.finWait1, .finWait2, .timeWait])
        let received = trace.time(ofCall: "RECEIVE 1000", at: pair.client)
        run.check("and only later sees the server's FIN", received < trace.time(ofLast: .timeWait, at: pair.client))
        let sends = trace.time(ofCall: "SEND 1000", at: pair.server)
        run.check(
            "the server sends after the client's FIN",
            sends > trace.time(ofLast: .closeWait, at: pair.server)
                && sends <= trace.time(ofLast: .lastAck, at: pair.server))
        let order = [
            trace.time(ofCall: "SEND 10", at: pair.client), trace.time(ofCall: "RECEIVE 10", at: pair.server), sends,
            received,
        ]
        run.check(
            "client write, server read, server write, client read",
            order == order.sorted() && order.last != .distantFuture)
    }
}

extension PacketTrace {
    /// When a node's application made a call for the first time; for ever in the future, if it never did.
    func time(ofCall text: String, at node: any SimulatedNode) -> Instant {
        events.first { event in
            guard event.node == node.id, case .call(text, _) = event.kind else { return false }
            return true
        }?.time ?? .distantFuture
    }
}
