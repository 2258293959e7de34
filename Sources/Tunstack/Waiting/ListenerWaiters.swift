/// The tasks that wait at one listener, in turn.
struct ListenerWaiters {
    private struct Waiter {
        let ticket: UInt64
        let task: SleepingTask
    }

    private var waiters: [Waiter] = []
    /// Whether no task is suspended.
    var isEmpty: Bool { waiters.isEmpty }
    /// Connections came while nobody waited; somebody may be on the way to wait, though.
    private var hasNews = false

    /// Suspends a task, unless there are news.
    mutating func wait(ticket: UInt64, _ task: SleepingTask) {
        if hasNews {
            hasNews = false
            task.wake(for: .ready)
        } else {
            waiters.append(Waiter(ticket: ticket, task: task))
        }
    }

    /// Wakes the task that has waited longest.
    mutating func wakeOne() {
        if waiters.isEmpty {
            hasNews = true
        } else {
            waiters.removeFirst().task.wake(for: .ready)
        }
    }

    /// Wakes all.
    mutating func wakeAll() {
        for waiter in waiters { waiter.task.wake(for: .ready) }
        waiters = []
    }

    /// Ends a wait because its task was cancelled.
    mutating func cancel(ticket: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiters.remove(at: index).task.wake(for: .cancelled)
    }
}
