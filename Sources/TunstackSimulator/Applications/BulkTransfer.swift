public import TunstackCore

/// Sends so many bytes, as fast as the stack takes them, and reads whatever comes.
///
/// Two of them are a transfer one way or both ways, or a half-close with an answer: it depends on when each begins.
public struct BulkTransfer: Application {
    /// When to begin.
    public enum Start: Sendable {
        /// When the connection is established.
        case atOnce
        /// When the peer has closed its direction; what is sent then is an answer to all it sent.
        case atEndOfStream
    }

    private var left: Int
    private let start: Start
    private let flags: SendFlags
    private var hasBegun = false
    private var hasClosed = false

    /// - Parameters:
    ///   - count: bytes to send; it closes when the stack has taken them all, and goes on reading.
    ///   - start: when to begin.
    ///   - flags: what every SEND says.
    public init(sending count: Int, from start: Start = .atOnce, saying flags: SendFlags = []) {
        left = count
        self.start = start
        self.flags = flags
    }

    /// Reads what has come and sends what there is room for.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        if events.contains(.readable) { _ = try socket.receive(isShown: false) }
        switch start {
        case .atOnce: hasBegun = hasBegun || events.contains(.established)
        case .atEndOfStream: hasBegun = hasBegun || events.contains(.endOfStream)
        }
        guard hasBegun, !hasClosed, !events.contains(.closed) else { return }
        left -= try socket.send(count: left, flags: flags)
        guard left == 0 else { return }
        hasClosed = true
        try socket.close()
    }
}
