public import TunstackCore
public import TunstackWire

/// Active OPEN (RFC 9293 §3.9.1.1), and the ways in which the application lets go of a connection.
extension TunnelStack {
    /// Connects to a peer, and suspends until it has agreed.
    ///
    /// - Parameters:
    ///   - remote: The peer's socket.
    ///   - local: Our socket; nil, or port 0, for an address of the stack and an ephemeral port (RFC 6056).
    ///   - options: What the connection starts with; nil for the stack's default.
    /// - Throws: ``ConnectError``; no connection is left behind then. Cancelling the task aborts the attempt.
    public func connect(
        to remote: Endpoint, from local: Endpoint? = nil, options: ConnectionOptions? = nil
    ) async throws(ConnectError) -> TCPConnection {
        guard phase == .running else { throw .stackClosed }
        guard !Task.isCancelled else { throw .cancelled }
        let id: ConnectionID
        do throws(OpenError) {
            id = try driver.core.open(to: remote, from: local, options: options, at: clock.now())
        } catch {
            throw ConnectError(error)
        }
        let connection = adopt(id)
        settle()
        connectionWaiters[id]?[.opener].hold()
        defer { connectionWaiters[id]?[.opener].leave() }
        while let status = driver.core.status(id) {
            if let reason = status.closeReason {
                letGo(of: id)
                let wasOurs = reason == .closedBeforeEstablished || reason == .aborted
                throw wasOurs && phase != .running ? .stackClosed : ConnectError(reason)
            }
            if status.state.isSynchronized { return connection }
            if await wait(as: .opener, on: id) == .cancelled {
                abort(id)
                throw .cancelled
            }
        }
        throw .stackClosed
    }

    /// Makes a handle for a connection of the core.
    func adopt(_ id: ConnectionID) -> TCPConnection {
        guard let key = driver.core.key(of: id) else {
            preconditionFailure("the core has just named this connection")
        }
        connectionWaiters.insert(ConnectionWaiters(), for: id)
        return TCPConnection(stack: self, id: id, localEndpoint: key.local, remoteEndpoint: key.remote)
    }

    /// Ends our direction; what was written is sent before. Doing it again does nothing.
    func shutdownWrite(_ id: ConnectionID) throws(WriteError) {
        do throws(ConnectionError) {
            try driver.core.close(id, at: clock.now())
        } catch {
            switch error {
            case .connectionClosing, .connectionEnded(.closed): return
            case .connectionDoesNotExist, .connectionEnded: throw writeError(error)
            }
        }
        settle()
    }

    /// Closes a connection and forgets it. Doing it again does nothing.
    func close(_ id: ConnectionID) {
        guard connectionWaiters.contains(id) else { return }
        letGo(of: id)
        settle()
    }

    /// Resets a connection and forgets it. Does nothing to a connection that was closed.
    func abort(_ id: ConnectionID) {
        guard connectionWaiters.contains(id) else { return }
        driver.core.abort(id, at: clock.now())
        letGo(of: id)
        settle()
    }

    /// Forgets a connection; the core finishes it.
    private func letGo(of id: ConnectionID) {
        connectionWaiters[id]?.wake(on: .closed)
        connectionWaiters[id] = nil
        driver.core.release(id, at: clock.now())
    }
}
