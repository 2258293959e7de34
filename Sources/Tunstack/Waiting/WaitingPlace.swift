/// Why a suspended task goes on.
enum Wake: Sendable {
    /// Something happened: look again.
    case ready
    /// The task was cancelled.
    case cancelled
}

/// A place for one task that looks, finds nothing, waits for news, and looks again.
///
/// Between looking and being suspended other work may run on the stack's executor, so news must not be lost there: whoever
/// holds the place finds it when it goes to sleep, and does not.
struct WaitingPlace {
    private enum State {
        case free
        /// Taken by a task that is awake.
        case held(hasNews: Bool)
        /// Taken by a task that sleeps. The ticket tells this sleep from earlier ones, for a cancellation that comes late.
        case waiting(ticket: UInt64, SleepingTask)
    }

    private var state = State.free

    /// Whether no task has taken the place.
    var isFree: Bool {
        if case .free = state { return true }
        return false
    }

    /// Takes the free place, right after looking.
    mutating func hold() {
        state = .held(hasNews: false)
    }

    /// Gives the place up.
    mutating func leave() {
        state = .free
    }

    /// Suspends the holder, unless there are news.
    mutating func wait(ticket: UInt64, _ task: SleepingTask) {
        if case .held(hasNews: true) = state {
            state = .held(hasNews: false)
            task.wake(for: .ready)
        } else {
            state = .waiting(ticket: ticket, task)
        }
    }

    /// Lets the holder look again.
    mutating func wake() {
        switch state {
        case .free: break
        case .held: state = .held(hasNews: true)
        case .waiting(_, let task):
            state = .held(hasNews: false)
            task.wake(for: .ready)
        }
    }

    /// Ends a wait because its task was cancelled.
    mutating func cancel(ticket: UInt64) {
        guard case .waiting(ticket, let task) = state else { return }
        state = .held(hasNews: false)
        task.wake(for: .cancelled)
    }
}
