import Glibc

/// A lock, and a condition to wait for in it. Sleeping in `wait` gives the lock up, so that a thread that waits holds up nobody, and
/// is seen to sleep.
@safe final class Monitor: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs `body` with the lock held.
    func locked<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Sleeps until `wakeAll`; the lock must be held. May wake without a reason.
    func wait() { unsafe pthread_cond_wait(condition, mutex) }

    /// Wakes everyone who sleeps here.
    func wakeAll() { unsafe pthread_cond_broadcast(condition) }
}
