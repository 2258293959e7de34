import Dispatch

/// Runs actors and tasks on a serial dispatch queue of its own.
///
/// An actor that returns ``asUnownedSerialExecutor()`` from `unownedExecutor` shares the queue with the event loop:
/// it may use `assumeIsolated` in the loop's call-backs and handles a packet without a hop between threads.
/// (`DispatchSerialQueue`, which is such an executor elsewhere, does not exist on Linux.)
public final class DispatchQueueExecutor: SerialExecutor, TaskExecutor {
    /// The queue. Blocks put on it run isolated to the executor's actors.
    public let queue: DispatchQueue

    /// Its presence on the current queue says that the queue is ours.
    private let mark = DispatchSpecificKey<Bool>()

    /// An executor with a new serial queue.
    ///
    /// - Parameter label: The queue's name in debuggers.
    public init(label: String) {
        queue = DispatchQueue(label: label)
        queue.setSpecific(key: mark, value: true)
    }

    /// Runs a job on the queue, after everything that was put there before.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            unsafe job.runSynchronously(
                isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
        }
    }

    /// What an actor returns as its `unownedExecutor`.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// What a task prefers to run on.
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// Traps unless the caller runs on the queue.
    public func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }

    /// Whether the caller runs on the queue.
    public func isIsolatingCurrentContext() -> Bool? {
        DispatchQueue.getSpecific(key: mark) != nil
    }
}
