import TunstackCore
public import TunstackWire

/// A port at which a stack waits for connections.
///
/// It is a sequence of connections, which ends when the listener is closed:
///
///     for try await connection in listener { ... }
///
/// Several tasks may accept from one listener; each connection goes to one of them. When nobody refers to the listener any
/// more, it is closed.
public final class TCPListener: Sendable {
    /// The stack it belongs to.
    public let stack: TunnelStack
    /// Where it listens; the unspecified address stands for all addresses of the stack.
    public let localEndpoint: Endpoint

    private let id: ListenerID

    init(stack: TunnelStack, id: ListenerID, localEndpoint: Endpoint) {
        self.stack = stack
        self.id = id
        self.localEndpoint = localEndpoint
    }

    deinit {
        let (stack, id) = (stack, id)
        Task(executorPreference: stack.executor) { await stack.closeListener(id) }
    }

    /// Suspends until a peer has connected.
    ///
    /// - Returns: The connection; it may have been closed or reset by its peer in the meantime.
    /// - Throws: ``AcceptError``.
    public nonisolated(nonsending) func accept() async throws(AcceptError) -> TCPConnection {
        try await stack.accept(from: id)
    }

    /// Stops listening. Connections that nobody has accepted are aborted, those that were accepted live on.
    public nonisolated(nonsending) func close() async {
        await stack.closeListener(id)
    }

    /// Accepts connections until the listener is closed, and runs `handler` for each in a task of its own, isolated to the stack: on
    /// the stack's executor, where calls to the connection cost no change of thread.
    ///
    /// A handler should close its connection; otherwise the connection is aborted when the handler returns. Cancelling the
    /// caller's task ends the accepting and cancels the handlers.
    ///
    /// - Parameter handler: Must not block.
    /// - Throws: ``AcceptError/cancelled``, when all handlers have returned.
    public func forEachConnection(
        _ handler: nonisolated(nonsending) @escaping @Sendable (TCPConnection) async -> Void
    ) async throws(AcceptError) {
        let failure = await withTaskExecutorPreference(stack.executor) {
            await stack.serve(from: id, handler)
        }
        if failure == .cancelled { throw failure }
    }
}

extension TCPListener: AsyncSequence {
    /// Hands out connections.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let listener: TCPListener

        /// The next connection; nil when the listener or the stack is closed.
        ///
        /// - Throws: ``AcceptError/cancelled``.
        public nonisolated(nonsending) mutating func next() async throws(AcceptError) -> TCPConnection? {
            do throws(AcceptError) {
                return try await listener.accept()
            } catch {
                guard error == .cancelled else { return nil }
                throw error
            }
        }
    }

    /// Starts to accept.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(listener: self)
    }
}
