import Glibc
import TunstackCore

/// Virtual time: it stands still but for what packetdrill asks for, and for a little with every look at the clock.
extension Session {
    /// What a look at the clock costs. Without it packetdrill, which spins for the last microseconds before an event, would never see
    /// the event's time.
    private static let creep = Interval.microseconds(1)

    /// gettimeofday(2). To a thread whose call has just been answered it tells the time of the answer.
    func readClock() -> Instant {
        monitor.locked {
            if let answered = answers.removeValue(forKey: pthread_self()) { return answered }
            run(until: now + Self.creep)
            return now
        }
    }

    /// usleep(2): lets everything happen that is due meanwhile, each at its time.
    func sleep(_ interval: Interval) {
        monitor.locked { run(until: now + interval) }
    }

    /// Lets time pass up to an instant.
    func run(until end: Instant) {
        while let next = nextEvent, next <= end { step(to: next) }
        now = max(now, end)
    }

    /// When something happens by itself next: a timer of the stack's, or the end of someone's patience.
    var nextEvent: Instant? {
        let patience = waiters.compactMap(\.deadline).min()
        guard let timer = stack.nextDeadline else { return patience }
        return patience.map { min($0, timer) } ?? timer
    }

    /// Goes to an instant and does what is due then.
    func step(to instant: Instant) {
        now = max(now, instant)
        stack.advance(to: now)
        settle()
    }

    /// After anything that can have changed something: takes from the stack what it has to say, and answers the calls that can be answered now.
    func settle() {
        pump()
        noteRoom()
        noteLimits()
        var index = 0
        while index < waiters.count {
            guard waiters[index].tryAgain(at: now) else {
                index += 1
                continue
            }
            waiters.remove(at: index)
            pump()
            noteRoom()
            monitor.wakeAll()
            // What this call did may be what another waits for.
            index = 0
        }
    }
}

// MARK: - Blocking

extension Session {
    /// Makes a call until it has an answer. The lock must be held.
    ///
    /// The thread that drives virtual time makes it go on itself; any other sleeps while that one does.
    ///
    /// - Parameters:
    ///   - deadline: when to give up; nil for never.
    ///   - attempt: nil while there is no answer.
    /// - Returns: nil when the time was over, or when nothing is left that could bring an answer.
    func wait<Answer>(
        until deadline: Instant?, _ attempt: @escaping () throws(Errno) -> Answer?
    ) throws(Errno) -> Answer? {
        if let answer = try attempt() { return answer }
        if let deadline, deadline <= now { return nil }
        // What the call has done so far has consequences.
        settle()
        guard pthread_equal(pthread_self(), driver) == 0 else {
            return try drive(until: deadline, attempt)
        }
        var outcome: Result<Answer?, Errno> = .success(nil)
        let session = self
        var answered = now
        let waiter = Waiter(deadline: deadline) {
            answered = session.now
            do throws(Errno) {
                let answer = try attempt()
                outcome = .success(answer)
                return answer != nil
            } catch {
                outcome = .failure(error)
                return true
            }
        }
        waiters.append(waiter)
        while !waiter.isOver { monitor.wait() }
        answers[pthread_self()] = answered
        return try outcome.get()
    }

    private func drive<Answer>(
        until deadline: Instant?, _ attempt: () throws(Errno) -> Answer?
    ) throws(Errno) -> Answer? {
        var steps = 0
        while steps < Self.mostSteps, let next = nextEvent {
            if let deadline, deadline < next { break }
            step(to: next)
            if let answer = try attempt() { return answer }
            steps += 1
        }
        guard let deadline else { return nil }
        run(until: deadline)
        return try attempt()
    }

    /// Timers in a row that may bring nothing before that counts as for ever.
    static let mostSteps = 1_000_000
}
