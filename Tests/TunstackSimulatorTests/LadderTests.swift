import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

/// A client and a server, 10 ms apart.
private struct Hosts {
    let network = SimulatedNetwork(seed: 1)
    let client: SimulatedHost
    let server: SimulatedHost

    init(rules: [any LinkRule] = []) {
        client = network.addHost("client", IPv4Address(10, 0, 0, 1)) {
            $0.initialSequenceNumbers = .fixed(SequenceNumber(1_000))
        }
        server = network.addHost("server", IPv4Address(10, 0, 0, 2)) {
            $0.initialSequenceNumbers = .fixed(SequenceNumber(5_000))
        }
        network.link(client, server, latency: .milliseconds(10), rules: rules)
    }

    func ladder(_ numbering: PacketDescriber.Numbering = .relative, details: LadderDetails = []) -> [String] {
        Ladder(network.trace, left: client.id, right: server.id, numbering: numbering, details: details).lines
    }
}

@Suite("Ladders")
struct LadderTests {
    @Test("a short session is drawn with times, states, calls, losses and pauses")
    func session() throws {
        let hosts = Hosts()
        // The first FIN of the server is lost.
        hosts.network.addRule(
            SegmentFilter.dropping(from: hosts.server.id, with: .fin), between: hosts.client, hosts.server)
        try hosts.server.listen(on: 9_877) { EchoServer() }
        try hosts.client.open(to: hosts.server.endpoint(9_877), from: 40_000, RequestClient(request: 10, response: 10))
        hosts.network.run(for: .seconds(100))
        let expected = """
            client 10.0.0.1                                                                      server 10.0.0.2
                                │                                                          │
                                │                                             OPEN passive ├ LISTEN        0.000
             0.000 SYN-SENT     ┤ OPEN                                                     │
             0.000 SYN-SENT     │── SYN seq=0 ────────────────────────────────────────────▶│ SYN-RECEIVED  0.010
             0.020 ESTABLISHED  │◀────────────────────────────────── SYN ACK seq=0 ack=1 ──│ SYN-RECEIVED  0.010
             0.020 ESTABLISHED  │── ACK seq=1 ack=1 ──────────────────────────────────────▶│ ESTABLISHED   0.030
             0.020 ESTABLISHED  ┤ SEND 10                                                  │
             0.020 ESTABLISHED  │── PSH ACK seq=1 ack=1 len=10 ───────────────────────────▶│ ESTABLISHED   0.030
             0.040 ESTABLISHED  │◀───────────────────────────────────── ACK seq=1 ack=11 ──│ ESTABLISHED   0.030
                                │                                               RECEIVE 10 ├ ESTABLISHED   0.030
                                │                                                  SEND 10 ├ ESTABLISHED   0.030
             0.040 ESTABLISHED  │◀────────────────────────── PSH ACK seq=1 ack=11 len=10 ──│ ESTABLISHED   0.030
             0.040 ESTABLISHED  │── ACK seq=11 ack=11 ────────────────────────────────────▶│ ESTABLISHED   0.050
             0.040 ESTABLISHED  ┤ RECEIVE 10                                               │
             0.040 FIN-WAIT-1   ┤ CLOSE                                                    │
             0.040 FIN-WAIT-1   │── FIN ACK seq=11 ack=11 ────────────────────────────────▶│ CLOSE-WAIT    0.050
                                │                                        told: end of file ├ CLOSE-WAIT    0.050
                                │                                                    CLOSE ├ LAST-ACK      0.050
                                │            lost ╳─────────────── FIN ACK seq=11 ack=12 ──│ LAST-ACK      0.050
             0.240 FIN-WAIT-1   │── FIN ACK seq=11 ack=11 ────────────────────────────────▶│ LAST-ACK      0.250
                                │                               (drops it: outside window) │
             0.260 FIN-WAIT-2   │◀──────────────────────────────────── ACK seq=12 ack=12 ──│ LAST-ACK      0.250
             0.260 TIME-WAIT    │◀──────────────────────────────── FIN ACK seq=11 ack=12 ──│ LAST-ACK      0.250
             0.260 TIME-WAIT    │── ACK seq=12 ack=12 ────────────────────────────────────▶│ CLOSED        0.270
             0.260 TIME-WAIT    ┤ told: end of file                                        │
                                ┊                   · · ·  59.9 s  · · ·                   ┊
            60.260 CLOSED       ┤ (2 MSL timeout)                                          │
            """
        #expect(hosts.ladder().joined(separator: "\n") == expected)
    }

    @Test("segments that cross are drawn in two parts with a tag")
    func crossing() throws {
        let hosts = Hosts()
        try hosts.client.open(to: hosts.server.endpoint(5_000), from: 4_000)
        try hosts.server.open(to: hosts.client.endpoint(4_000), from: 5_000)
        hosts.network.run(for: .milliseconds(15))
        let expected = """
            client 10.0.0.1                                                                      server 10.0.0.2
                               │                                                            │
            0.000 SYN-SENT     ┤ OPEN                                                       │
                               │                                                       OPEN ├ SYN-SENT     0.000
            0.000 SYN-SENT     │── SYN seq=0 ──────────────────────────────▸ ①              │
                               │              ② ◂────────────────────────────── SYN seq=0 ──│ SYN-SENT     0.000
                               │                ① SYN seq=0 ───────────────────────────────▶│ SYN-RECEIVED 0.010
                               │            on its way …───────────── SYN ACK seq=0 ack=1 ──│ SYN-RECEIVED 0.010
            0.010 SYN-RECEIVED │◀─────────────────────────────── SYN seq=0 ②                │
            0.010 SYN-RECEIVED │── SYN ACK seq=0 ack=1 ─────────────… on its way            │
            """
        #expect(hosts.ladder().joined(separator: "\n") == expected)
    }

    @Test("what one end handles at one instant is not drawn as a crossing")
    func simultaneous() throws {
        let hosts = Hosts()
        try hosts.server.listen(on: 9_877) { Passive() }
        try hosts.client.open(to: hosts.server.endpoint(9_877), Sender(4_000, closes: false))
        hosts.network.run(for: .seconds(1))
        #expect(!hosts.ladder().contains { $0.contains("①") })
    }

    @Test("absolute numbers and details are shown on request")
    func details() throws {
        let hosts = Hosts()
        try hosts.server.listen(on: 9_877) { Passive() }
        try hosts.client.open(to: hosts.server.endpoint(9_877))
        hosts.network.run(for: .seconds(1))
        let plain = hosts.ladder(.absolute)
        #expect(plain.contains { $0.contains("── SYN seq=1000 ──") })
        #expect(plain.contains { $0.contains("── SYN ACK seq=5000 ack=1001 ──") })
        let full = hosts.ladder(details: [.window, .options])
        #expect(full.contains { $0.contains("── SYN seq=0 win=65535 mss=1460 wscale=7 ──") })
        #expect(full.contains { $0.contains("── ACK seq=1 ack=1 win=3840 ──") })
    }

    @Test("a segment that was not used says why, a damaged one and a copy are marked")
    func remarks() {
        let raw = RawNetwork()
        raw.network.addRule(
            SegmentFilter(.corrupt(bit: 8 * 25), ordinals: 1...1) { _, _ in true }, between: raw.peer, raw.host)
        raw.send()
        raw.network.run(for: .milliseconds(50))
        raw.network.addRule(
            SegmentFilter(.duplicate(after: .milliseconds(5)), ordinals: 1...1) { _, _ in true }, between: raw.peer,
            raw.host)
        raw.send()
        raw.network.run(for: .milliseconds(50))
        let lines = Ladder(raw.network.trace, left: raw.peer.id, right: raw.host.id).lines
        let drawing = lines.map { String($0.filter { $0 != "─" }) }.joined(separator: "\n")
        #expect(drawing.contains("│ damaged ACK seq=1 ack=1 ▶│ CLOSED       0.010"))
        #expect(drawing.contains("(drops it: bad TCP checksum) │"))
        #expect(drawing.contains("copy ACK seq=1 ack=1 ▶│ CLOSED       0.065"))
        #expect(drawing.contains("(drops it: closed port) │"))
    }

    @Test("connections that share a ladder are told apart by their ports")
    func ports() throws {
        let hosts = Hosts()
        try hosts.server.listen(on: 9_877) { Passive() }
        try hosts.server.listen(on: 9_878) { Passive() }
        var reuse = ConnectionOptions()
        reuse.reusesAddress = true
        try hosts.client.open(to: hosts.server.endpoint(9_877), from: 4_000)
        hosts.network.run(for: .milliseconds(50))
        try hosts.client.open(to: hosts.server.endpoint(9_877), from: 4_001)
        hosts.network.run(for: .milliseconds(50))
        #expect(hosts.ladder().contains { $0.contains("── :4001 SYN seq=0 ──") })
        try hosts.client.open(to: hosts.server.endpoint(9_878), from: 4_001, options: reuse)
        hosts.network.run(for: .milliseconds(50))
        #expect(hosts.ladder().contains { $0.contains("── :4001/:9878 SYN seq=0 ──") })
    }
}
