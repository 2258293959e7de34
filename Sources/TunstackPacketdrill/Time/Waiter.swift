import TunstackCore

/// A thread that sleeps in a call until the call can be answered.
///
/// Whoever makes virtual time go on tries the call again after every event, in the sleeper's place: the answer then belongs to that very
/// instant, however late the sleeper is woken.
final class Waiter {
    /// When the call is given up.
    let deadline: Instant?
    private let attempt: () -> Bool
    private(set) var isOver = false

    init(deadline: Instant?, attempt: @escaping () -> Bool) {
        self.deadline = deadline
        self.attempt = attempt
    }

    /// Tries the call again; whether it is answered, or out of time.
    func tryAgain(at now: Instant) -> Bool {
        guard !isOver else { return true }
        isOver = attempt() || deadline.map { $0 <= now } ?? false
        return isOver
    }
}
