/// Why `Stack.listen` refused.
public enum ListenError: Error, Hashable, Sendable {
    /// The address is none of the stack's.
    case addressNotAvailable
    /// Port 0 cannot be listened on.
    case invalidPort
    /// Another listener, a connection, or one in TIME-WAIT holds the port (RFC 9293 §3.6.1); `reusesAddress` allows the
    /// latter two.
    case addressInUse
    /// `Limits.listeners` are there already.
    case tooManyListeners
}

/// Why `Stack.open` refused.
public enum OpenError: Error, Hashable, Sendable {
    /// The peer's address is not a host's, or its port is 0 (RFC 9293 §3.9.1.1, MUST-46).
    case invalidRemote
    /// The local address is none of the stack's, or the connection would be another stack's (`StackConfiguration.share`).
    case addressNotAvailable
    /// The same pair of sockets has a connection, or one in TIME-WAIT; or the local port is held (RFC 9293 §3.10.1).
    case connectionExists
    /// No ephemeral port is left for this peer.
    case noPortAvailable
    /// `Limits.connections` are there already.
    case tooManyConnections
    /// The quiet time after the start is not over (RFC 9293 §3.4.3).
    case quietTime(remaining: Interval)
}

/// Why a call on a connection failed (the error replies of RFC 9293 §3.10).
public enum ConnectionError: Error, Hashable, Sendable {
    /// No connection has this handle: it was released.
    case connectionDoesNotExist
    /// The application has closed this direction already.
    case connectionClosing
    /// The connection has ended.
    case connectionEnded(CloseReason)
}
