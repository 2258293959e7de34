import TestSupport
import Testing

@testable import Tunstack

@Suite("Listening and accepting", .timeLimit(.minutes(1)))
struct ListenerTests {
    @Test("a listener is a sequence of connections that ends when it is closed")
    func sequence() async throws {
        let pair = try await StackPair()
        let listener = try await pair.server.listen(port: 7)
        let served = Task {
            var count = 0
            for try await connection in listener {
                count += 1
                await connection.close()
            }
            return count
        }
        for _ in 0..<3 {
            let connection = try await pair.client.connect(to: StackPair.echo)
            #expect(try await connection.read() == nil)
            await connection.close()
        }
        await listener.close()
        #expect(try await served.value == 3)
        await pair.shutdown()
    }

    @Test("a closed listener refuses new connections and leaves the old ones alone")
    func closedListener() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        #expect(await pair.client.connectError() == .refused)
        try await client.write([1])
        #expect(try await server.read() == [1])
        await pair.shutdown()
    }

    @Test("a listener that nobody refers to any more is closed")
    func droppedListener() async throws {
        let pair = try await StackPair()
        var listener: TCPListener? = try await pair.server.listen(port: 7)
        #expect(await pair.server.connections.map(\.state) == [.listen])
        #expect(listener != nil)
        listener = nil
        while await !pair.server.connections.isEmpty { await Task.yield() }
        #expect(await pair.client.connectError() == .refused)
        await pair.shutdown()
    }

    @Test("cancelling a task that accepts ends its wait; the listener goes on")
    func cancelledAccept() async throws {
        let pair = try await StackPair()
        let listener = try await pair.server.listen(port: 7)
        let acceptor = Task { await listener.acceptError() }
        await pair.server.untilTaskAccepts()
        acceptor.cancel()
        #expect(await acceptor.value == .cancelled)
        async let accepted = listener.accept()
        let connection = try await pair.client.connect(to: StackPair.echo)
        #expect(try await accepted.remoteEndpoint == connection.localEndpoint)
        await pair.shutdown()
    }

    @Test("several tasks can accept from one listener, and each connection goes to one of them")
    func severalAcceptors() async throws {
        let pair = try await StackPair()
        let listener = try await pair.server.listen(port: 7)
        try await withThrowingTaskGroup(of: TCPConnection.self) { group in
            for _ in 0..<8 {
                group.addTask { try await listener.accept() }
            }
            var opened: [TCPConnection] = []
            for _ in 0..<8 { opened.append(try await pair.client.connect(to: StackPair.echo)) }
            var accepted: [TCPConnection] = []
            for try await connection in group { accepted.append(connection) }
            #expect(Set(accepted.map(\.remoteEndpoint)) == Set(opened.map(\.localEndpoint)))
            #expect(Set(opened.map(\.localEndpoint)).count == 8)
        }
        await pair.shutdown()
    }

    @Test("handlers are isolated to the stack, on its own executor")
    func handlersOnExecutor() async throws {
        let pair = try await StackPair()
        let listener = try await pair.server.listen(port: 7)
        let serving = Task {
            try await listener.forEachConnection { connection in
                let isolation = #isolation
                #expect(isolation === connection.stack)
                #expect(Self.isRunning(on: connection.stack.executor))
                await connection.close()
            }
        }
        #expect(try await pair.client.connect(to: StackPair.echo).read() == nil)
        await listener.close()
        try await serving.value
        await pair.shutdown()
    }

    /// Asked by a function that has no executor of its own to go to.
    private static func isRunning(on executor: any SerialExecutor) -> Bool {
        executor.isIsolatingCurrentContext() == true
    }

    @Test("a port can be listened on once, and not by other addresses")
    func bindErrors() async throws {
        let pair = try await StackPair()
        let listener = try await pair.server.listen(port: 7)
        let server = pair.server
        #expect(await server.bindError(on: Endpoint(IPAddress.unspecified, 7)) == .addressInUse)
        #expect(await server.bindError(on: Endpoint(IPAddress.unspecified, 0)) == .invalidPort)
        let foreign = Endpoint(StackPair.clientAddress, 8)
        #expect(
            await server.bindError(on: foreign)
                == .addressNotAvailable)
        await listener.close()
        _ = try await server.listen(port: 7)
        await pair.shutdown()
    }

    @Test("500 connections that are open at once get their own bytes back")
    func fiveHundred() async throws {
        let pair = try await StackPair()
        let listener = try await pair.server.listen(port: 7)
        let serving = Task {
            try await listener.forEachConnection { connection in
                do {
                    try await connection.echo()
                } catch {
                    Issue.record(error)
                }
            }
        }
        var connections: [TCPConnection] = []
        for _ in 0..<500 { connections.append(try await pair.client.connect(to: StackPair.echo)) }
        #expect(await pair.client.connections.count { $0.state == .established } == 500)

        try await withThrowingTaskGroup(of: Bool.self) { group in
            for (number, connection) in connections.enumerated() {
                // Some at a time: the socket between the stacks holds fewer packets than there are connections.
                if number >= 16 { #expect(try await group.next() == true) }
                group.addTask {
                    let sent = pattern(400, seed: number)
                    try await connection.write(sent)
                    try await connection.shutdownWrite()
                    let isRight = try await connection.readAll() == sent
                    await connection.close()
                    return isRight
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        await listener.close()
        try await serving.value
        #expect(await pair.server.counters.passiveOpens == 500)
        await pair.shutdown()
    }
}
