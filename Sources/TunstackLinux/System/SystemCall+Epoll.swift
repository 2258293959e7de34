import CLinuxTun
import Glibc
import TunstackCore

/// The system calls of an event loop.
extension SystemCall {
    /// Makes an epoll set that holds this descriptor: the set is readable while `descriptor` is readable, in error or
    /// hung up. The corresponding C functions are `epoll_create1` and `epoll_ctl`.
    static func makeWatch(over descriptor: CInt) throws(Errno) -> FileDescriptor {
        let set = try makeEpollSet()
        try add(descriptor, to: set.rawValue)
        return set
    }

    /// Makes an empty epoll set. The corresponding C function is `epoll_create1`.
    static func makeEpollSet() throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try check(clinuxtun_set()))
    }

    /// Adds a descriptor to an epoll set. The corresponding C function is `epoll_ctl` with `EPOLL_CTL_ADD`.
    static func add(_ descriptor: CInt, to set: CInt) throws(Errno) {
        _ = try check(clinuxtun_add(set, descriptor))
    }

    /// Takes a descriptor out of an epoll set; one that was closed is out already. The corresponding C function is `epoll_ctl` with
    /// `EPOLL_CTL_DEL`.
    static func remove(_ descriptor: CInt, from set: CInt) {
        _ = clinuxtun_remove(set, descriptor)
    }

    /// Which of two descriptors of an epoll set are readable, after at most `timeout`; nil waits for ever. A signal ends the wait
    /// early. The corresponding C function is `epoll_pwait2`, or `epoll_wait` on kernels before 5.11.
    static func wait(
        in set: CInt, for first: CInt, _ second: CInt, timeout: Interval?
    ) -> (first: Bool, second: Bool) {
        let ready = clinuxtun_wait(set, first, second, timeout.map { max(0, $0.nanoseconds) } ?? -1)
        precondition(ready >= 0, "an epoll set of our own can always be asked")
        return (ready & 1 != 0, ready & 2 != 0)
    }

    /// Makes a descriptor that is readable from ``ring(_:)`` to ``silence(_:)``. The corresponding C function is `eventfd`.
    static func makeBell() throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try check(clinuxtun_bell()))
    }

    /// The corresponding C function is `eventfd_write`.
    static func ring(_ bell: CInt) { clinuxtun_ring(bell) }

    /// The corresponding C function is `eventfd_read`.
    static func silence(_ bell: CInt) { clinuxtun_silence(bell) }

    /// Starts a thread that runs `body` once, and lets go of it. The corresponding C functions are `pthread_create`,
    /// `pthread_detach` and `prctl` with `PR_SET_NAME`.
    ///
    /// - Parameter name: For debuggers, at most 15 bytes.
    package static func startThread(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let body = ThreadBody {
            unsafe clinuxtun_name_thread(name)
            body()
        }
        let box = unsafe Unmanaged.passRetained(body)
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            unsafe box.release()
            throw Errno(rawValue: result)
        }
        pthread_detach(thread)
    }

    private final class ThreadBody {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
