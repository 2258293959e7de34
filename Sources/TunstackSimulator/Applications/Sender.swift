public import TunstackCore

/// Sends so many bytes once the connection is established, then closes if it is to; reads whatever comes.
public struct Sender: Application {
    private var left: Int
    private let delay: Interval
    private let closes: Bool
    private let showsReads: Bool

    /// - Parameters:
    ///   - count: bytes to send.
    ///   - delay: how long after the connection is established to begin.
    ///   - closes: whether to close when everything was taken by the stack. It goes on reading (half-close).
    ///   - showsReads: whether ladders show what it reads.
    public init(_ count: Int, after delay: Interval = .zero, closes: Bool, showsReads: Bool = true) {
        left = count
        self.delay = delay
        self.closes = closes
        self.showsReads = showsReads
    }

    /// Sends while there is room, and reads.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        if events.contains(.readable) { _ = try socket.receive(isShown: showsReads) }
        if events.contains(.established), delay > .zero {
            socket.wake(after: delay)
        } else if !events.isDisjoint(with: [.established, .writable]) {
            try wakes(on: socket)
        }
    }

    /// Sends what there is room for.
    public mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError) {
        if left > 0 { left -= try socket.send(count: left) }
        if left == 0, closes { try socket.close() }
    }
}

/// Sends a request, waits for as many bytes in return, and closes.
public struct RequestClient: Application {
    private let request: Int
    private let response: Int

    /// - Parameters:
    ///   - request: bytes to send, at least 1.
    ///   - response: bytes to wait for.
    public init(request: Int, response: Int) {
        self.request = request
        self.response = response
    }

    /// Takes the next step of the exchange.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        if events.contains(.established) { try socket.send(count: request) }
        guard events.contains(.readable), socket.bytesReceived < response else { return }
        _ = try socket.receive()
        if socket.bytesReceived >= response { try socket.close() }
    }
}
