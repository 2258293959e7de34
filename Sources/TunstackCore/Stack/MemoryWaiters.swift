/// Connections that the application may not send on because all buffer memory is in use. Their own acknowledgments cannot tell
/// them when there is some again, as they may have nothing in flight.
struct MemoryWaiters {
    private var queue = Fifo<ConnectionID>()
    /// What was in use when the last one was refused; waking is worth while only below it.
    private var refusedAt = 0

    mutating func append(_ id: ConnectionID, bytesInUse: Int) {
        queue.append(id)
        refusedAt = bytesInUse
    }

    /// Who is to be told, once memory has come back.
    mutating func popFirst(bytesInUse: Int) -> ConnectionID? {
        bytesInUse < refusedAt ? queue.popFirst() : nil
    }
}

extension Stack {
    /// The pool has refused a send, although the connection's own buffer has room.
    mutating func waitForMemory(_ index: Int) {
        environment.counters.sendsWithoutMemory &+= 1
        guard !connections[index].bookkeeping.isWaitingForMemory else { return }
        connections[index].bookkeeping.isWaitingForMemory = true
        memoryWaiters.append(id(of: index), bytesInUse: environment.pool.bytesInUse)
    }

    /// Tells those who wait that they may try again. Who is refused again waits again.
    mutating func wakeMemoryWaiters() {
        while let id = memoryWaiters.popFirst(bytesInUse: environment.pool.bytesInUse) {
            guard connections.contains(Int(id.index), generation: id.generation) else { continue }
            connections[Int(id.index)].bookkeeping.isWaitingForMemory = false
            connections[Int(id.index)].noteRoom()
            refresh(Int(id.index))
        }
    }
}

extension Connection {
    /// Bytes that a SEND may take now.
    @inline(__always)
    var sendRoom: Int { min(sendBuffer.free, max(0, options.unsentBytes - queuedBytes)) }

    /// There may be room to send again; says so if the application waits for it.
    @inline(__always)
    mutating func noteRoom() {
        guard senderWaits, sendBuffer.free > 0, queuedBytes <= options.unsentBytes / 2 else { return }
        senderWaits = false
        events.insert(.writable)
    }
}
