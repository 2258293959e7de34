public import TunstackCore

/// Runs actors and tasks on a thread of its own, which also waits for a device and a deadline: an ``EpollEventLoop`` is its
/// other half.
///
/// What is put here from the thread itself costs no lock and no system call; from another thread it costs a lock, and a bell that
/// wakes the thread if it sleeps. The thread ends when nobody refers to the executor any more.
public final class EpollExecutor: SerialExecutor, TaskExecutor {
    let thread: EpollThread

    /// An executor with a new thread.
    ///
    /// - Parameters:
    ///   - label: The thread's name in debuggers, of which 15 bytes are shown.
    ///   - busyPoll: How long to look for work again and again before sleeping. It saves the time in which the kernel wakes a
    ///     thread, and costs a processor while it lasts.
    /// - Throws: ``TunError/refused(_:_:)`` if there is no thread or descriptor left.
    public init(label: String, busyPoll: Interval = .zero) throws(TunError) {
        do throws(Errno) {
            let thread = try EpollThread(busyPoll: busyPoll)
            try thread.start(label: label)
            self.thread = thread
        } catch {
            throw .refused(.startThread, error)
        }
    }

    deinit {
        thread.end()
    }

    /// Runs a job on the thread, after everything that was put there before from the same thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        thread.enqueue(EpollThread.Job(job: UnownedJob(job), executor: self))
    }

    /// What an actor returns as its `unownedExecutor`.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// What a task prefers to run on.
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// Traps unless the caller runs on the thread.
    public func checkIsolated() {
        precondition(thread.isCurrent, "not on the executor's thread")
    }

    /// Whether the caller runs on the thread.
    public func isIsolatingCurrentContext() -> Bool? { thread.isCurrent }
}
