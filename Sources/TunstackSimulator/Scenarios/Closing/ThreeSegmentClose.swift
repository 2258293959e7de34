import TunstackCore
import TunstackWire

extension Scenario {
    static let threeSegmentClose = Scenario(
        "three-segment-close", "a close with nothing left to say takes three segments", facts: ["B29", "B30"],
        explanation: [
            """
            When the client's FIN arrives, the server has nothing left to send and closes at once. Its ACK was allowed \
            to wait a little for something to ride on, and rides on the FIN: two segments of the usual four have \
            become one. The client, in FIN-WAIT-1, gets FIN and ACK of its own FIN together and goes straight to \
            TIME-WAIT, past FIN-WAIT-2. This is what traces of short sessions usually look like, the one of 'tunstack \
            demo golden' too.
            """
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        try pair.server.listen(on: Pair.port) { EchoServer() }
        try pair.client.open(to: pair.service, RequestClient(request: 10, response: 10))
        pair.network.run(for: .seconds(1))
        run.show(pair)

        let trace = pair.network.trace
        let fin = trace.segments.firstIndex { $0.flags.contains(.fin) } ?? 0
        let closing = Array(trace.segments[fin...])
        run.check("FIN, FIN with ACK, ACK", closing.map(\.flags), is: [[.fin, .ack], [.fin, .ack], .ack])
        run.check("the server's FIN acknowledges the client's", closing.dropFirst().first?.ack, is: closing[0].seq + 1)
        run.check(
            "the client goes from FIN-WAIT-1 to TIME-WAIT", trace.states(at: pair.client).suffix(3),
            is: [.established, .finWait1, .timeWait])
    }
}
