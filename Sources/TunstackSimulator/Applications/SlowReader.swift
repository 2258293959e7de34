public import TunstackCore

/// Reads little by little with pauses, so that windows close; at the end of the stream it closes.
public struct SlowReader: Application {
    private let portion: Int
    private let pause: Interval
    private var isWaiting = false
    private var hasClosed = false

    /// - Parameters:
    ///   - portion: bytes to read at a time, at least 1.
    ///   - pause: how long to wait before each read.
    public init(portion: Int, pause: Interval) {
        self.portion = portion
        self.pause = pause
    }

    /// Makes a note to read later.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        try goOn(socket)
    }

    /// Reads a portion.
    public mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError) {
        isWaiting = false
        _ = try socket.receive(atMost: portion, isShown: false)
        try goOn(socket)
    }

    private mutating func goOn(_ socket: SimulatedSocket) throws(ConnectionError) {
        guard let status = socket.status else { return }
        if status.readableBytes > 0 {
            if !isWaiting { socket.wake(after: pause) }
            isWaiting = true
        } else if socket.hasEnded, !hasClosed, status.closeReason == nil {
            hasClosed = true
            try socket.close()
        }
    }
}
