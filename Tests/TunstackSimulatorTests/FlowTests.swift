import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

/// A recorded transfer from a client to a server.
private struct RecordedTransfer {
    let recorder: FlowRecorder
    let network: SimulatedNetwork

    init(_ path: String, bytes: Int, every interval: Interval = .zero) throws {
        network = SimulatedNetwork(seed: 2, keeping: .full)
        let client = network.addHost("client", IPv4Address(10, 0, 0, 1))
        let server = network.addHost("server", IPv4Address(10, 0, 0, 2))
        network.link(client, server, path: try PathConditions(parsing: path))
        try server.listen(on: 80) { Reader() }
        let socket = try client.open(to: server.endpoint(80), Sender(bytes, closes: false))
        recorder = FlowRecorder(socket, every: interval)
        network.run(for: .seconds(60))
        try #require(server.accepted.first?.bytesReceived == bytes)
    }

    var record: FlowRecord { recorder.record }
}

@Suite("Flows")
struct FlowTests {
    @Test("a record follows the stream from its first byte to its last")
    func stream() throws {
        let transfer = try RecordedTransfer("delay=10ms rate=20mbit", bytes: 300_000)
        let samples = transfer.record.samples
        #expect(samples.first?.acknowledged == 0)
        #expect(samples.last?.sent == 300_000)
        #expect(samples.last?.acknowledged == 300_000)
        #expect(samples.allSatisfy { $0.acknowledged <= $0.sent && $0.acknowledged >= 0 && $0.congestionWindow > 0 })
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.time <= $1.time && $0.sent <= $1.sent })
        #expect(samples.contains { $0.smoothedRoundTrip >= .milliseconds(20) })
        #expect(samples.contains { $0.pathDelay > .milliseconds(10) })
        #expect(transfer.record.losses == 0 && transfer.record.retransmissions == 0)
        #expect(transfer.record.segments >= 300_000 / 1_460)
        #expect((1_000_000...20_000_000).contains(transfer.record.goodput))
    }

    @Test("losses and retransmissions are those of the trace")
    func losses() throws {
        let transfer = try RecordedTransfer("delay=5ms loss=3%", bytes: 400_000)
        let sender = transfer.network.trace.nodes[0].id
        let lost = transfer.network.trace.packets.count { packet in
            packet.sender == sender && packet.fate == .lost("lost") && (packet.segment?.textLength ?? 0) > 0
        }
        let record = transfer.record
        #expect(lost > 0 && record.losses == lost)
        #expect(record.retransmissions >= lost)
        #expect(record.marks.count { $0.kind == .loss } == lost)
        #expect(record.marks.count { $0.kind == .retransmission } == record.retransmissions)
        #expect(record.marks.allSatisfy { (0..<400_000).contains($0.offset) })
    }

    @Test("samples keep the distance that was asked for, and a recorder changes nothing")
    func interval() throws {
        let (every, seldom) = (
            try RecordedTransfer("delay=5ms loss=1%", bytes: 200_000),
            try RecordedTransfer("delay=5ms loss=1%", bytes: 200_000, every: .milliseconds(20))
        )
        let times = seldom.record.samples.map(\.time)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(20) })
        #expect(times.count > 3 && times.count < every.record.samples.count)
        #expect(every.network.trace.packets.map(\.fate) == seldom.network.trace.packets.map(\.fate))
    }

    @Test("a plot has its three panels, its title and its legend, and marks what was lost")
    func plot() throws {
        let record = try RecordedTransfer("delay=10ms rate=20mbit loss=1%", bytes: 500_000).record
        let svg = FlowPlot(record, title: "500 kB <up>", conditions: "loss=1% & more").svg
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
        #expect(svg.hasSuffix("</svg>\n"))
        #expect(svg.contains(">500 kB &lt;up&gt;</text>") && svg.contains("loss=1% &amp; more"))
        for heading in ["Windows and goodput", "Round trip and queue", "Place in the stream"] {
            #expect(svg.contains(">\(heading)</text>"))
        }
        for word in ["cwnd", "in flight", "ssthresh", "goodput", "smoothed round trip", "sent again", "lost"] {
            #expect(svg.contains(">\(word)</text>"))
        }
        for style in ["window", "inflight", "goodput", "roundtrip", "queue", "sent", "acknowledged", "again", "loss"] {
            #expect(svg.contains("<path class=\"\(style)\" clip-path="), "\(style)")
        }
        #expect(svg.split(separator: "<text").count - 1 == svg.split(separator: "</text>").count - 1)
        #expect(svg.contains("prefers-color-scheme: dark"))
        #expect(!svg.contains("nan") && !svg.contains("inf\""))
    }

    @Test("the same run gives the same plot, and one of many samples stays small")
    func determinism() throws {
        let plots = try (0..<2).map { _ in
            FlowPlot(try RecordedTransfer("delay=2ms loss=2%", bytes: 2_000_000).record, title: "twice").svg
        }
        #expect(plots[0] == plots[1])
        #expect(plots[0].utf8.count < 250_000)
    }

    @Test("a flow that has sent nothing can be drawn too")
    func empty() throws {
        let record = try RecordedTransfer("delay=2ms", bytes: 0).record
        #expect(record.goodput == 0)
        #expect(FlowPlot(record, title: "nothing").svg.hasSuffix("</svg>\n"))
    }
}
