public import TunstackCore

/// Sends a request, waits for the whole response, and again; after the last it closes.
public struct RequestResponseClient: Application {
    private let request: Int
    private let response: Int
    private let thinkTime: Interval
    private var roundsLeft: Int
    /// Bytes of the current request that the stack has not taken yet.
    private var unsent = 0
    /// How many bytes will have come when the current response is whole.
    private var expected = 0

    /// - Parameters:
    ///   - rounds: how many times.
    ///   - request: bytes of each request, at least 1.
    ///   - response: bytes of each response, at least 1.
    ///   - thinkTime: how long it waits before the next request.
    public init(rounds: Int, request: Int, response: Int, thinkTime: Interval = .zero) {
        roundsLeft = rounds
        self.request = request
        self.response = response
        self.thinkTime = thinkTime
    }

    /// Takes the next step of the exchange.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        if events.contains(.readable) { _ = try socket.receive(isShown: false) }
        if events.contains(.closed) { return }
        if events.contains(.established) { return try wakes(on: socket) }
        if unsent > 0 { unsent -= try socket.send(count: unsent) }
        guard events.contains(.readable), expected > 0, socket.bytesReceived >= expected else { return }
        if roundsLeft == 0 {
            expected = 0
            try socket.close()
        } else if thinkTime > .zero {
            expected = 0
            socket.wake(after: thinkTime)
        } else {
            try wakes(on: socket)
        }
    }

    /// Sends the next request, or closes after the last.
    public mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError) {
        guard roundsLeft > 0 else { return try socket.close() }
        roundsLeft -= 1
        expected = socket.bytesReceived + response
        unsent = request - (try socket.send(count: request))
    }
}

/// Answers every so many bytes with so many; closes when the peer has closed.
public struct RequestResponseServer: Application {
    private let request: Int
    private let response: Int
    private var answered = 0
    private var unsent = 0
    private var hasClosed = false

    /// - Parameters:
    ///   - request: bytes that make a request, at least 1.
    ///   - response: bytes that answer one.
    public init(request: Int, response: Int) {
        self.request = request
        self.response = response
    }

    /// Answers what has arrived.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        if events.contains(.readable) { _ = try socket.receive(isShown: false) }
        if events.contains(.closed) { return }
        let requests = socket.bytesReceived / request
        unsent += (requests - answered) * response
        answered = requests
        if unsent > 0 { unsent -= try socket.send(count: unsent) }
        guard unsent == 0, !hasClosed, socket.hasEnded else { return }
        hasClosed = true
        try socket.close()
    }
}

extension SimulatedSocket {
    /// The application was told that the peer has closed its direction.
    var hasEnded: Bool { events.contains(.endOfStream) }
}
