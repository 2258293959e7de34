import TunstackCore
import TunstackWire

extension Scenario {
    static let closeWait = Scenario(
        "close-wait", "CLOSE-WAIT lasts until the local application closes", facts: ["B32"],
        explanation: [
            """
            The client has closed; the server's application has been told, and does nothing about it. TCP cannot close \
            on its behalf: it might still want to send, as it does here after half an hour. So CLOSE-WAIT lasts for as \
            long as the application likes, here an hour. A host where connections pile up in CLOSE-WAIT has an \
            application that forgets to close.
            """
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        let sockets = try pair.connect()
        try sockets.client.close()
        pair.network.run(until: Instant(seconds: 1_800))
        try sockets.server.send(count: 10)
        pair.network.run(until: Instant(seconds: 3_600))
        run.check("after an hour the server is in CLOSE-WAIT", sockets.server.state, is: .closeWait)
        run.check("and the client in FIN-WAIT-2", sockets.client.state, is: .finWait2)
        run.check("what the server sends is received", sockets.client.status?.readableBytes, is: 10)
        try sockets.server.close()
        pair.network.run(for: .seconds(1))
        run.show(pair)
        run.check(
            "the application's CLOSE ends it", pair.network.trace.states(at: pair.server).suffix(3),
            is: [.closeWait, .lastAck, .closed])
    }
}
