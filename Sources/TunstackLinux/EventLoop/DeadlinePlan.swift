import TunstackCore

/// Decides when a timer must really be set, given how often its deadline moves.
///
/// A TCP moves its deadline with almost every segment, nearly always later. Setting a timer costs system calls and
/// a thread switch, so a later deadline leaves the timer alone: it goes off early once and is set again then. Only an
/// earlier deadline sets it at once.
struct DeadlinePlan {
    /// What the owner waits for.
    private(set) var deadline: Instant?

    /// When the timer will go off; never later than `deadline`.
    private(set) var armed: Instant?

    /// What to do when the timer went off.
    enum Expiry: Equatable {
        /// Tell the owner.
        case reached
        /// Too early: set the timer to this instant.
        case rearm(at: Instant)
        /// Nobody waits any more.
        case idle
    }

    /// Replaces the deadline, nil for none. Returns when to set the timer to, or nil to leave it as it is.
    mutating func replaceDeadline(_ newDeadline: Instant?) -> Instant? {
        deadline = newDeadline
        guard let newDeadline else { return nil }
        if let armed, armed <= newDeadline { return nil }
        armed = newDeadline
        return newDeadline
    }

    /// The timer went off.
    mutating func timerFired(at now: Instant) -> Expiry {
        armed = nil
        guard let deadline else { return .idle }
        guard now >= deadline else {
            armed = deadline
            return .rearm(at: deadline)
        }
        self.deadline = nil
        return .reached
    }
}
