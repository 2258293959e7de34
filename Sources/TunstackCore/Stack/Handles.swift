/// Names something that a stack keeps for the application: a place, and which of those that were ever there.
///
/// Whoever keeps values of his own by handle finds them in an array, at `index`.
public protocol Handle: Hashable, Sendable {
    /// The place. Places are used again, so that the largest is less than the most that there were at once.
    var index: UInt32 { get }
    /// Tells it from those that had the place before.
    var generation: UInt32 { get }
}

/// Names a connection to the application. A handle whose connection has been released names nothing, never another one.
public struct ConnectionID: Handle {
    /// See ``Handle``.
    public let index: UInt32
    /// See ``Handle``.
    public let generation: UInt32
}

/// Names a listening socket to the application.
public struct ListenerID: Handle {
    /// See ``Handle``.
    public let index: UInt32
    /// See ``Handle``.
    public let generation: UInt32
}
