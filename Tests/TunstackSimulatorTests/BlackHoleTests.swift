import TestSupport
import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

@Suite("A path that swallows large packets (RFC 2923)")
struct BlackHoleTests {
    /// A megabyte over a path that takes packets of so many bytes and does not say so.
    private func transfer(over mtu: Int, mode: PathMTUProbing) throws -> (
        client: SimulatedHost, socket: SimulatedSocket
    ) {
        let network = SimulatedNetwork(seed: 7)
        let client = network.addHost("client", IPv4Address(10, 77, 0, 1)) {
            $0.defaultConnectionOptions.pathMTUProbing = mode
        }
        let server = network.addHost("server", IPv4Address(10, 77, 0, 2))
        var path = PathConditions()
        path.delay = .milliseconds(10)
        path.rate = 100_000_000
        path.mtu = mtu
        path.isBlackHole = true
        network.link(client, server, path: path)
        try server.listen(on: 9877) { Reader(showsReads: false) }
        let socket = try client.open(to: server.endpoint(9877), BulkTransfer(sending: 1 << 20))
        network.run(for: .seconds(10))
        let received = try #require(server.accepted.first)
        #expect(received.isIntact)
        #expect(received.bytesReceived == 1 << 20 || mode == .off, "\(received.bytesReceived)")
        return (client, socket)
    }

    @Test(
        "a megabyte gets through a black hole within seconds and a few time-outs", .requirement("RFC2923 §2.1"),
        arguments: [(1_280, 2), (1_400, 2), (576, 3), (1_100, 3)])
    func onBlackHole(mtu: Int, timeouts: UInt64) throws {
        let (client, _) = try transfer(over: mtu, mode: .onBlackHole)
        #expect(client.counters.retransmissionTimeouts <= timeouts)
        #expect(client.counters.pathMTUReductions == timeouts - 1)
    }

    @Test(
        "one that begins small never times out, and finds the size", .requirement("RFC4821 §7.2"),
        arguments: [1_280, 1_400, 1_492, 1_500])
    func always(mtu: Int) throws {
        let (client, _) = try transfer(over: mtu, mode: .always)
        #expect(client.counters.retransmissionTimeouts == 0)
        #expect(client.counters.pathMTUReductions == 0)
    }

    @Test("without detection nothing gets through")
    func off() throws {
        let (client, socket) = try transfer(over: 1_280, mode: .off)
        #expect(client.counters.retransmissionTimeouts > 3)
        #expect(socket.status?.pathMTU == 1_500)
    }
}
