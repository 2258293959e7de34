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
        let result = try connections[index].receive(into: &output, &environment)
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
    fileprivate mutating func receive(
        into output: inout OutputRawSpan, _ environment: inout Environment
    ) throws(ConnectionError) -> ReceiveResult {
        let count = receiveBuffer.read(into: &output, pool: &environment.pool)
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
