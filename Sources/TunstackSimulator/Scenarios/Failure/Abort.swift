import TunstackCore
import TunstackWire

extension Scenario {
    static let abort = Scenario(
        "abort", "a reset instead of a FIN: queued data is thrown away, and the peer is told", facts: ["B44"],
        explanation: [
            """
            The server's window has room for 4000 bytes and its application reads nothing, so of the client's 10,000 \
            bytes 6000 wait in the client's queue. With CLOSE they would still be sent, then a FIN. ABORT throws them \
            away at once and sends a reset, which nobody acknowledges. The server's application is told that the \
            connection was reset: not end of file, so it cannot take what came for all there was.
            """
        ]
    ) { run in
        let pair = Pair(seed: run.seed, server: { $0.defaultConnectionOptions.receiveBufferBytes = 4_000 })
        let sockets = try pair.connect()
        try sockets.client.send(count: 10_000)
        pair.network.run(for: .milliseconds(150))
        run.check("data is queued that has not left", (sockets.client.status?.queuedBytes ?? 0) > 5_000)
        sockets.client.abort()
        pair.network.run(for: .seconds(1))
        run.show(pair)

        let sent = pair.network.trace.segments(from: pair.client)
        run.check("the last segment is a reset", sent.last?.flags.contains(.rst), is: true)
        run.check("no FIN was sent", !sent.contains { $0.flags.contains(.fin) })
        run.check("the queue is gone", sockets.client.status?.unacknowledgedBytes, is: 0)
        run.check("the client is told: aborted", sockets.client.closeReason, is: .aborted)
        run.check("the server is told: reset by peer", sockets.server.closeReason, is: .resetByPeer)
        run.check("it is not told end of file", !sockets.server.events.contains(.endOfStream))
    }
}
