/// Why ``TunnelStack/listen(on:options:)`` failed.
public enum BindError: Error, Hashable, Sendable {
    /// The address is none of the stack's.
    case addressNotAvailable
    /// Port 0 cannot be listened on.
    case invalidPort
    /// Another listener, a connection, or one in TIME-WAIT holds the port (RFC 9293 §3.6.1);
    /// `ListenerOptions.reusesAddress` allows the latter two.
    case addressInUse
    /// The stack has as many listeners as `Limits.listeners` allows.
    case tooManyListeners
    /// The stack has been shut down or has lost its device.
    case stackClosed
}

extension BindError {
    init(_ error: ListenError) {
        switch error {
        case .addressNotAvailable: self = .addressNotAvailable
        case .invalidPort: self = .invalidPort
        case .addressInUse: self = .addressInUse
        case .tooManyListeners: self = .tooManyListeners
        }
    }
}

extension BindError: CustomStringConvertible {
    /// A short English phrase.
    public var description: String {
        switch self {
        case .addressNotAvailable: "the address is none of the stack's"
        case .invalidPort: "port 0 cannot be listened on"
        case .addressInUse: "address in use: a listener, a connection or one in TIME-WAIT holds the port"
        case .tooManyListeners: "too many listeners"
        case .stackClosed: "the stack is shut down"
        }
    }
}

/// Why ``TCPListener/accept()`` failed.
public enum AcceptError: Error, Hashable, Sendable {
    /// The listener was closed.
    case listenerClosed
    /// The task was cancelled.
    case cancelled
    /// The stack has been shut down or has lost its device.
    case stackClosed
}

extension AcceptError: CustomStringConvertible {
    /// A short English phrase.
    public var description: String {
        switch self {
        case .listenerClosed: "the listener is closed"
        case .cancelled: "cancelled"
        case .stackClosed: "the stack is shut down"
        }
    }
}
