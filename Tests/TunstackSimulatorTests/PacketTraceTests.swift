import TestSupport
import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

@Suite("Traces")
struct PacketTraceTests {
    private func session() throws -> (network: SimulatedNetwork, client: SimulatedHost, server: SimulatedHost) {
        let network = SimulatedNetwork(seed: 1)
        let client = network.addHost("client", IPv4Address(10, 0, 0, 1)) {
            $0.initialSequenceNumbers = .fixed(SequenceNumber(1_000))
            $0.defaultConnectionOptions.timestamps = false
        }
        let server = network.addHost("server", IPv4Address(10, 0, 0, 2)) {
            $0.initialSequenceNumbers = .fixed(SequenceNumber(5_000))
        }
        network.link(client, server, latency: .milliseconds(10))
        network.addRule(SegmentFilter.dropping(from: client.id, with: .psh), between: client, server)
        try server.listen(on: 9_877) { Passive() }
        try client.open(to: server.endpoint(9_877), from: 40_000, Sender(5, closes: false))
        network.run(for: .milliseconds(300))
        return (network, client, server)
    }

    private static let handshake = [
        "00:00:00.000000 IP 10.0.0.1.40000 > 10.0.0.2.9877: Flags [S], seq 1000, win 65535, "
            + "options [mss 1460,nop,nop,sackOK,nop,wscale 7], length 0",
        "00:00:00.010000 IP 10.0.0.2.9877 > 10.0.0.1.40000: Flags [S.], seq 5000, ack 1001, win 65535, "
            + "options [mss 1460,nop,nop,sackOK,nop,wscale 7], length 0",
    ]

    @Test(
        "lines have tcpdump's form, with relative numbers after the SYNs, and mark what was lost",
        .requirement("mission B45"))
    func relative() throws {
        let session = try session()
        let lines = session.network.trace.lines(capturedAt: .sender)
        let client = "IP 10.0.0.1.40000 > 10.0.0.2.9877: Flags "
        #expect(
            lines == Self.handshake + [
                "00:00:00.020000 \(client)[.], ack 1, win 3840, length 0",
                "00:00:00.020000 \(client)[P.], seq 1:6, ack 1, win 3840, length 5  [lost]",
                "00:00:00.220000 \(client)[P.], seq 1:6, ack 1, win 3840, length 5",
                "00:00:00.230000 IP 10.0.0.2.9877 > 10.0.0.1.40000: Flags [.], ack 6, win 3840, length 0",
            ])
    }

    @Test("absolute numbers are shown on request, as tcpdump does with -S", .requirement("mission B45"))
    func absolute() throws {
        let lines = try session().network.trace.lines(numbering: .absolute, capturedAt: .sender)
        #expect(lines[4].contains("Flags [P.], seq 1001:1006, ack 5001,"))
    }

    @Test("captured at one node, a packet has the time at which it passed there, and what was lost is not seen")
    func captured() throws {
        let session = try session()
        var trace = session.network.trace
        trace.timeOfDay = try #require(TimeOfDay("09:18:37.000000"))
        let lines = trace.lines(naming: .nodes, capturedAt: .node(session.server.id))
        #expect(
            lines.map { String($0.prefix(34)) } == [
                "09:18:37.010000 client > server: F", "09:18:37.010000 server > client: F",
                "09:18:37.030000 client > server: F", "09:18:37.230000 client > server: F",
                "09:18:37.230000 server > client: F",
            ])
    }

    @Test("a capture file has every packet, and comments on those that changed something")
    func pcapng() throws {
        let session = try session()
        let file = session.network.trace.pcapng(name: "link", capturedAt: .sender)
        let text = String(decoding: file, as: UTF8.self)
        #expect(file.starts(with: [0x0a, 0x0d, 0x0d, 0x0a]))
        for packet in session.network.trace.packets { #expect(file.contains(packet.bytes)) }
        #expect(text.contains("link"))
        #expect(text.contains("server: LISTEN to SYN-RECEIVED"))
        #expect(text.contains("client: SYN-SENT to ESTABLISHED"))
        #expect(text.contains("server: SYN-RECEIVED to ESTABLISHED"))
        #expect(text.contains("lost"))
    }

    @Test("states, times and segments can be asked for")
    func questions() throws {
        let (network, client, server) = try session()
        #expect(network.trace.states(at: client) == [.closed, .synSent, .established])
        #expect(network.trace.states(at: server) == [.closed, .listen, .synReceived, .established])
        #expect(network.trace.time(of: .established, at: client) == Instant(nanoseconds: 20_000_000))
        #expect(network.trace.time(of: .timeWait, at: client) == nil)
        #expect(network.trace.segments(from: server).map(\.flags) == [[.syn, .ack], .ack])
        #expect(network.trace.segments(from: server).map(\.length) == [1, 0])
    }

    @Test("a listing of states has the columns of netstat", .requirement("mission B47"))
    func netstat() throws {
        let session = try session()
        #expect(
            session.server.netstat == [
                "  Proto Recv-Q Send-Q  Local Address         Foreign Address       State",
                "  tcp        0    128  10.0.0.2:9877         *:*                   LISTEN",
                "  tcp        5      0  10.0.0.2:9877         10.0.0.1:40000        ESTABLISHED",
            ])
    }

    @Test("the state diagram names every edge once, and marks those that were taken", .requirement("mission B48"))
    func diagram() throws {
        let taken = try #require(StateTransition.all.first { $0.from == .established && $0.to == .closeWait })
        let lines = StateDiagram.lines(marking: [taken])
        #expect(lines.contains("             ──▶ CLOSE-WAIT    FIN arrives*"))
        #expect(lines.joined().count { $0 == "*" } == 1)
        let causes = lines.joined(separator: " ").replacing("*", with: "")
        for cause in Set(StateTransition.all.map(\.cause)) { #expect(causes.contains(cause.rawValue)) }
        // One comma stands between any two causes of a line, so the causes can be counted.
        let arrows = Set(StateTransition.all.map { [$0.from, $0.to] }).count
        #expect(lines.joined().count { $0 == "," } + arrows == StateTransition.all.count)
        #expect(lines.count { $0.contains("──▶") } == arrows)
    }
}
