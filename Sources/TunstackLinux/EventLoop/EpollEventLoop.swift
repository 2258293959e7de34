public import TunstackCore

/// An ``EventLoop`` on epoll alone, on the thread of an ``EpollExecutor``.
///
/// A packet wakes the thread that handles it; nothing is handed from one thread to another, and neither packets nor deadlines
/// allocate.
public final class EpollEventLoop: EventLoop {
    /// What the call-backs run on.
    public let executor: EpollExecutor

    private let device: CInt
    private var isActive = false

    /// A loop over a device, not active yet.
    ///
    /// - Parameters:
    ///   - device: Watched until it is closed or the loop is cancelled. The loop never reads it.
    ///   - executor: What the call-backs run on. It serves one loop.
    public init(watching device: borrowing TunDevice, on executor: EpollExecutor) {
        self.device = device.fileDescriptor
        self.executor = executor
    }

    deinit {
        executor.thread.endWatching()
    }

    /// Starts to wait. Called once, on the executor.
    ///
    /// - Throws: ``TunError/refused(_:_:)`` if the device cannot be watched.
    public func activate(_ handlers: EventLoopHandlers) throws(TunError) {
        executor.checkIsolated()
        precondition(!isActive, "the loop was activated before")
        do throws(Errno) {
            try executor.thread.watch(device, handlers)
        } catch {
            throw .refused(.watch, error)
        }
        isActive = true
    }

    /// Replaces the deadline; nil and `Instant.distantFuture` disarm it. After ``cancel()`` it does nothing.
    public func setDeadline(_ deadline: Instant?) {
        executor.thread.setDeadline(deadline == .distantFuture ? nil : deadline)
    }

    /// Asks for a turn.
    public func requestTurn() {
        executor.thread.requestTurn()
    }

    /// Stops waiting; `closed` follows.
    public func cancel() {
        executor.thread.unwatch()
    }
}
