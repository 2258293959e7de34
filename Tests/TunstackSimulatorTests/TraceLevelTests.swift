import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

private func transfer(keeping level: TraceLevel) throws -> (
    network: SimulatedNetwork, server: SimulatedHost, client: SimulatedHost
) {
    let network = SimulatedNetwork(seed: 3, keeping: level)
    let client = network.addHost("client", IPv4Address(10, 0, 0, 1))
    let server = network.addHost("server", IPv4Address(10, 0, 0, 2))
    network.link(client, server, path: try PathConditions(parsing: "delay=5ms loss=2% duplicate=2%"))
    try server.listen(on: 80) { Reader() }
    try client.open(to: server.endpoint(80), Sender(200_000, closes: true))
    network.run(for: .seconds(60))
    return (network, server, client)
}

@Suite("Trace levels")
struct TraceLevelTests {
    @Test("what is kept does not change what happens", arguments: [TraceLevel.none, .recent(1), .recent(50)])
    func sameRun(level: TraceLevel) throws {
        let (full, kept) = (try transfer(keeping: .full), try transfer(keeping: level))
        #expect(full.network.trace.packets.count == full.network.packetCount)
        #expect(kept.network.packetCount == full.network.packetCount)
        #expect(kept.server.accepted.first?.bytesReceived == 200_000)
        #expect(kept.client.counters.packetsSent == full.client.counters.packetsSent)
    }

    @Test("a network that keeps nothing has its nodes and nothing else")
    func none() throws {
        let trace = try transfer(keeping: .none).network.trace
        #expect(trace.packets.isEmpty && trace.events.isEmpty)
        #expect(trace.nodes.map(\.name) == ["client", "server"])
    }

    @Test(
        "the last packets are those of the full trace, and ladder and capture can be made of them",
        arguments: [1, 7, 60])
    func recent(limit: Int) throws {
        let full = try transfer(keeping: .full).network.trace
        let (network, server, client) = try transfer(keeping: .recent(limit))
        let trace = network.trace
        #expect((limit...limit + 1).contains(trace.packets.count))
        #expect(trace.packets.map(\.number) == Array(trace.packets.indices))
        #expect(trace.packets.map(\.bytes) == full.packets.suffix(trace.packets.count).map(\.bytes))
        #expect(trace.packets.map(\.fate) == full.packets.suffix(trace.packets.count).map(\.fate))
        let ladder = Ladder(trace, left: client.id, right: server.id)
        #expect(!ladder.lines.isEmpty)
        #expect(!trace.pcapng(name: "link", capturedAt: .sender).isEmpty)
    }

    @Test("events without packets do not pile up either")
    func calls() throws {
        let network = SimulatedNetwork(seed: 1, keeping: .recent(2))
        let host = network.addHost("host", IPv4Address(10, 0, 0, 1))
        for _ in 0..<1_000 {
            let listener = try host.listen(on: 80) { Passive() }
            host.closeListener(listener)
        }
        #expect((1...32).contains(network.trace.events.count))
    }
}
