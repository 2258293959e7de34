import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

/// A transfer in both directions over a link that does everything to it that a link can do.
private func transfer(seed: UInt64) throws -> (
    network: SimulatedNetwork, client: SimulatedSocket, server: SimulatedSocket?
) {
    let network = SimulatedNetwork(seed: seed)
    let client = network.addHost("client", IPv4Address(10, 0, 0, 1))
    let server = network.addHost("server", IPv4Address(10, 0, 0, 2))
    network.link(
        client, server, latency: .milliseconds(10),
        rules: [
            RandomLoss(perMille: 30), RandomDuplication(perMille: 20, delay: .milliseconds(30)),
            RandomReordering(perMille: 30, delay: .milliseconds(30)), RandomCorruption(perMille: 20),
        ])
    try server.listen(on: 9_877) { Reader(answer: 60_000, closeDelay: .milliseconds(5)) }
    let socket = try client.open(to: server.endpoint(9_877), Sender(100_000, closes: true))
    network.run(for: .seconds(300))
    return (network, socket, server.accepted.first)
}

@Suite("Seeds")
struct DeterminismTests {
    @Test("the same seed gives the same bytes at the same times", arguments: [1, 7] as [UInt64])
    func same(seed: UInt64) throws {
        let (first, second) = (try transfer(seed: seed).network.trace, try transfer(seed: seed).network.trace)
        #expect(first.packets.count > 100)
        #expect(first.pcapng(name: "link", capturedAt: .sender) == second.pcapng(name: "link", capturedAt: .sender))
        #expect(first.packets.map(\.fate) == second.packets.map(\.fate))
    }

    @Test("another seed gives other bytes")
    func other() throws {
        let (first, second) = (try transfer(seed: 1).network.trace, try transfer(seed: 2).network.trace)
        #expect(first.packets.map(\.bytes) != second.packets.map(\.bytes))
        #expect(first.packets.map(\.fate) != second.packets.map(\.fate))
    }

    @Test("all bytes get across whatever the link does, and both ends close", arguments: 1...25 as ClosedRange<UInt64>)
    func intact(seed: UInt64) throws {
        let (_, client, server) = try transfer(seed: seed)
        #expect(server?.bytesReceived == 100_000)
        #expect(server?.isIntact == true)
        #expect(client.bytesReceived == 60_000)
        #expect(client.isIntact)
        #expect(client.closeReason == .closed)
        #expect(server?.closeReason == .closed)
    }

    @Test("scenarios are drawn alike every time", arguments: Scenario.all.map(\.name))
    func scenarios(name: String) throws {
        let scenario = try #require(Scenario.named(name))
        let (first, second) = (scenario.run(seed: 3), scenario.run(seed: 3))
        #expect(first.parts.map { $0.ladder()?.lines } == second.parts.map { $0.ladder()?.lines })
        #expect(first.pcapng(name: name) == second.pcapng(name: name))
    }
}
