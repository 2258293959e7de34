import TunstackWire

/// SEGMENT ARRIVES in TIME-WAIT (RFC 9293 §3.10.7.4), and that state's beginning and end.
extension Stack {
    mutating func segmentArrivesInTimeWait(
        _ segment: Segment, text: RawSpan, entry: EntryReference
    ) -> Disposition {
        let record = timeWaits[entry.index]
        // RFC 1337 §3: a reset must not cut the waiting short.
        guard !segment.flags.contains(.rst) else { return .drop(.resetInTimeWait) }
        if let listener = listener(for: segment.key.local), startsNewIncarnation(segment, record, listener) {
            return openHalf(segment, text: text, listener: listener, displacing: entry.index)
        }
        // The FIN again: our ACK was lost. Acknowledge it and begin to wait anew.
        if segment.flags.contains(.fin), segment.finSequence == record.rcvNxt - 1 {
            environment.reply(.segment(record.acknowledgment(at: environment.now)))
            timers.arm(record.timer, at: environment.now + timeWaitDuration)
            return .consumed
        }
        let isNext = segment.seq == record.rcvNxt && segment.len == 0
        if isNext { timeWaits[entry.index].recordTimestamp(segment) }
        if !isNext, timeWaits[entry.index].refusals.allow(segment, at: environment.now), environment.allowsChallenge() {
            environment.reply(.segment(record.acknowledgment(at: environment.now)))
        }
        return isNext ? .consumed : .drop(.outsideWindow)
    }

    /// RFC 9293 §3.6.1, MAY-2, with the timestamps of RFC 6191 §2 (SHLD-4): a SYN that is certainly newer than everything the old
    /// connection sent may have its sockets at once.
    private func startsNewIncarnation(
        _ segment: Segment, _ record: TimeWaitRecord, _ listener: ListenerID
    ) -> Bool {
        guard segment.flags.contains(.syn), !segment.flags.contains(.ack) else { return false }
        let wantsTimestamps = listeners[Int(listener.index)].connectionOptions.timestamps
        switch (record.usesTimestamps, wantsTimestamps ? segment.options.timestamps : nil) {
        case (true, let timestamps?):
            let age = Int32(bitPattern: timestamps.value &- record.timestampRecent)
            return age > 0 || (age == 0 && segment.seq.isAfter(record.rcvNxt))
        case (false, .some):
            // Segments of the old connection have no timestamps, so the new one will not take them for its own.
            return true
        case (_, nil):
            return segment.seq.isAfter(record.rcvNxt)
        }
    }

    /// 2 MSL (RFC 9293 §3.4.2, §3.6.1, MUST-13; RFC 7323 §5.8).
    var timeWaitDuration: Interval { environment.configuration.maximumSegmentLifetime * 2 }

    /// Puts a small record in the connection's place. The application keeps its handle until it releases it.
    mutating func beginTimeWait(_ index: Int) {
        connections[index].bookkeeping.isInTimeWait = true
        connections[index].bookkeeping.isInTable = false
        if timeWaits.count >= environment.configuration.limits.timeWaitRecords { dropOldestTimeWait() }

        _ = connections[index].offerWindow()
        let record = TimeWaitRecord(connections[index], id: id(of: index))
        let recordIndex = timeWaits.insert(record)
        let reference = EntryReference(.timeWait, recordIndex)
        table.replace(
            EntryReference(.connection, index), with: reference, hash: record.key.hash(key: tableKey))
        timeWaits[recordIndex].timer = timers.allocate(owner: reference)
        timers.arm(timeWaits[recordIndex].timer, at: environment.now + timeWaitDuration)
        forgetEndedTimeWaits()
        timeWaitOrder.append(
            RecordHandle(index: UInt32(recordIndex), generation: timeWaits.generation(of: recordIndex)))
        if connections[index].acknowledgments.debt != .none {
            environment.reply(.segment(record.acknowledgment(at: environment.now)))
        }
    }

    /// A stack with more dead connections than it may remember forgets the oldest.
    private mutating func dropOldestTimeWait() {
        while let oldest = timeWaitOrder.popFirst() {
            guard remembers(oldest) else { continue }
            environment.counters.timeWaitOverflows &+= 1
            endTimeWait(Int(oldest.index), because: .timeWaitTimeout)
            return
        }
    }

    private func remembers(_ handle: RecordHandle) -> Bool {
        timeWaits.contains(Int(handle.index), generation: handle.generation)
    }

    /// Keeps the order of records from growing with those that have ended in their time. They are not only in front: a peer that
    /// repeats its FIN keeps one record alive for as long as it likes.
    private mutating func forgetEndedTimeWaits() {
        guard timeWaitOrder.count > 2 * timeWaits.count else { return }
        for _ in 0..<timeWaitOrder.count {
            guard let handle = timeWaitOrder.popFirst() else { return }
            if remembers(handle) { timeWaitOrder.append(handle) }
        }
    }

    /// The record goes. The application's handle, if there is still one, now names a connection in CLOSED.
    mutating func endTimeWait(_ index: Int, because cause: TransitionCause) {
        let record = timeWaits.remove(index)
        if record.displacedBy >= 0 {
            halfOpens[Int(record.displacedBy)].displacedTimeWait = -1
        } else {
            forget(EntryReference(.timeWait, index), of: record.key)
        }
        timers.free(record.timer)
        if let id = record.connection, connections.contains(Int(id.index), generation: id.generation) {
            connections[Int(id.index)].transition(to: .closed, because: cause, &environment)
            refresh(Int(id.index))
        } else {
            environment.record(StateTransition(.timeWait, .closed, cause), of: record.key)
        }
    }
}

// MARK: - A new incarnation

extension Stack {
    /// The sockets go to a half-open entry, which may yet turn out to come of an old duplicate. The record stands by meanwhile, and does
    /// not end.
    mutating func displaceTimeWait(_ index: Int, byHalfOpen entry: Int) {
        timeWaits[index].displacedBy = Int32(entry)
        halfOpens[entry].displacedTimeWait = Int32(index)
        timers.arm(timeWaits[index].timer, at: .distantFuture)
        table.replace(
            EntryReference(.timeWait, index), with: EntryReference(.halfOpen, entry),
            hash: timeWaits[index].key.hash(key: tableKey))
    }

    /// Nothing came of the new incarnation: the old connection has its sockets again and waits anew (RFC 9293 §3.6.1, MAY-2).
    mutating func returnToTimeWait(_ index: Int, fromHalfOpen entry: Int) {
        timeWaits[index].displacedBy = -1
        timers.arm(timeWaits[index].timer, at: environment.now + timeWaitDuration)
        table.replace(
            EntryReference(.halfOpen, entry), with: EntryReference(.timeWait, index),
            hash: timeWaits[index].key.hash(key: tableKey))
    }

    /// The record of a connection that the application still holds in TIME-WAIT, whether it has its sockets or not.
    func timeWaitRecord(of key: ConnectionKey) -> Int? {
        guard let entry = find(key) else { return nil }
        switch entry.kind {
        case .timeWait: return entry.index
        case .halfOpen where halfOpens[entry.index].displacedTimeWait >= 0:
            return Int(halfOpens[entry.index].displacedTimeWait)
        case .halfOpen, .connection: return nil
        }
    }
}
