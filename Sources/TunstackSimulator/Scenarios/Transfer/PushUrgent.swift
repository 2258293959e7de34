import TunstackCore
import TunstackWire

extension Scenario {
    static let pushUrgent = Scenario(
        "push-urgent", "PSH, URG and RST: what the flags ask of the receiver", facts: ["B6"],
        explanation: [
            """
            PSH means: hand what you have to the application, do not wait for more. It stands on the segment that \
            empties the sender's queue, here the last of three. URG means that the stream has urgent data ahead, up to \
            where the urgent pointer (urg) leads from the segment's number; the receiving application is told so. It \
            is no second channel: the bytes stay in the stream.
            """,
            """
            RST means that something is gravely wrong or that the sender gives up: the receiver drops the connection \
            at once. ACK, SYN and FIN are at work in every other scenario.
            """,
        ]
    ) { run in
        let pair = Pair(seed: run.seed)
        let sockets = try pair.connect()
        try sockets.client.send(count: 3_000)
        pair.network.run(for: .milliseconds(100))
        let pushed = pair.network.trace.segments(from: pair.client).filter { $0.textLength > 0 }.map {
            $0.flags.contains(.psh)
        }
        run.check("PSH is on the last of three segments", pushed, is: [false, false, true])
        run.check("the application has all of it", sockets.server.status?.readableBytes, is: 3_000)

        try sockets.client.send(count: 5, flags: .urgent)
        pair.network.run(for: .milliseconds(100))
        let urgent = pair.network.trace.segments.first { $0.flags.contains(.urg) }
        run.check("the urgent pointer leads behind the urgent data", urgent?.header.urgentPointer, is: 5)
        run.check("the application is told", sockets.server.events.contains(.urgent))
        run.check("and may ask how far it goes", sockets.server.status?.urgentBytes, is: 3_005)

        sockets.server.abort()
        pair.network.run(for: .milliseconds(100))
        run.show(pair)
        run.check("RST ends the connection at once", sockets.client.closeReason, is: .resetByPeer)
    }
}
