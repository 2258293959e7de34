import TunstackWire

/// The answer to RECEIVE.
public enum ReceiveResult: Hashable, Sendable {
    /// This many bytes were appended.
    case bytes(Int)
    /// Nothing has arrived yet; `readable` follows as an event.
    case wouldBlock
    /// The peer has closed its direction and everything has been read.
    case endOfStream
}

/// RECEIVE (RFC 9293 §3.9.1.3, §3.10.3).
extension Stack {
    /// Moves bytes that have arrived to the application, as many as there are and fit.
    ///
    /// - Throws: `ConnectionError` once the connection has ended other than by the peer's FIN.
    public mutating func receive(
        into output: inout OutputRawSpan, on id: ConnectionID, at now: Instant
    ) throws(ConnectionError) -> ReceiveResult {
        environment.now = now
        let index = try index(of: id)
        let count = connections[index].receiveBuffer.read(into: &output, pool: &environment.pool)
        return try finishReceive(index, count)
    }

    /// Lets the application read bytes that have arrived where they lie, which saves a copy.
    ///
    /// - Parameters:
    ///   - id: the connection.
    ///   - now: the time.
    ///   - consume: gets all bytes that are in order, in two pieces of which the second may be empty, and answers how many of them
    ///     it is done with; the others are there again next time. The pieces are gone when it returns. It is not called when
    ///     there are none.
    /// - Precondition: `consume` answers no more than there are.
    /// - Returns: how many bytes were consumed, 0 if none were wanted; `wouldBlock` and `endOfStream` only when there are none.
    /// - Throws: `ConnectionError` once the connection has ended other than by the peer's FIN.
    public mutating func receive(
        on id: ConnectionID, at now: Instant, _ consume: (RawSpan, RawSpan) -> Int
    ) throws(ConnectionError) -> ReceiveResult {
        environment.now = now
        let index = try index(of: id)
        let count = connections[index].receiveBuffer.read(pool: &environment.pool, consume)
        return try finishReceive(index, count)
    }

    /// The application has read so many bytes.
    mutating func finishReceive(_ index: Int, _ count: Int) throws(ConnectionError) -> ReceiveResult {
        let result = try connections[index].finishReceive(count)
        if connections[index].acknowledgments.debt == .now { refresh(index) }
        return result
    }
}

extension Stack {
    /// Copies bytes that have arrived, as many as there are and fit, and leaves them to be received.
    ///
    /// - Throws: `ConnectionError` if the handle names nothing.
    public func peek(into output: inout OutputRawSpan, on id: ConnectionID) throws(ConnectionError) {
        connections[try index(of: id)].receiveBuffer.peek(into: &output)
    }
}

extension Connection {
    fileprivate mutating func finishReceive(_ count: Int) throws(ConnectionError) -> ReceiveResult {
        if count > 0 {
            // RCV.UP comes along: numbers can be compared only while they are less than 2^31 apart.
            rcv.up = SequenceNumber.max(rcv.up, receiveBuffer.readNext)
            announceRoom()
            return .bytes(count)
        }
        if receiveBuffer.readable > 0 { return .bytes(0) }
        if state.hasReceivedFin { return .endOfStream }
        guard let closeReason else { return .wouldBlock }
        guard closeReason == .closed else { throw .connectionEnded(closeReason) }
        return .endOfStream
    }
}
