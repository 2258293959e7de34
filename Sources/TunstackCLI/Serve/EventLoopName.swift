/// The event loops by the names that they have on the command line.
enum EventLoopName: String, CaseIterable, Sendable {
    case dispatch
    case epoll

    /// What a stack waits with unless told otherwise.
    static let standard = EventLoopName.epoll
}
