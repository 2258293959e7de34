public import TunstackCore

/// What uses one connection: a small state machine on the stack's user calls.
public protocol Application {
    /// Something has happened on the connection. The first call says `established`, if it comes to that.
    ///
    /// - Throws: what a user call throws; the trace then shows it, and the application goes on.
    mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError)

    /// The time is over for which the application asked with `SimulatedSocket.wake(after:)`.
    mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError)
}

extension Application {
    /// Does nothing.
    public mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError) {}
}

/// Does nothing by itself; whoever holds the socket makes the calls.
public struct Passive: Application {
    /// Waits for its owner.
    public init() {}

    /// Does nothing.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {}
}
