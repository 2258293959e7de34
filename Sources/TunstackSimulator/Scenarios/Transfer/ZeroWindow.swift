import TunstackCore
import TunstackWire

extension Scenario {
    static let zeroWindow = Scenario(
        "zero-window", "a closed window, the probes that knock at it, and how it opens again", facts: [],
        explanation: [
            """
            The server has room for 2896 bytes and its application does not read. Every ACK announces how much room is \
            left (win), and at 0 the client must stop. The ACK that opens the window again carries no data, so nobody \
            would repeat it if it were lost, and both would wait for ever. So the client probes: one byte beyond the \
            window, with growing gaps, for as long as the server answers. After five seconds the application reads, \
            the window opens, and the rest follows.
            """
        ]
    ) { run in
        let pair = Pair(
            seed: run.seed,
            server: {
                $0.defaultConnectionOptions.receiveBufferBytes = 2 * 1_448
                $0.defaultConnectionOptions.windowScale = nil
            })
        let sockets = try pair.connect()
        try sockets.client.send(count: 5_000)
        pair.network.run(until: Instant(seconds: 5))
        run.check("the window is closed, and data waits", sockets.client.status?.sendWindow, is: 0)
        let probes = pair.network.trace.sendTimes(from: pair.client) { $0.textLength == 1 }
        run.check("the window is probed", probes.count >= 3)
        let gaps = zip(probes, probes.dropFirst()).map { $1 - $0 }
        run.check("with growing gaps", gaps == gaps.sorted() && gaps.first != gaps.last)
        run.check("the connection lives, for the server answers", sockets.client.state, is: .established)
        for _ in 0..<4 {
            _ = try sockets.server.receive()
            pair.network.run(for: .milliseconds(500))
        }
        run.show(pair, style: .windows)
        run.check("in the end all bytes are there", sockets.server.bytesReceived, is: 5_000)
        run.check("in order", sockets.server.isIntact)
    }
}
