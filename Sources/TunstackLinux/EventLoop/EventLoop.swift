import TunstackCore

/// Waits for what wakes a stack up: packets at its device, and one deadline.
///
/// The owner is an actor (or a queue's worth of code) that runs on ``executor``. All call-backs run there, one at a
/// time, and all methods must be called there. The owner reads packets until the device would block or a budget is
/// spent, feeds the core, wakes the tasks that the news is about, and asks for a turn by ``requestTurn()``. The turn
/// comes when those tasks have run: then the owner writes what all of that has left to send, and gives its next
/// deadline to ``setDeadline(_:)``.
///
/// The protocol is small so that Dispatch (``DispatchEventLoop``), a bare `epoll` (``EpollEventLoop``) or a test can stand behind
/// it. Dropping the last reference
/// to a loop cancels it.
public protocol EventLoop: AnyObject {
    /// What the call-backs run on.
    associatedtype Executor: SerialExecutor, TaskExecutor

    /// What the call-backs run on; an actor that owns the loop runs on it too.
    var executor: Executor { get }

    /// Starts to wait. Called once, before anything else.
    ///
    /// - Throws: ``TunError/refused(_:_:)`` if the device cannot be watched.
    func activate(_ handlers: EventLoopHandlers) throws(TunError)

    /// Replaces the deadline; nil and `Instant.distantFuture` disarm it.
    ///
    /// - Parameter deadline: On the clock of ``MonotonicClock``. One that has passed is reported at once, though never
    ///   from within this call.
    /// - Precondition: The loop was activated. Once it is cancelled, deadlines are ignored.
    func setDeadline(_ deadline: Instant?)

    /// Asks for one call of `turn`, behind the jobs that wait on the executor now. Asking again before it comes changes nothing.
    ///
    /// - Precondition: The loop was activated. Once it is cancelled, it does nothing.
    func requestTurn()

    /// Stops waiting: no `readable`, `deadlineReached` or `turn` follows, `closed` does. Calling it again does nothing.
    func cancel()
}

/// What an event loop calls, on its executor.
public struct EventLoopHandlers: Sendable {
    /// Packets wait, or the device failed and the next read says how. Level-triggered: it is called again as long as
    /// the device has something to say, so stopping at a budget is safe and not reading at all spins.
    public let readable: @Sendable () -> Void

    /// The deadline has been reached; there is none any more until the next ``EventLoop/setDeadline(_:)``.
    public let deadlineReached: @Sendable () -> Void

    /// The turn that ``EventLoop/requestTurn()`` asked for.
    public let turn: @Sendable () -> Void

    /// The loop was cancelled and watches nothing any more. The last call.
    public let closed: @Sendable () -> Void

    /// Handlers. They should hold the loop's owner weakly: the loop holds them as long as it lives.
    public init(
        readable: @escaping @Sendable () -> Void,
        deadlineReached: @escaping @Sendable () -> Void,
        turn: @escaping @Sendable () -> Void,
        closed: @escaping @Sendable () -> Void
    ) {
        self.readable = readable
        self.deadlineReached = deadlineReached
        self.turn = turn
        self.closed = closed
    }
}
