import NetworkTestSupport
import Testing

@testable import Tunstack

/// Two stacks behind the queues of a real TUN, in a network namespace of its own.
@Suite(
    "TunnelGroup in the kernel",
    .enabled("needs root, /dev/net/tun and network namespaces") { await PrivateNetwork.isAvailable() },
    .timeLimit(.minutes(1)))
struct TunnelGroupTests {
    /// A group of stacks at 10.77.0.2, and a listener of the kernel's at 10.77.0.1:5001.
    private func makeGroup(queues: Int) async throws -> (TunnelGroup, KernelTCPListener) {
        let (group, listener) = try await PrivateNetwork.run {
            let group = try TunnelGroup(TunnelOptions(), queues: queues)
            return (group, try KernelTCPListener(address: 0x0A4D_0001, port: 5001))
        }
        try await group.start()
        return (group, listener)
    }

    private static let kernel = Endpoint(IPv4Address(10, 77, 0, 1), 5001)

    @Test("connections that the group opens are on both stacks, and each gets its own bytes")
    func activeOpens() async throws {
        let (group, listener) = try await makeGroup(queues: 2)
        var connections: [TCPConnection] = []
        for number in 0..<200 {
            let connection = try await group.connect(to: Self.kernel)
            try await connection.write([UInt8(number)])
            connections.append(connection)
        }
        for stack in group.stacks {
            let count = connections.count { $0.stack === stack }
            #expect(count == 100)
        }
        let echoed = await Task.detached { listener.echoOneByte(of: 200) }.value
        #expect(echoed == 200)
        for (number, connection) in connections.enumerated() {
            #expect(try await connection.read() == [UInt8(number)])
            await connection.abort()
        }
        #expect(await group.handoverCounters.packetsLost == 0)
        await group.shutdown(gracePeriod: .zero)
    }

    @Test("a connection from a port of the caller's choice is opened by its owner")
    func chosenPorts() async throws {
        let (group, listener) = try await makeGroup(queues: 2)
        for port in 2_000..<2_030 as Range<UInt16> {
            let local = Endpoint(IPAddress.unspecified, Port(port))
            let connection = try await group.connect(to: Self.kernel, from: local)
            #expect(connection.localEndpoint.port == Port(port))
            try await connection.write([7])
            await connection.abort()
        }
        _ = listener
        await group.shutdown(gracePeriod: .zero)
    }

    @Test("a port that one stack cannot listen at is listened at by none")
    func listenOnAll() async throws {
        let (group, _) = try await makeGroup(queues: 2)
        let listener = try await group.stacks[1].listen(port: 80)
        await #expect(throws: BindError.addressInUse) { try await group.listen(port: 80) }
        await listener.close()
        let both = try await group.listen(port: 80)
        #expect(both.listeners.count == 2)
        await both.close()
        await group.shutdown(gracePeriod: .zero)
        #expect(await group.closed() == nil)
    }
}
