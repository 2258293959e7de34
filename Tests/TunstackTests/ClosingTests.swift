import TestSupport
import Testing

@testable import Tunstack

@Suite("Closing and aborting", .timeLimit(.minutes(1)))
struct ClosingTests {
    @Test("an abort is a reset for the peer, not an end", .requirement("mission B44"))
    func abort() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        try await client.write([1])
        #expect(try await server.read() == [1])
        await client.abort()
        #expect(
            await server.readError()
                == .connectionEnded(.resetByPeer))
        #expect(
            await server.writeError([1])
                == .connectionEnded(.resetByPeer))
        await pair.shutdown()
    }

    @Test("a connection that is dropped without being closed is aborted")
    func dropped() async throws {
        let pair = try await StackPair()
        var client: TCPConnection?
        let server: TCPConnection
        (client, server) = try await pair.connected()
        #expect(client != nil)
        client = nil
        #expect(
            await server.readError()
                == .connectionEnded(.resetByPeer))
        await pair.shutdown()
    }

    @Test("a connection that was closed is not aborted when it is dropped")
    func closedAndDropped() async throws {
        let pair = try await StackPair()
        var client: TCPConnection?
        let server: TCPConnection
        (client, server) = try await pair.connected()
        let sent = pattern(30_000)
        try await client?.write(sent)
        await client?.close()
        client = nil
        #expect(try await server.readAll() == sent)
        await pair.shutdown()
    }

    @Test("calls after close say so, and closing twice does no harm")
    func afterClose() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        await client.close()
        await client.close()
        await client.abort()
        #expect(await client.readError() == .closed)
        #expect(await client.writeError([1]) == .closed)
        withExtendedLifetime(server) {}
        await pair.shutdown()
    }

    @Test("writing after shutdownWrite is refused, reading is not; a second shutdownWrite does nothing")
    func afterShutdownWrite() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        try await client.shutdownWrite()
        try await client.shutdownWrite()
        #expect(await client.writeError([1]) == .closed)
        try await server.write([2])
        #expect(try await client.read() == [2])
        await pair.shutdown()
    }

    @Test("closing wakes a reader of the same connection")
    func closeWakesReader() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let reader = Task { await client.readError() }
        await pair.client.untilTaskWaits(as: .reader)
        await client.close()
        #expect(await reader.value == .closed)
        withExtendedLifetime(server) {}
        await pair.shutdown()
    }

    @Test("when both ends have closed, only the active closer's TIME-WAIT is left", .requirement("mission B34"))
    func timeWaitRemains() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        await client.close()
        #expect(try await server.read() == nil)
        await server.close()
        await pair.client.untilConnection(isIn: .timeWait)
        await pair.server.untilNoConnectionIsOpen()
        #expect(await pair.client.connections.map(\.state) == [.timeWait])
        #expect(await pair.server.connections.isEmpty)
        await pair.shutdown()
    }
}
