import TunstackCore

/// The tasks that have something to do with one connection: at most one in each role.
struct ConnectionWaiters {
    /// What a task waits for.
    enum Role: Sendable {
        /// For bytes, or the end of the stream.
        case reader
        /// For room in the send buffer.
        case writer
        /// For the end of the handshake.
        case opener
    }

    private var reader = WaitingPlace()
    private var writer = WaitingPlace()
    private var opener = WaitingPlace()

    subscript(role: Role) -> WaitingPlace {
        get {
            switch role {
            case .reader: reader
            case .writer: writer
            case .opener: opener
            }
        }
        set {
            switch role {
            case .reader: reader = newValue
            case .writer: writer = newValue
            case .opener: opener = newValue
            }
        }
    }

    /// Wakes the tasks that these events are about.
    mutating func wake(on events: ConnectionEvents) {
        if !events.isDisjoint(with: [.readable, .endOfStream, .closed]) { reader.wake() }
        if !events.isDisjoint(with: [.writable, .closed]) { writer.wake() }
        if !events.isDisjoint(with: [.established, .closed]) { opener.wake() }
    }
}
