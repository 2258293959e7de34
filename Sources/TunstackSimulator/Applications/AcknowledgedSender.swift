public import TunstackCore

/// Sends a chunk, waits until the peer has acknowledged all of it, and sends the next; after the last it closes.
public struct AcknowledgedSender: Application {
    private let chunk: Int
    private var left: Int
    /// Bytes of the current chunk that the stack has not taken yet.
    private var unsent = 0
    private var hasBegun = false
    private var hasClosed = false

    /// - Parameters:
    ///   - count: bytes to send.
    ///   - chunk: bytes to send at a time, at least 1.
    public init(sending count: Int, chunk: Int) {
        left = count
        self.chunk = chunk
    }

    /// Reads, and goes on if everything was acknowledged.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        if events.contains(.readable) { _ = try socket.receive(isShown: false) }
        hasBegun = hasBegun || events.contains(.established)
        guard hasBegun, !hasClosed, let status = socket.status, status.closeReason == nil else { return }
        if unsent == 0, status.unacknowledgedBytes == 0 {
            guard left > 0 else {
                hasClosed = true
                return try socket.close()
            }
            unsent = min(chunk, left)
            left -= unsent
        }
        if unsent > 0 { unsent -= try socket.send(count: unsent) }
    }
}
