import TunstackCore

/// RECEIVE (RFC 9293 §3.9.1.3), with waiting.
extension TunnelStack {
    /// Reads into the free capacity of `output`; 0 at the end of the stream.
    func read(into output: inout OutputRawSpan, on id: ConnectionID) async throws(ReadError) -> Int {
        precondition(!output.isFull, "no room to read into")
        try checkReader(of: id)
        if let count = try take(into: &output, on: id) { return count }
        connectionWaiters[id]?[.reader].hold()
        defer { connectionWaiters[id]?[.reader].leave() }
        while true {
            if await wait(as: .reader, on: id) == .cancelled { throw .cancelled }
            if let count = try take(into: &output, on: id) { return count }
        }
    }

    /// Reads to the end of an array, at most `limit` bytes; 0 at the end of the stream.
    func read(
        appendingTo bytes: inout [UInt8], upTo limit: Int, on id: ConnectionID
    ) async throws(ReadError) -> Int {
        precondition(limit > 0, "no room to read into")
        try checkReader(of: id)
        if let count = try take(appendingTo: &bytes, upTo: limit, on: id) { return count }
        connectionWaiters[id]?[.reader].hold()
        defer { connectionWaiters[id]?[.reader].leave() }
        while true {
            if await wait(as: .reader, on: id) == .cancelled { throw .cancelled }
            if let count = try take(appendingTo: &bytes, upTo: limit, on: id) { return count }
        }
    }

    /// Refuses a reader where there is nothing to read for it.
    func checkReader(of id: ConnectionID) throws(ReadError) {
        guard let waiters = connectionWaiters[id] else { throw .closed }
        guard waiters[.reader].isFree else { throw .readInProgress }
        guard !Task.isCancelled else { throw .cancelled }
    }

    /// Moves what there is: a byte count, 0 at the end of the stream, nil if there is nothing yet.
    private func take(into output: inout OutputRawSpan, on id: ConnectionID) throws(ReadError) -> Int? {
        try taken(on: id) { core, now throws(ConnectionError) in try core.receive(into: &output, on: id, at: now) }
    }

    /// The same, in whatever way `receive` moves it.
    func taken(
        on id: ConnectionID, by receive: (inout Stack, Instant) throws(ConnectionError) -> ReceiveResult
    ) throws(ReadError) -> Int? {
        guard connectionWaiters.contains(id) else { throw .closed }
        let result: ReceiveResult
        do throws(ConnectionError) {
            result = try receive(&driver.core, clock.now())
        } catch {
            throw readError(error)
        }
        switch result {
        case .bytes(let count):
            // Reading makes room, and the peer may have to know.
            if count > 0 { settle() }
            return count
        case .endOfStream: return 0
        case .wouldBlock: return nil
        }
    }

    /// What an error of the core means to a reader.
    func readError(_ error: ConnectionError) -> ReadError {
        switch error {
        case .connectionEnded(.aborted) where phase != .running: .stackClosed
        case .connectionEnded(let reason): .connectionEnded(reason)
        case .connectionDoesNotExist, .connectionClosing: .closed
        }
    }

    private func take(
        appendingTo bytes: inout [UInt8], upTo limit: Int, on id: ConnectionID
    ) throws(ReadError) -> Int? {
        let readable = driver.core.readableBytes(on: id)
        guard readable > 0 else {
            var nothing = OutputRawSpan()
            return try take(into: &nothing, on: id)
        }
        return try bytes.append(upTo: min(limit, readable)) { output throws(ReadError) in
            try take(into: &output, on: id)
        }
    }
}

/// SEND (RFC 9293 §3.9.1.2), with waiting.
extension TunnelStack {
    /// Hands all bytes to the core, and suspends while it has no room for them.
    func write(_ bytes: RawSpan, flags: SendFlags, on id: ConnectionID) async throws(WriteError) {
        guard let waiters = connectionWaiters[id] else { throw .closed }
        guard waiters[.writer].isFree else { throw .writeInProgress }
        guard !Task.isCancelled else { throw .cancelled(bytesTaken: 0) }
        var taken = try give(bytes, flags: flags, on: id)
        guard taken < bytes.byteCount else { return }
        connectionWaiters[id]?[.writer].hold()
        defer { connectionWaiters[id]?[.writer].leave() }
        while taken < bytes.byteCount {
            if await wait(as: .writer, on: id) == .cancelled { throw .cancelled(bytesTaken: taken) }
            taken += try give(bytes.extracting(taken..<bytes.byteCount), flags: flags, on: id)
        }
    }

    /// Hands over as many bytes as the core takes, and says how many.
    private func give(_ bytes: RawSpan, flags: SendFlags, on id: ConnectionID) throws(WriteError) -> Int {
        guard connectionWaiters.contains(id) else { throw .closed }
        let count: Int
        do throws(ConnectionError) {
            count = try driver.core.send(bytes, on: id, flags: flags, at: clock.now())
        } catch {
            throw writeError(error)
        }
        settle()
        return count
    }

    /// What an error of the core means to a writer.
    func writeError(_ error: ConnectionError) -> WriteError {
        switch error {
        case .connectionEnded(.aborted) where phase != .running: .stackClosed
        case .connectionEnded(let reason): .connectionEnded(reason)
        // In a shutdown it was the stack that closed our direction.
        case .connectionClosing where phase != .running: .stackClosed
        case .connectionDoesNotExist, .connectionClosing: .closed
        }
    }
}
