import Dispatch
import TunstackCore

/// An ``EventLoop`` on Dispatch: one read source and one timer on the serial queue of a ``DispatchQueueExecutor``.
///
/// The source does not watch the device itself but an epoll set that holds it, for two reasons:
///
/// - libdispatch looks only at `EPOLLIN` and `EPOLLHUP`. A TUN whose interface was deleted reports `EPOLLERR` alone, on
///   which libdispatch's manager thread spins for ever and calls nobody. An epoll set turns every condition of the
///   descriptor in it into `EPOLLIN`, and stays level-triggered after a hang-up.
/// - libdispatch keys its records by descriptor number and has had bugs when a number is used again
///   (swiftlang/swift-corelibs-libdispatch issues 833 and 949). The set belongs to the loop: made once, registered
///   once, closed in the source's cancel handler. The device's own descriptor may be closed at any time.
///
/// A wake-up allocates nothing; asking for a turn does, and setting the timer, which ``DeadlinePlan`` makes rare.
public final class DispatchEventLoop: EventLoop {
    /// What the call-backs run on.
    public let executor: DispatchQueueExecutor

    private let clock = MonotonicClock()
    private var plan = DeadlinePlan()

    /// The epoll set, until ``activate(_:)`` hands it to the source.
    private var watch: FileDescriptor?
    private var source: (any DispatchSourceRead)?
    private var timer: (any DispatchSourceTimer)?
    private var handlers: EventLoopHandlers?
    private var hasTurnAhead = false

    /// A loop over a device, not active yet.
    ///
    /// - Parameters:
    ///   - device: Watched until it is closed or the loop is cancelled. The loop never reads it.
    ///   - executor: What the call-backs run on.
    /// - Throws: ``TunError/refused(_:_:)`` if the descriptor cannot be watched.
    public init(watching device: borrowing TunDevice, on executor: DispatchQueueExecutor) throws(TunError) {
        do throws(Errno) {
            watch = try SystemCall.makeWatch(over: device.fileDescriptor)
        } catch {
            throw .refused(.watch, error)
        }
        self.executor = executor
    }

    deinit {
        cancelSources()
    }

    /// Starts to wait. Called once, on the executor.
    public func activate(_ handlers: EventLoopHandlers) {
        executor.checkIsolated()
        guard let set = watch.take()?.release() else {
            preconditionFailure("the loop was activated or cancelled before")
        }
        let source = DispatchSource.makeReadSource(fileDescriptor: set, queue: executor.queue)
        source.setEventHandler(handler: handlers.readable)
        source.setCancelHandler {
            SystemCall.close(set)
            handlers.closed()
        }
        let timer = DispatchSource.makeTimerSource(flags: .strict, queue: executor.queue)
        timer.setEventHandler { [weak self] in
            self?.timerFired(handlers)
        }
        self.source = source
        self.timer = timer
        self.handlers = handlers
        source.activate()
        timer.activate()
    }

    /// Replaces the deadline; nil and `Instant.distantFuture` disarm it. Only between ``activate(_:)`` and
    /// ``cancel()``; after that it does nothing.
    public func setDeadline(_ deadline: Instant?) {
        executor.checkIsolated()
        precondition(watch == nil, "activate the loop before giving it a deadline")
        guard let timer else { return }
        if let instant = plan.replaceDeadline(deadline == .distantFuture ? nil : deadline) {
            Self.arm(timer, at: instant)
        }
    }

    /// Asks for a turn.
    public func requestTurn() {
        executor.checkIsolated()
        guard handlers != nil, !hasTurnAhead else { return }
        hasTurnAhead = true
        // The queue runs blocks one at a time, and only on it is the loop used.
        nonisolated(unsafe) weak let loop = self
        executor.queue.async { unsafe loop?.takeTurn() }
    }

    private func takeTurn() {
        hasTurnAhead = false
        handlers?.turn()
    }

    /// Stops waiting; `closed` follows.
    public func cancel() {
        executor.checkIsolated()
        watch = nil
        cancelSources()
        source = nil
        timer = nil
        handlers = nil
    }

    private func cancelSources() {
        timer?.cancel()
        source?.cancel()
    }

    private func timerFired(_ handlers: EventLoopHandlers) {
        guard let timer else { return }
        switch plan.timerFired(at: clock.now()) {
        case .reached: handlers.deadlineReached()
        case .rearm(let instant): Self.arm(timer, at: instant)
        case .idle: break
        }
    }

    /// Sets the timer to go off once, for which libdispatch allocates a small record.
    ///
    /// `DispatchTime` is nanoseconds of `CLOCK_MONOTONIC` on Linux, as ``MonotonicClock`` is. Its zero means "now", so
    /// instants before the first nanosecond become that one.
    private static func arm(_ timer: any DispatchSourceTimer, at instant: Instant) {
        let time = DispatchTime(uptimeNanoseconds: UInt64(max(1, instant.nanoseconds)))
        timer.schedule(deadline: time, repeating: .never, leeway: .nanoseconds(0))
    }
}
