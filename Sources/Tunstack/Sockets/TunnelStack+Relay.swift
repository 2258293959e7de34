import TunstackCore

/// RECEIVE and SEND in one, and RECEIVE in place, with waiting.
extension TunnelStack {
    /// Moves everything that arrives on one connection to the send buffer of another, to the end of the stream.
    func relay(from source: ConnectionID, to destination: ConnectionID) async throws(RelayFailure) -> Int {
        try checkRelay(from: source, to: destination)
        connectionWaiters[source]?[.reader].hold()
        connectionWaiters[destination]?[.writer].hold()
        defer {
            connectionWaiters[source]?[.reader].leave()
            connectionWaiters[destination]?[.writer].leave()
        }
        var total = 0
        while true {
            switch try move(from: source, to: destination) {
            case .endOfStream: return total
            case .wouldBlock:
                if await wait(as: .reader, on: source) == .cancelled { throw .read(.cancelled) }
            case .bytes(0):
                if await wait(as: .writer, on: destination) == .cancelled { throw .read(.cancelled) }
            case .bytes(let count):
                total += count
                settle()
            }
        }
    }

    private func checkRelay(from source: ConnectionID, to destination: ConnectionID) throws(RelayFailure) {
        do throws(ReadError) {
            try checkReader(of: source)
        } catch {
            throw .read(error)
        }
        guard let waiters = connectionWaiters[destination] else { throw .write(.closed) }
        guard waiters[.writer].isFree else { throw .write(.writeInProgress) }
    }

    private func move(
        from source: ConnectionID, to destination: ConnectionID
    ) throws(RelayFailure) -> ReceiveResult {
        guard connectionWaiters.contains(source) else { throw .read(.closed) }
        guard connectionWaiters.contains(destination) else { throw .write(.closed) }
        do throws(RelayError) {
            return try driver.core.relay(from: source, to: destination, at: clock.now())
        } catch {
            switch error {
            case .source(let error): throw .read(readError(error))
            case .destination(let error): throw .write(writeError(error))
            }
        }
    }

    /// Hands what has arrived to `consume`, where it lies; how much of that it was done with, 0 at the end of the stream.
    func read(on id: ConnectionID, _ consume: @Sendable (RawSpan, RawSpan) -> Int) async throws(ReadError) -> Int {
        try checkReader(of: id)
        if let count = try take(on: id, consume) { return count }
        connectionWaiters[id]?[.reader].hold()
        defer { connectionWaiters[id]?[.reader].leave() }
        while true {
            if await wait(as: .reader, on: id) == .cancelled { throw .cancelled }
            if let count = try take(on: id, consume) { return count }
        }
    }

    private func take(
        on id: ConnectionID, _ consume: (RawSpan, RawSpan) -> Int
    ) throws(ReadError) -> Int? {
        try taken(on: id) { core, now throws(ConnectionError) in try core.receive(on: id, at: now, consume) }
    }
}
