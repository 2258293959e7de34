public import TunstackCore

/// Reads until the peer has closed; then it may answer, and closes.
public struct Reader: Application {
    private let answer: Int
    private let closeDelay: Interval?
    private let showsReads: Bool
    private var hasAnswered = false

    /// - Parameters:
    ///   - answer: bytes to send when everything has been read.
    ///   - closeDelay: how long after the end of file to answer, and how long after that to close; nil for never.
    ///   - showsReads: whether ladders show what it reads.
    public init(answer: Int = 0, closeDelay: Interval? = .zero, showsReads: Bool = true) {
        self.answer = answer
        self.closeDelay = closeDelay
        self.showsReads = showsReads
    }

    /// Reads; at the end of file it closes, now or later.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        if events.contains(.readable) { _ = try socket.receive(isShown: showsReads) }
        guard events.contains(.endOfStream), let closeDelay else { return }
        if closeDelay > .zero { socket.wake(after: closeDelay) } else { try wakes(on: socket) }
    }

    /// Answers, if that is still to be done; else closes.
    public mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError) {
        guard answer > 0, !hasAnswered else { return try socket.close() }
        hasAnswered = true
        try socket.send(count: answer)
        if let closeDelay { socket.wake(after: closeDelay) }
    }
}
