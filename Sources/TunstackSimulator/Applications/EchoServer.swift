public import TunstackCore

/// Sends back what it receives, and closes when the peer has closed.
public struct EchoServer: Application {
    private var thinkTimes: ArraySlice<Interval>

    /// - Parameter thinkTimes: how long it takes to answer: the first time, the second, and so on; the last counts for
    ///   all that follow. Empty for at once.
    public init(thinkTimes: [Interval] = []) {
        self.thinkTimes = thinkTimes[...]
    }

    /// Answers, now or later.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        guard !events.isDisjoint(with: [.readable, .endOfStream]) else { return }
        let delay = thinkTimes.count > 1 ? thinkTimes.removeFirst() : thinkTimes.first ?? .zero
        if delay > .zero { socket.wake(after: delay) } else { try wakes(on: socket) }
    }

    /// Answers what has arrived by now.
    public mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError) {
        let bytes = try socket.receive()
        if !bytes.isEmpty { try socket.send(bytes) }
        if socket.state == .closeWait { try socket.close() }
    }
}
