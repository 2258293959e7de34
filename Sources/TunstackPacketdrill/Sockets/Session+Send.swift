import Glibc
import TunstackCore
import TunstackWire

/// write(2) and its kin.
extension Session {
    /// Queues what the program writes, and sends what may leave. In blocking mode all of it is taken, or none until there is room.
    func send(_ descriptor: Int32, _ memory: UserMemory, flags: Int32 = 0) throws(Errno) -> Int {
        let socket = try find(descriptor)
        let mayBlock = flags & MessageFlag.doNotWait == 0 && !socket.isNonBlocking
        let deadline = mayBlock ? socket.sendDeadline(at: now) : now
        var taken = 0
        var isFirst = true
        let answer = try wait(until: deadline) { [unowned self] () throws(Errno) -> Int? in
            // One that sleeps is woken when there is room enough to be worth it.
            guard isFirst || !socket.lacksSpace || socket.isOver else { return nil }
            isFirst = false
            do throws(Errno) {
                try push(socket, memory, from: &taken, flags: flags)
                return taken == memory.count ? taken : nil
            } catch {
                guard taken == 0 else { return taken }
                throw error
            }
        }
        settle()
        if let answer { return answer }
        guard taken == 0 else { return taken }
        throw Errno(EAGAIN)
    }

    /// Writes as much as there is room for.
    private func push(
        _ socket: Socket, _ memory: UserMemory, from offset: inout Int, flags: Int32
    ) throws(Errno) {
        if let error = socket.takeError() { throw error }
        guard let id = socket.connection, !socket.isWriteShut, let status = stack.status(id) else { throw Errno(EPIPE) }
        if socket.isConnecting { return }
        guard status.state.acceptsSends else { throw Errno(EPIPE) }
        guard !memory.isBad else { throw Errno(EFAULT) }
        let ending = SendFlags(ending: flags)
        if memory.count == 0 { return }
        while offset < memory.count {
            guard let room = nextRoom(socket, id) else {
                socket.lacksSpace = true
                // What has been taken is pushed on its way, though more is to come.
                _ = try submit(RawSpan(), id, [])
                break
            }
            let count = min(room, memory.count - offset)
            let isLast = offset + count == memory.count
            let isPushed = socket.writing.isPushed(afterMore: count, largestWindow: status.maximumSendWindow)
            let chunkFlags: SendFlags = isLast ? ending : isPushed ? [.more, .keepPush] : .more
            let sent = try memory.read(from: offset, limit: count) { bytes throws(Errno) in
                try submit(bytes, id, chunkFlags)
            }
            offset += sent
            socket.writing.append(sent)
            if isPushed || isLast { socket.writing.notePush() }
            guard sent == count else { break }
            pump()
        }
    }

    private func submit(_ bytes: RawSpan, _ id: ConnectionID, _ flags: SendFlags) throws(Errno) -> Int {
        do throws(ConnectionError) {
            return try stack.send(bytes, on: id, flags: flags, at: now)
        } catch {
            throw Errno(EPIPE)
        }
    }

    /// How many bytes the last chunk still takes, or a new one if the memory allows one; nil if not.
    private func nextRoom(_ socket: Socket, _ id: ConnectionID) -> Int? {
        guard let status = stack.status(id) else { return nil }
        let goal = socket.chunkGoal(status)
        let room = socket.writing.room(sendNext: status.sendNext, goal: goal)
        if room > 0 { return room }
        guard socket.hasMemory(status) else { return nil }
        socket.writing.beginChunk()
        return goal
    }
}

extension Socket {
    /// The most that one chunk holds: what fits into an IP packet, and no more than half of the largest window seen, so that at least two
    /// fit into it; in whole segments.
    func chunkGoal(_ status: ConnectionStatus) -> Int {
        let segment = max(1, status.maximumSegmentSize)
        var goal = Self.largestChunk
        // Small windows are taken whole, or such a peer would never see a full segment.
        if status.maximumSendWindow > Self.smallWindow {
            goal = min(goal, max(status.maximumSendWindow / 2, Self.leastChunk))
        } else if status.maximumSendWindow > 0 {
            goal = min(goal, max(status.maximumSendWindow, Self.leastChunk))
        }
        return max(segment, goal / segment * segment)
    }

    private static let largestChunk = 65_535 - 320
    private static let smallWindow = 536
    private static let leastChunk = 68 - 40

    /// Memory counts in chunks, each with what administers it.
    private static let chunkOverhead = 960

    /// Bytes of memory that the data takes which is not acknowledged.
    func memoryInUse(_ status: ConnectionStatus) -> Int {
        let chunks = (status.unacknowledgedBytes + chunkGoal(status) - 1) / chunkGoal(status)
        return status.unacknowledgedBytes + chunks * Self.chunkOverhead
    }

    /// SO_SNDBUF as it is now: unless it was set, it grows with the congestion window.
    func sendBuffer(_ status: ConnectionStatus) -> Int {
        guard settings.largestSendBuffer > settings.sendBuffer else { return settings.sendBuffer }
        let perSegment = status.maximumSegmentSize + Self.chunkOverhead
        let window = 2 * max(10, status.congestionWindow / max(1, status.maximumSegmentSize)) * perSegment
        return max(settings.sendBuffer, min(window, settings.largestSendBuffer))
    }

    /// A new chunk may be begun.
    func hasMemory(_ status: ConnectionStatus) -> Bool {
        memoryInUse(status) < sendBuffer(status) && status.queuedBytes < settings.unsentLimit
    }

    /// There is room enough to say so: a third of the buffer is free.
    func isWritable(_ status: ConnectionStatus) -> Bool {
        let used = memoryInUse(status)
        return sendBuffer(status) - used >= used / 2 && status.queuedBytes * 2 < settings.unsentLimit
    }
}

extension SendFlags {
    /// What the flags of send(2) mean for the last of the bytes.
    fileprivate init(ending flags: Int32) {
        self = flags & MessageFlag.more != 0 ? .more : []
        if flags & MessageFlag.outOfBand != 0 { insert(.urgent) }
        if flags & MessageFlag.endOfRecord != 0 { insert(.endOfRecord) }
    }
}
