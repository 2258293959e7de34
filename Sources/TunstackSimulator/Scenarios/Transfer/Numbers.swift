import TunstackCore
import TunstackWire

extension Scenario {
    static let numbers = Scenario(
        "numbers", "how sequence and acknowledgment numbers count", facts: ["B3", "B4", "B5", "B7", "B8", "B10"],
        explanation: [
            """
            The numbers are shown as they are; to make them easy, the client begins at 300 and the server at 500. A \
            SYN takes up one number, so data begins at 301 and 501. A segment with number 301 and 100 bytes is \
            followed by 401; 200 bytes from 501 on are acknowledged by 701, the next one wanted. An ACK without data \
            takes up no number, which is why nobody acknowledges it.
            """,
            """
            Second part: with an initial number of 1000, ack=2001 says that 1001 to 2000 have arrived. Third part: \
            somebody who cannot see the connection forges segments. A number outside the window is illegal: the data \
            is dropped, and the ACK that answers says what is expected. A reset inside the window but not exactly at \
            the expected number is challenged in the same way (RFC 5961); the true peer would answer that with the \
            exact number.
            """,
        ]
    ) { run in
        try counting(&run)
        try thousand(&run)
        try outsideWindow(&run)
    }

    private static func pair(_ run: ScenarioRun, client: UInt32, server: UInt32) -> Pair {
        func begin(_ number: UInt32, _ configuration: inout StackConfiguration) {
            configuration.initialSequenceNumbers = .fixed(SequenceNumber(number))
            configuration.defaultConnectionOptions.timestamps = false
        }
        return Pair(seed: run.seed, client: { begin(client, &$0) }, server: { begin(server, &$0) })
    }

    private static func counting(_ run: inout ScenarioRun) throws {
        let pair = pair(run, client: 300, server: 500)
        let sockets = try pair.connect()
        for (socket, count) in [(sockets.client, 100), (sockets.client, 100), (sockets.server, 200)] {
            try socket.send(count: count)
            pair.network.run(for: .milliseconds(100))
        }
        run.show(pair, title: "The client begins at 300, the server at 500", style: .absolute)

        let segments = pair.network.trace.segments
        let data = segments.filter { $0.textLength > 0 }
        run.check("301 with 100 bytes is followed by 401", data.prefix(2).map(\.seq.rawValue), is: [301, 401])
        run.check(
            "501 with 200 bytes is acknowledged by 701", segments.last.map { [$0.textLength, Int($0.ack.rawValue)] },
            is: [0, 701])
        run.check("every segment after the first has ACK", segments.dropFirst().allSatisfy { $0.flags.contains(.ack) })
        run.check(
            "SYN is on the first two only: to ask, and to agree", segments.prefix(2).map(\.flags),
            is: [.syn, [.syn, .ack]])
        run.check("and on none after", !segments.dropFirst(2).contains { $0.flags.contains(.syn) })
        let next = { (segment: TracedSegment) in segment.seq + segment.length }
        run.check("the SYN took up one number", next(segments[0]), is: data[0].seq)
        let acknowledgment = segments.first { $0.flags == .ack }
        run.check("the ACK without data took up none", acknowledgment.map(next), is: data[0].seq)
    }

    private static func thousand(_ run: inout ScenarioRun) throws {
        let pair = pair(run, client: 1_000, server: 500)
        let client = try pair.connect().client
        try client.send(count: 1_000)
        pair.network.run(for: .milliseconds(100))
        run.show(pair, title: "The client begins at 1000 and sends 1000 bytes", style: .absolute)
        run.check(
            "ack=2001: 1001 to 2000 have arrived", pair.network.trace.segments.last?.ack, is: SequenceNumber(2_001))
    }

    private static func outsideWindow(_ run: inout ScenarioRun) throws {
        let pair = pair(run, client: 300, server: 500)
        let sockets = try pair.connect(from: 40_000)
        func forge(_ flags: TCPFlags, seq: UInt32, _ text: [UInt8] = []) {
            let header = TCPHeader(
                sourcePort: 40_000, destinationPort: Pair.port, sequenceNumber: SequenceNumber(seq),
                acknowledgmentNumber: SequenceNumber(501), flags: flags, window: 1_000)
            let packet = [UInt8](segment: header, from: pair.client.address, to: pair.service.address, text: text)
            pair.network.inject(packet, from: pair.client)
            pair.network.run(for: .milliseconds(100))
        }
        forge([.psh, .ack], seq: 9_000_000, [1, 2, 3])
        run.check("data outside the window is dropped", pair.server.counters[.outsideWindow], is: 1)
        run.check("and not received", sockets.server.status?.readableBytes, is: 0)
        let answer = pair.network.trace.segments(from: pair.server).last
        run.check("the answer says what is expected", answer?.ack, is: SequenceNumber(301))
        forge(.rst, seq: 9_000_000)
        forge(.rst, seq: 1_301)
        run.check("a reset inside the window is challenged", pair.server.counters[.challengedReset], is: 1)
        run.check("the connection lives", sockets.server.state, is: .established)
        run.show(pair, title: "Forged segments in the client's name", style: .absolute)
    }
}
