import TestSupport
import Testing

@testable import Tunstack

@Suite("The end of a stack", .timeLimit(.minutes(1)))
struct ShutdownTests {
    @Test("a shutdown closes connections, waits for peers that close in return, and ends")
    func graceful() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let echoing = Task { try await client.echo() }
        try await server.write("last words".utf8)
        // A minute would outlast the time limit: it is the peer's closing that ends the wait.
        async let ended: Void = pair.server.shutdown(gracePeriod: .seconds(60))
        #expect(try await server.readAll() == Array("last words".utf8))
        await ended
        try await echoing.value
        #expect(await pair.server.closed() == nil)
        #expect(await pair.server.connections.allSatisfy { $0.state == .timeWait })
        await pair.client.shutdown(gracePeriod: .zero)
    }

    @Test("a peer that does not close is reset when the grace period is over")
    func stubbornPeer() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let reader = Task { await server.readError() }
        await pair.server.untilTaskWaits(as: .reader)
        await pair.server.shutdown(gracePeriod: .zero)
        #expect(await reader.value == .stackClosed)
        #expect(await pair.server.counters.resetsSent == 1)
        // The reset, or before that the cable, whose other end is closed as well.
        await pair.client.untilNoConnectionIsOpen()
        #expect(await client.readError() != nil)
        await pair.client.shutdown(gracePeriod: .zero)
    }

    @Test("connections that were let go of are aborted as well when the stack ends")
    func lettingGoIsNotEnough() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        await server.close()
        #expect(try await client.read() == nil)
        await pair.server.untilConnection(isIn: .finWait2)
        await pair.server.shutdown(gracePeriod: .zero)
        await pair.client.untilNoConnectionIsOpen()
        #expect(
            await client.writeError([1])
                == .connectionEnded(.resetByPeer))
        await pair.client.shutdown(gracePeriod: .zero)
    }

    @Test("a shutdown ends the sequence of a listener and everything that waits")
    func waitersEnd() async throws {
        let pair = try await StackPair()
        let listener = try await pair.server.listen(port: 9)
        let accepting = Task { try await listener.forEachConnection { await $0.close() } }
        await pair.server.shutdown()
        try await accepting.value
        #expect(await listener.acceptError() == .stackClosed)
        await pair.client.shutdown(gracePeriod: .zero)
    }

    @Test("calls on a stack that was shut down say so")
    func callsAfterwards() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let stack = pair.client
        await stack.shutdown(gracePeriod: .zero)
        await stack.shutdown()
        #expect(await stack.connectError() == .stackClosed)
        #expect(await stack.bindError(on: Endpoint(IPAddress.unspecified, 1)) == .stackClosed)
        #expect(await client.readError() == .stackClosed)
        #expect(await client.writeError([1]) == .stackClosed)
        withExtendedLifetime(server) {}
        await pair.server.shutdown(gracePeriod: .zero)
    }

    @Test("a stack whose cable is cut ends, says why, and lets nobody wait")
    func cutCable() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let reader = Task { await client.readError() }
        await pair.client.untilTaskWaits(as: .reader)
        // Without the last resets: the server's device is closed under it.
        await pair.server.shutdown(gracePeriod: .zero)
        let reason = await pair.client.closed()
        #expect(reason == .endOfStream || reason == .device(.deviceGone(Errno(rawValue: 32))))
        #expect(await reader.value != nil)
        #expect(await pair.client.connectError() == .stackClosed)
        withExtendedLifetime(server) {}
    }

    @Test("a stack that nobody refers to any more closes its device")
    func droppedStack() async throws {
        let (first, second) = try Cable.makeEnds()
        var stack: TunnelStack? = try await TunnelStack.open(
            adopting: first, configuration: StackPair.configuration(StackPair.clientAddress))
        let other = try await TunnelStack.open(
            adopting: second, configuration: StackPair.configuration(StackPair.serverAddress))
        #expect(await stack?.connections.isEmpty == true)
        stack = nil
        #expect(await other.closed() == .endOfStream)
    }
}
