import TestSupport
import Testing

@testable import Tunstack

@Suite("Connecting", .timeLimit(.minutes(1)))
struct ConnectTests {
    @Test("a connection has the sockets that were asked for, at both ends", .requirement("mission B1"))
    func endpoints() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        #expect(client.remoteEndpoint == StackPair.echo)
        #expect(server.localEndpoint == StackPair.echo)
        #expect(client.localEndpoint == server.remoteEndpoint)
        #expect(client.localEndpoint.address == IPAddress(StackPair.clientAddress))
        #expect(await client.status()?.state == .established)
        #expect(await server.status()?.state == .established)
        await pair.shutdown()
    }

    @Test("a local socket can be chosen")
    func chosenLocal() async throws {
        let pair = try await StackPair()
        let listener = try await pair.server.listen(port: 7)
        let local = Endpoint(StackPair.clientAddress, 4_711)
        let connection = try await pair.client.connect(to: StackPair.echo, from: local)
        #expect(connection.localEndpoint == local)
        #expect(try await listener.accept().remoteEndpoint == local)
        await pair.shutdown()
    }

    @Test("a port without a listener refuses", .requirement("mission B19"))
    func refused() async throws {
        let pair = try await StackPair()
        #expect(await pair.client.connectError() == .refused)
        #expect(await pair.client.connections.isEmpty)
        await pair.shutdown()
    }

    @Test("a peer that does not answer within the user timeout is a timeout", .requirement("mission B18"))
    func timedOut() async throws {
        let (end, other) = try Cable.makeEnds()
        let silent = BareEnd(other)
        let stack = try await TunnelStack.open(
            adopting: end, configuration: StackPair.configuration(StackPair.clientAddress))
        var options = ConnectionOptions()
        options.userTimeout = .milliseconds(1)
        #expect(await stack.connectError(options: options) == .timedOut)
        await stack.shutdown(gracePeriod: .zero)
        _ = consume silent
    }

    @Test("cancelling the task aborts the attempt")
    func cancelled() async throws {
        let (end, other) = try Cable.makeEnds()
        let silent = BareEnd(other)
        let stack = try await TunnelStack.open(
            adopting: end, configuration: StackPair.configuration(StackPair.clientAddress))
        let attempt = Task { await stack.connectError() }
        await stack.untilTaskWaits(as: .opener)
        attempt.cancel()
        #expect(await attempt.value == .cancelled)
        #expect(await stack.connections.isEmpty)
        await stack.shutdown(gracePeriod: .zero)
        _ = consume silent
    }

    @Test("a task that is cancelled already does not begin to connect")
    func cancelledBefore() async throws {
        let pair = try await StackPair()
        let client = pair.client
        let attempt = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await client.connectError()
        }
        #expect(await attempt.value == .cancelled)
        #expect(await client.counters.activeOpens == 0)
        await pair.shutdown()
    }

    @Test("addresses that no host has, and those of others, are refused")
    func invalidAddresses() async throws {
        let pair = try await StackPair()
        let client = pair.client
        let broadcast = Endpoint(IPv4Address.broadcast, 7)
        #expect(await client.connectError(to: broadcast) == .invalidRemote)
        #expect(
            await client.connectError(from: Endpoint(StackPair.serverAddress, 1))
                == .addressNotAvailable)
        await pair.shutdown()
    }

    @Test("the stack's limit of connections is an error of its own")
    func tooMany() async throws {
        let pair = try await StackPair { $0.limits.connections = 0 }
        #expect(await pair.client.connectError() == .tooManyConnections)
        await pair.shutdown()
    }

    @Test("the quiet time after the start is told", .requirement("mission B40"))
    func quietTime() async throws {
        let pair = try await StackPair { $0.keepsQuietTime = true }
        let failure = await pair.client.connectError()
        guard case .quietTime(let remaining) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(remaining > .zero && remaining <= .seconds(30))
        await pair.shutdown()
    }
}
