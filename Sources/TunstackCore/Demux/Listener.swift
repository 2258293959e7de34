import TunstackWire

/// What an application can choose for a listening socket.
public struct ListenerOptions: Sendable {
    /// Connections that may wait to be accepted.
    public var backlog = 128
    /// Half-open entries that may wait for the last ACK of their handshake.
    public var synBacklog = 1_024
    /// Allows listening although connections of the port still exist or are in TIME-WAIT (SO_REUSEADDR).
    public var reusesAddress = false
    /// What accepted connections start with; nil for the stack's default.
    public var connectionOptions: ConnectionOptions?

    /// The defaults.
    public init() {}
}

/// A passive OPEN: a local socket, and the connections that wait to be accepted.
struct Listener {
    let local: Endpoint
    let options: ListenerOptions
    var connectionOptions: ConnectionOptions
    /// Established connections in the order of their completion.
    var acceptQueue = Fifo<Int>()
    /// Half-open entries at the moment.
    var halfOpenCount = 0
    var isInEventQueue = false

    var acceptQueueIsFull: Bool { acceptQueue.count >= options.backlog }
    var synQueueIsFull: Bool { halfOpenCount >= options.synBacklog }
}
