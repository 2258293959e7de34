public import TunstackWire

/// OPEN (RFC 9293 §3.9.1.1, §3.10.1).
extension Stack {
    /// A passive OPEN: waits for connections at a local socket. Connections that there are stay as they are (MUST-41).
    ///
    /// - Parameters:
    ///   - local: the socket; with the unspecified address, any address of the stack (MUST-43).
    ///   - options: the queues' sizes, and what connections start with.
    /// - Returns: a handle for `accept(_:)` and `closeListener(_:at:)`.
    /// - Throws: `ListenError`; nothing has changed then.
    public mutating func listen(
        on local: Endpoint, options: ListenerOptions = ListenerOptions(), at now: Instant
    ) throws(ListenError) -> ListenerID {
        environment.now = now
        let isAny = local.address == .unspecified
        guard isAny || local.address.v4.map(addresses.contains) == true else { throw .addressNotAvailable }
        guard local.port != 0 else { throw .invalidPort }
        guard listenTable[local] == nil, options.reusesAddress || !isHeld(local) else { throw .addressInUse }
        guard listeners.count < environment.configuration.limits.listeners else { throw .tooManyListeners }

        let listener = Listener(
            local: local, options: options,
            connectionOptions: (options.connectionOptions ?? environment.configuration.defaultConnectionOptions)
                .normalized)
        let index = listeners.insert(listener)
        let id = ListenerID(index: UInt32(index), generation: listeners.generation(of: index))
        listenTable[local] = id
        recordListener(StateTransition(.closed, .listen, .passiveOpen), at: local)
        return id
    }

    /// Whether a connection holds the local socket: one that is synchronized, or what is left of one in TIME-WAIT. Half-open
    /// ones do not count (MUST-42).
    private func isHeld(_ local: Endpoint) -> Bool {
        for index in connections.indices where connections.isOccupied(index) {
            guard local.covers(connections.key(of: index).local) else { continue }
            if connections[index].bookkeeping.isInTable, connections[index].state.isSynchronized { return true }
        }
        for index in timeWaits.indices where timeWaits.isOccupied(index) {
            if local.covers(timeWaits[index].key.local) { return true }
        }
        return false
    }

    /// A listener has no peer yet.
    mutating func recordListener(_ transition: StateTransition, at local: Endpoint) {
        environment.record(transition, of: ConnectionKey(local: local, remote: Endpoint(IPAddress.unspecified, 0)))
    }

    /// An active OPEN: sends a SYN.
    ///
    /// - Parameters:
    ///   - remote: the peer's socket.
    ///   - local: our socket; nil, or port 0, for an address of the stack (MUST-44) and an ephemeral port (RFC 6056).
    ///   - options: what the connection starts with; nil for the stack's default.
    /// - Returns: a handle; `established` or `closed` follows as an event.
    /// - Throws: `OpenError`; nothing has changed then.
    public mutating func open(
        to remote: Endpoint, from local: Endpoint? = nil, options: ConnectionOptions? = nil, at now: Instant
    ) throws(OpenError) -> ConnectionID {
        environment.now = now
        guard let peer = remote.address.v4, addresses.isPossiblePeer(peer), remote.port != 0 else {
            throw .invalidRemote
        }
        if let remaining = environment.quietTimeLeft { throw .quietTime(remaining: remaining) }
        guard connections.count + halfOpens.count < environment.configuration.limits.connections else {
            throw .tooManyConnections
        }
        let options = (options ?? environment.configuration.defaultConnectionOptions).normalized
        let key = ConnectionKey(
            local: try chooseLocal(local, for: remote, reusing: options.reusesAddress), remote: remote)

        var connection = Connection(
            key: key, origin: .active, state: .closed, iss: environment.initialSequenceNumber(for: key),
            irs: SequenceNumber(0), options: options, environment: environment)
        environment.routes[key] = options.sourceRoute
        connection.open(&environment)
        environment.counters.activeOpens &+= 1
        let index = insert(connection)
        refresh(index)
        return id(of: index)
    }

    private mutating func chooseLocal(
        _ asked: Endpoint?, for remote: Endpoint, reusing: Bool
    ) throws(OpenError) -> Endpoint {
        var address = addresses.primary
        if let asked, asked.address != .unspecified {
            address = asked.address.v4.flatMap { addresses.contains($0) ? $0 : nil }
        }
        guard let address else { throw .addressNotAvailable }
        if let asked, asked.port != 0 {
            let local = Endpoint(address, asked.port)
            guard isOurs(ConnectionKey(local: local, remote: remote)) else { throw .addressNotAvailable }
            // The pair is taken while a connection or TIME-WAIT has it; the port alone, while anything holds it.
            guard find(ConnectionKey(local: local, remote: remote)) == nil, reusing || !isHeld(local),
                self.listener(for: local) == nil
            else { throw .connectionExists }
            return local
        }
        var ports = ephemeralPorts
        defer { ephemeralPorts = ports }
        let port = ports.choose(local: IPAddress(address), remote: remote) { port in
            let local = Endpoint(address, port)
            let key = ConnectionKey(local: local, remote: remote)
            return isOurs(key) && find(key) == nil && self.listener(for: local) == nil
        }
        guard let port else { throw .noPortAvailable }
        return Endpoint(address, port)
    }

    /// Whether packets of this connection would come to this stack.
    private func isOurs(_ key: ConnectionKey) -> Bool { environment.configuration.share?.owns(key) ?? true }
}

extension Endpoint {
    /// Whether a listener at this socket would answer for another: the same port, and the same address or any.
    fileprivate func covers(_ other: Endpoint) -> Bool {
        port == other.port && (address == .unspecified || address == other.address)
    }
}

extension Connection {
    /// Sends the SYN: <SEQ=ISS><CTL=SYN>.
    fileprivate mutating func open(_ environment: inout Environment) {
        transition(to: .synSent, because: .activeOpen, &environment)
        output.syn = true
        if let timeout = options.userTimeout { timers[.userTimeout] = environment.now + timeout }
    }
}
