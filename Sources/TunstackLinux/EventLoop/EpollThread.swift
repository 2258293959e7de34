import Glibc
import Synchronization
import TunstackCore

/// The thread behind an ``EpollExecutor``: it runs jobs, and between them looks at a device, a bell and the clock.
///
/// A round is: run the jobs that wait, but not those that they bring about; give the loop's owner its turn; ask epoll what is
/// readable, without sleeping if jobs are left; tell the loop's owner about packets and its deadline.
final class EpollThread: @unchecked Sendable {
    /// A job, with the executor that it must not outlive.
    struct Job {
        let job: UnownedJob
        let executor: EpollExecutor
    }

    /// What other threads put here.
    private struct Shared {
        var jobs: [Job] = []
        /// The thread sleeps, or is about to: whoever puts something here has to ring.
        var needsBell = false
        /// The loop is gone.
        var endsWatching = false
        /// The executor is gone.
        var hasEnded = false
    }

    private let set: FileDescriptor
    private let bell: FileDescriptor
    private let busyPoll: Interval
    private let clock = MonotonicClock()
    private let shared = Mutex(Shared())
    /// The thread's `pthread_self`, 0 until it runs.
    private let identity = Atomic<UInt>(0)

    // From here on, only the thread itself looks at it.
    private var jobs: [Job] = []
    /// The jobs of this round; kept for its memory.
    private var running: [Job] = []
    private var device: CInt = -1
    private var handlers: EventLoopHandlers?
    private var deadline: Instant?
    private var hasTurnAhead = false
    /// The handlers of a loop that was cancelled and has not been told.
    private var closing: EventLoopHandlers?

    init(busyPoll: Interval) throws(Errno) {
        set = try SystemCall.makeEpollSet()
        bell = try SystemCall.makeBell()
        self.busyPoll = busyPoll
        try SystemCall.add(bell.rawValue, to: set.rawValue)
    }

    func start(label: String) throws(Errno) {
        try SystemCall.startThread(named: String(label.prefix(15))) { self.run() }
    }

    /// Whether the caller is the thread.
    var isCurrent: Bool { identity.load(ordering: .relaxed) == pthread_self() }

    // MARK: From any thread

    func enqueue(_ job: Job) {
        guard !isCurrent else {
            jobs.append(job)
            return
        }
        ringing { $0.jobs.append(job) }
    }

    /// Ends the watching soon; on the thread itself, ``unwatch()`` does it now.
    func endWatching() {
        ringing { $0.endsWatching = true }
    }

    /// Lets the thread end once it has nothing to do.
    func end() {
        ringing { $0.hasEnded = true }
    }

    private func ringing(_ change: (inout sending Shared) -> Void) {
        let needsBell = shared.withLock { shared in
            change(&shared)
            defer { shared.needsBell = false }
            return shared.needsBell
        }
        if needsBell { SystemCall.ring(bell.rawValue) }
    }

    // MARK: On the thread

    /// Watches a device for a loop.
    func watch(_ device: CInt, _ handlers: EventLoopHandlers) throws(Errno) {
        try SystemCall.add(device, to: set.rawValue)
        self.device = device
        self.handlers = handlers
    }

    /// Ends the watching, and says so when the present job is done.
    func unwatch() {
        guard let handlers else { return }
        SystemCall.remove(device, from: set.rawValue)
        self.handlers = nil
        device = -1
        deadline = nil
        closing = handlers
    }

    func setDeadline(_ deadline: Instant?) {
        guard handlers != nil else { return }
        self.deadline = deadline
    }

    func requestTurn() {
        hasTurnAhead = handlers != nil
    }

    private func run() {
        identity.store(pthread_self(), ordering: .relaxed)
        while true {
            runJobs()
            if hasTurnAhead {
                hasTurnAhead = false
                handlers?.turn()
            }
            closing.take()?.closed()
            var ready = (first: false, second: false)
            if jobs.isEmpty, !hasTurnAhead {
                guard wait(&ready) else { break }
            } else {
                takeShared()
                ready = look(timeout: .zero)
            }
            if ready.first { handlers?.readable() }
            if let deadline, clock.now() >= deadline {
                self.deadline = nil
                handlers?.deadlineReached()
            }
        }
        handlers?.closed()
        closing?.closed()
    }

    private func runJobs() {
        swap(&jobs, &running)
        for next in running {
            unsafe next.job.runSynchronously(
                isolatedTo: next.executor.asUnownedSerialExecutor(),
                taskExecutor: next.executor.asUnownedTaskExecutor())
        }
        running.removeAll(keepingCapacity: true)
    }

    /// Sleeps until there is something to do.
    ///
    /// - Returns: Whether there will ever be.
    private func wait(_ ready: inout (first: Bool, second: Bool)) -> Bool {
        if busyPoll > .zero {
            let end = clock.now() + busyPoll
            repeat {
                if takeShared() { return true }
                ready = look(timeout: .zero)
                if ready.first { return true }
                if let deadline, clock.now() >= deadline { return true }
            } while clock.now() < end
        }
        let state = shared.withLock { shared -> (hasNews: Bool, hasEnded: Bool) in
            let hasNews = !shared.jobs.isEmpty || shared.endsWatching
            shared.needsBell = !hasNews && !shared.hasEnded
            return (hasNews, shared.hasEnded)
        }
        if !state.hasNews {
            if state.hasEnded { return false }
            ready = look(timeout: deadline.map { max(.zero, $0 - clock.now()) })
        }
        takeShared()
        return true
    }

    /// Which of device (first) and bell (second) have something to say.
    private func look(timeout: Interval?) -> (first: Bool, second: Bool) {
        let ready = SystemCall.wait(in: set.rawValue, for: device, bell.rawValue, timeout: timeout)
        if ready.second { SystemCall.silence(bell.rawValue) }
        return ready
    }

    /// Takes what other threads have put here.
    ///
    /// - Returns: Whether there was anything.
    @discardableResult
    private func takeShared() -> Bool {
        let found = shared.withLock { shared -> (jobs: [Job], endsWatching: Bool) in
            shared.needsBell = false
            defer {
                shared.jobs = []
                shared.endsWatching = false
            }
            return (shared.jobs, shared.endsWatching)
        }
        jobs += found.jobs
        if found.endsWatching { unwatch() }
        return found.endsWatching || !found.jobs.isEmpty
    }
}
