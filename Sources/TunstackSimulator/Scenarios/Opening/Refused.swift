import TunstackCore
import TunstackWire

extension Scenario {
    static let refused = Scenario(
        "refused", "a closed port answers a SYN with a reset", facts: ["B19"],
        explanation: [
            """
            Nobody listens at the port, so there is no connection that the SYN could belong to. The reset that answers \
            it has no number of its own to give: its sequence number is 0. What makes it believable is its ACK, one \
            more than the number of the SYN. Only somebody who has seen the SYN can know that, so the client believes \
            it and gives up at once.
            """
        ]
    ) { run in
        let pair = Pair(
            seed: run.seed, client: { $0.initialSequenceNumbers = .fixed(SequenceNumber(499_186_042)) })
        let socket = try pair.client.open(to: pair.service)
        pair.network.run(for: .seconds(1))
        run.show(pair, style: LadderStyle(numbering: .absolute, details: .window))

        let segments = pair.network.trace.segments
        run.check("a SYN and a reset, nothing else", segments.map(\.flags), is: [.syn, [.rst, .ack]])
        guard let syn = segments.first, let reset = segments.last else { return }
        run.check("the reset has number 0", reset.seq, is: SequenceNumber(0))
        run.check("it acknowledges the SYN", reset.ack, is: syn.seq + 1)
        run.check(
            "it announces no window and carries nothing", [Int(reset.header.window), reset.textLength], is: [0, 0])
        run.check("the application is told: refused", socket.closeReason, is: .refused)
    }
}
