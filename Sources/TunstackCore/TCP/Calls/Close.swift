/// CLOSE (RFC 9293 §3.9.1.4, §3.10.4), and the application's farewell.
extension Stack {
    /// Closes our direction: a FIN follows everything that was queued. The other direction stays open, and the application may go
    /// on to receive (half-close).
    ///
    /// - Throws: `ConnectionError.connectionClosing` if it was closed before, `.connectionEnded` if there is nothing to close.
    public mutating func close(_ id: ConnectionID, at now: Instant) throws(ConnectionError) {
        environment.now = now
        let index = try index(of: id)
        try connections[index].close(&environment)
        refresh(index)
    }

    /// CLOSE in LISTEN: stops listening. Half-open entries are forgotten; connections that wait to be accepted are aborted.
    public mutating func closeListener(_ listener: ListenerID, at now: Instant) {
        let index = Int(listener.index)
        guard listeners.contains(index, generation: listener.generation) else { return }
        environment.now = now
        for halfOpen in halfOpens.indices where halfOpens.isOccupied(halfOpen) {
            if halfOpens[halfOpen].listener == listener { removeHalfOpen(halfOpen, because: .close) }
        }
        while let waiting = accept(listener) {
            abort(waiting, at: now)
            release(waiting, at: now)
        }
        listenTable[listeners[index].local] = nil
        recordListener(StateTransition(.listen, .closed, .close), at: listeners[index].local)
        _ = listeners.remove(index)
    }

    /// The application will not use the connection any more. If it is open, it is closed; if the peer's data was not read, or
    /// data comes later, the peer is told by a reset that it was lost (RFC 9293 §3.6.1, MAY-1, SHLD-3).
    ///
    /// The handle is stale from the moment the connection has ended, or at once if it has.
    public mutating func release(_ id: ConnectionID, at now: Instant) {
        environment.now = now
        let index = Int(id.index)
        guard connections.contains(index, generation: id.generation), !connections[index].isReleased else { return }
        if connections[index].receiveBuffer.readable > 0 { connections[index].abortUnread(&environment) }
        connections[index].release(&environment)
        refresh(index)
    }
}

extension Connection {
    fileprivate mutating func close(_ environment: inout Environment) throws(ConnectionError) {
        guard !finIsQueued || state == .closed else { throw .connectionClosing }
        switch state {
        case .closed, .listen, .timeWait:
            throw closeReason.map(ConnectionError.connectionEnded) ?? .connectionClosing
        case .synSent:
            end(.closedBeforeEstablished, because: .close, &environment)
        case .synReceived where !sendBuffer.isEmpty:
            // Data that waits for ESTABLISHED goes first, so the CLOSE waits with it.
            finIsQueued = true
        case .synReceived, .established:
            finIsQueued = true
            transition(to: .finWait1, because: .close, &environment)
        case .closeWait:
            finIsQueued = true
            transition(to: .lastAck, because: .close, &environment)
        case .finWait1, .finWait2, .closing, .lastAck:
            throw .connectionClosing
        }
    }

    fileprivate mutating func release(_ environment: inout Environment) {
        isReleased = true
        progressAt = environment.now
        events = []
        receiveBuffer.discard(pool: &environment.pool)
        switch state {
        case .synSent, .synReceived, .established, .closeWait:
            // These accept a CLOSE, unless one is queued already.
            do throws(ConnectionError) { try close(&environment) } catch { return }
        case .finWait2: armFinWait2(at: environment.now)
        case .closed, .listen, .finWait1, .closing, .lastAck, .timeWait: break
        }
    }
}
