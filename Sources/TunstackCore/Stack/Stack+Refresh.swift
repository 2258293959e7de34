import TunstackWire

/// What follows from a change of a connection, in one place: after anything has touched a control block, the stack's own
/// structures are made to agree with it.
extension Stack {
    /// The handle of a connection.
    @inline(__always)
    func id(of index: Int) -> ConnectionID {
        ConnectionID(index: UInt32(index), generation: connections.generation(of: index))
    }

    mutating func refresh(_ index: Int) {
        switch connections[index].state {
        case .timeWait: if !connections[index].bookkeeping.isInTimeWait { beginTimeWait(index) }
        case .closed: leaveTable(index)
        case .listen, .synSent, .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck:
            queueForTransmit(index)
        }
        queueEvents(index)
        armTimer(index)
        freeIfForgotten(index)
    }

    private mutating func queueForTransmit(_ index: Int) {
        guard !connections[index].bookkeeping.isInTransmitQueue else { return }
        connections[index].bookkeeping.isInTransmitQueue = true
        transmitQueue.append(id(of: index))
    }

    /// What the application is to be told stands in the queue of events.
    mutating func queueEvents(_ index: Int) {
        guard !connections[index].events.isEmpty else { return }
        if connections[index].events.contains(.established), let listener = connections[index].bookkeeping.acceptor {
            offerToListener(index, listener)
        }
        // A connection that nobody has accepted, or that the application has forgotten, has nobody to tell.
        guard connections[index].bookkeeping.acceptor == nil, !connections[index].isReleased,
            !connections[index].events.isEmpty, !connections[index].bookkeeping.isInEventQueue
        else { return }
        connections[index].bookkeeping.isInEventQueue = true
        eventQueue.append(.connection(id(of: index)))
    }

    private mutating func offerToListener(_ index: Int, _ id: ListenerID) {
        connections[index].events.remove(.established)
        guard listeners.contains(Int(id.index), generation: id.generation) else { return }
        listeners[Int(id.index)].acceptQueue.append(index)
        queueEvent(of: id)
    }

    mutating func queueEvent(of id: ListenerID) {
        guard !listeners[Int(id.index)].isInEventQueue else { return }
        listeners[Int(id.index)].isInEventQueue = true
        eventQueue.append(.listener(id))
    }

    /// The wheel is asked to fire no later than the earliest deadline. When that moves back, the wheel is left alone: it fires too
    /// early once, which costs less than moving the entry with every acknowledgment.
    mutating func armTimer(_ index: Int) {
        let earliest = connections[index].timers.earliest
        guard earliest != .distantFuture else { return }
        var timer = connections[index].bookkeeping.timer
        if timer == -1 {
            timer = timers.allocate(owner: EntryReference(.connection, index))
            connections[index].bookkeeping.timer = timer
        }
        if earliest < timers.deadline(of: timer) { timers.arm(timer, at: earliest) }
    }

    /// The wheel has fired for a connection at rest, too early as a rule, and without waking it that is put right: it has its entry in the
    /// wheel only while something runs that a connection at rest may wait for. False if something is due, or if it is at work.
    mutating func passOver(_ index: Int, at now: Instant) -> Bool {
        guard let deadline = connections.restingDeadline(of: index), deadline > now else { return false }
        let timer = connections.restingTimer(of: index)
        if deadline == .distantFuture {
            timers.free(timer)
            connections.forgetRestingTimer(of: index)
        } else {
            timers.arm(timer, at: deadline)
        }
        return true
    }

    /// Lets a connection rest, now or when others have had nothing to do since, if it has nothing to do any more.
    mutating func restIfIdle(_ index: Int) {
        if connections[index].awaitAftermath(at: environment.now) { armTimer(index) }
        if let index = connections.makeReady(index) { connections.rest(index) }
    }

    private mutating func leaveTable(_ index: Int) {
        guard connections[index].bookkeeping.isInTable else { return }
        connections[index].bookkeeping.isInTable = false
        forget(EntryReference(.connection, index), of: connections[index].key)
    }

    /// Nothing has the four-tuple any more.
    mutating func forget(_ entry: EntryReference, of key: ConnectionKey) {
        table.remove(entry, hash: key.hash(key: tableKey))
        environment.routes[key] = nil
    }

    /// A connection that is over and that the application has released is gone.
    mutating func freeIfForgotten(_ index: Int) {
        guard connections[index].isReleased,
            connections[index].state == .closed || connections[index].bookkeeping.isInTimeWait
        else { return }
        if connections[index].bookkeeping.timer != -1 { timers.free(connections[index].bookkeeping.timer) }
        var connection = connections.remove(index)
        connection.discardBuffers(pool: &environment.pool)
    }

    /// Gives a new control block its place in the slab, the wheel and the table. `replacing` is the half-open entry it grew from.
    mutating func insert(_ connection: consuming Connection, replacing halfOpen: EntryReference? = nil) -> Int {
        let hash = connection.key.hash(key: tableKey)
        connection.bookkeeping.isInTable = true
        let index = connections.insert(connection)
        let reference = EntryReference(.connection, index)
        if let halfOpen {
            table.replace(halfOpen, with: reference, hash: hash)
        } else {
            table.insert(reference, hash: hash)
        }
        return index
    }

    /// What the table knows about a four-tuple.
    @inline(__always)
    func find(_ key: ConnectionKey) -> EntryReference? {
        var probe = table.probe(key.hash(key: tableKey))
        while let candidate = table.next(&probe) {
            switch candidate.kind {
            case .connection: if connections.key(of: candidate.index) == key { return candidate }
            case .halfOpen: if halfOpens[candidate.index].key == key { return candidate }
            case .timeWait: if timeWaits[candidate.index].key == key { return candidate }
            }
        }
        return nil
    }
}
