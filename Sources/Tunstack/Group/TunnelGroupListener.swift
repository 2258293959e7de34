public import TunstackWire

/// A listener on all stacks of a ``TunnelGroup``, at one socket.
public struct TunnelGroupListener: Sendable {
    /// The listeners of the stacks, in their order.
    public let listeners: [TCPListener]
    /// Where it listens.
    public let localEndpoint: Endpoint

    /// Accepts connections on all stacks until the listener is closed. See ``TCPListener/forEachConnection(_:)``; a connection is
    /// handled on the executor of its own stack, so handlers of different stacks run at the same time.
    ///
    /// - Throws: ``AcceptError/cancelled``, when all handlers have returned.
    public func forEachConnection(
        _ handler: nonisolated(nonsending) @escaping @Sendable (TCPConnection) async -> Void
    ) async throws(AcceptError) {
        let failure = await withTaskGroup(of: AcceptError?.self) { group in
            for listener in listeners {
                group.addTask {
                    do throws(AcceptError) {
                        try await listener.forEachConnection(handler)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if let failure { throw failure }
    }

    /// Stops listening on all stacks.
    public func close() async {
        for listener in listeners { await listener.close() }
    }
}
