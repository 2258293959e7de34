import TestSupport
import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

@Suite("A transfer over a queue that marks (RFC 3168)")
struct ECNTransferTests {
    private static let size = 12_000_000
    private static let rate: Int64 = 20_000_000

    /// A bulk transfer over 20 Mbit/s and 20 ms, with a queue of as many packets as the path holds, which marks from a half on.
    private func transfer(
        ecn: Bool, congestion: CongestionAlgorithm
    ) throws -> (utilisation: Int, trace: PacketTrace, client: SimulatedHost, server: SimulatedHost) {
        let network = SimulatedNetwork(seed: 1)
        let configure: (inout StackConfiguration) -> Void = {
            $0.defaultConnectionOptions.ecn = ecn
            $0.defaultConnectionOptions.congestion = congestion
        }
        let client = network.addHost("client", IPv4Address(10, 0, 0, 1), configure: configure)
        let server = network.addHost("server", IPv4Address(10, 0, 0, 2), configure: configure)
        var path = PathConditions(delay: .milliseconds(10))
        path.rate = Self.rate
        path.queue = 100
        path.ecnThreshold = 50
        network.link(client, server, path: path)
        try server.listen(on: 9_877) { Reader(showsReads: false) }
        try client.open(to: server.endpoint(9_877), Sender(Self.size, closes: true))
        network.run(for: .seconds(60))
        #expect(server.accepted.first?.bytesReceived == Self.size)
        #expect(server.accepted.first?.isIntact == true)

        // What the link carried while there was text to send, in per cent of its rate.
        let texts = network.trace.packets.filter { $0.sender == client.id && $0.bytes.count > 1_000 }
        let arrivals = texts.compactMap { packet -> Instant? in
            guard case .arrived(let time) = packet.fate else { return nil }
            return time
        }
        let first = try #require(texts.first?.sentAt)
        let last = try #require(arrivals.last)
        let bits = arrivals.count * 1_500 * 8
        let capacity = (last - first).nanoseconds / 1_000 * Self.rate / 1_000_000
        return (bits * 100 / Int(capacity), network.trace, client, server)
    }

    @Test(
        "with ECN nothing is lost and the link is busy; without, the same queue drops",
        .requirement("RFC3168 §6.1.2"), arguments: [CongestionAlgorithm.newReno, .cubic])
    func marksInsteadOfDrops(congestion: CongestionAlgorithm) throws {
        let marked = try transfer(ecn: true, congestion: congestion)
        #expect(marked.trace.packets.allSatisfy { $0.fate != .lost("queue full") })
        #expect(marked.trace.packets.contains { $0.isMarked })
        #expect(marked.client.counters.segmentsRetransmitted == 0)
        #expect(marked.client.counters.retransmissionTimeouts == 0)
        #expect(marked.client.counters.congestionEchoesReceived > 0)
        #expect(marked.server.counters.congestionMarksReceived > 0)
        #expect(marked.utilisation >= 95)

        let dropped = try transfer(ecn: false, congestion: congestion)
        #expect(dropped.trace.packets.contains { $0.fate == .lost("queue full") })
        #expect(!dropped.trace.packets.contains { $0.isMarked })
        #expect(dropped.client.counters.segmentsRetransmitted > 0)
        #expect(dropped.client.counters.congestionEchoesReceived == 0)
    }
}
