public import TunstackCore
public import TunstackWire

/// Passive OPEN (RFC 9293 §3.9.1.1), and accepting.
extension TunnelStack {
    /// Listens at a port of any address of the stack.
    ///
    /// - Parameters:
    ///   - port: 1 to 65,535.
    ///   - options: The queues' sizes, and what connections start with.
    /// - Throws: ``BindError``.
    public func listen(
        port: Port, options: ListenerOptions = ListenerOptions()
    ) throws(BindError) -> TCPListener {
        try listen(on: Endpoint(IPAddress.unspecified, port), options: options)
    }

    /// Listens at a socket. Connections are completed from now on, and wait in the listener's backlog until they are
    /// accepted.
    ///
    /// - Parameters:
    ///   - local: An address of the stack, or the unspecified one for all of them, and a port.
    ///   - options: The queues' sizes, and what connections start with.
    /// - Throws: ``BindError``.
    public func listen(
        on local: Endpoint, options: ListenerOptions = ListenerOptions()
    ) throws(BindError) -> TCPListener {
        guard phase == .running else { throw .stackClosed }
        let id: ListenerID
        do throws(ListenError) {
            id = try driver.core.listen(on: local, options: options, at: clock.now())
        } catch {
            throw BindError(error)
        }
        listenerWaiters.insert(ListenerWaiters(), for: id)
        settle()
        return TCPListener(stack: self, id: id, localEndpoint: local)
    }

    /// The next connection of a listener, when there is one.
    func accept(from id: ListenerID) async throws(AcceptError) -> TCPConnection {
        while true {
            guard listenerWaiters.contains(id) else { throw phase == .running ? .listenerClosed : .stackClosed }
            guard !Task.isCancelled else { throw .cancelled }
            if let connection = driver.core.accept(id) {
                settle()
                // The event may have stood for several connections.
                listenerWaiters[id]?.wakeOne()
                return adopt(connection)
            }
            if await waitToAccept(from: id) == .cancelled { throw .cancelled }
        }
    }

    /// Accepts connections, and runs `handler` for each in a task of its own and isolated to the stack, so that calls to the connection
    /// mostly go on where they are.
    ///
    /// - Returns: What ended it, when all handlers have returned.
    func serve(
        from id: ListenerID, _ handler: nonisolated(nonsending) @escaping @Sendable (TCPConnection) async -> Void
    ) async -> AcceptError {
        await withDiscardingTaskGroup { group in
            while true {
                do throws(AcceptError) {
                    let connection = try await accept(from: id)
                    // It begins right here, which saves a job of the executor.
                    group.addImmediateTask { await self.handle(connection, handler) }
                } catch {
                    return error
                }
            }
        }
    }

    private func handle(
        _ connection: TCPConnection, _ handler: nonisolated(nonsending) (TCPConnection) async -> Void
    ) async {
        await handler(connection)
    }

    /// Stops listening; connections that nobody has accepted are aborted. Doing it again does nothing.
    func closeListener(_ id: ListenerID) {
        stopListening(id)
        settle()
    }

    /// The same as a part of a turn.
    func stopListening(_ id: ListenerID) {
        guard listenerWaiters.contains(id) else { return }
        listenerWaiters[id]?.wakeAll()
        listenerWaiters[id] = nil
        driver.core.closeListener(id, at: clock.now())
    }
}
