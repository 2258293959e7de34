/// What the application must know. Events of one connection that nobody has fetched yet are merged, so that the queue is
/// never longer than the number of connections and listeners.
public enum StackEvent: Hashable, Sendable {
    /// `Stack.accept` has a connection for this listener.
    case acceptable(ListenerID)
    /// Something happened on a connection.
    case connection(ConnectionID, ConnectionEvents)
}

/// What happened on a connection since its last event was fetched.
public struct ConnectionEvents: OptionSet, Hashable, Sendable {
    /// The set as bits.
    public let rawValue: UInt16

    /// The set with these bits.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The connection is open for data in both directions.
    public static let established = ConnectionEvents(rawValue: 1 << 0)
    /// There are bytes to receive.
    public static let readable = ConnectionEvents(rawValue: 1 << 1)
    /// There is room to send again after a send that did not take everything.
    public static let writable = ConnectionEvents(rawValue: 1 << 2)
    /// The peer has closed its direction: after the bytes that wait there is end of stream (RFC 9293 §3.10.7.4, eighth).
    public static let endOfStream = ConnectionEvents(rawValue: 1 << 3)
    /// The connection has ended; its status tells the reason (RFC 9293 §3.6, MUST-12).
    public static let closed = ConnectionEvents(rawValue: 1 << 4)
    /// The peer has urgent data, or has moved its end (RFC 9293 §3.8.5, MUST-32).
    public static let urgent = ConnectionEvents(rawValue: 1 << 5)
    /// The network reported a problem that may pass; the status tells which (RFC 9293 §3.9.1.8, MUST-47; §3.9.2.2, SHLD-25).
    public static let softError = ConnectionEvents(rawValue: 1 << 6)
    /// One segment has been retransmitted R1 times (RFC 9293 §3.8.3, SHLD-9).
    public static let retransmissionThreshold = ConnectionEvents(rawValue: 1 << 7)
    /// Everything that was sent, the FIN included, has been acknowledged.
    public static let sendsAcknowledged = ConnectionEvents(rawValue: 1 << 8)
}
