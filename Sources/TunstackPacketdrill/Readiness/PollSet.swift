import Glibc
import TunstackCore

/// One descriptor in an epoll set.
final class Watch {
    let socket: Socket
    var events: UInt32
    /// What the program wants to be told with the event.
    var data: UInt64
    /// Something has happened since the last time that the set was read, or may have.
    var isReady = false
    weak var owner: PollSet?

    init(socket: Socket, events: UInt32, data: UInt64, owner: PollSet) {
        self.socket = socket
        self.events = events
        self.data = data
        self.owner = owner
    }
}

/// An epoll set (epoll(7)).
final class PollSet {
    /// In the order in which they were added.
    private(set) var watches: [Watch] = []

    func watch(of socket: Socket) -> Watch? { watches.first { $0.socket === socket } }

    func add(_ watch: Watch) {
        watches.append(watch)
        watch.socket.watchers.append(watch)
    }

    func forget(_ watch: Watch) {
        watches.removeAll { $0 === watch }
        watch.socket.watchers.removeAll { $0 === watch }
    }

    func forgetAll() {
        for watch in watches { forget(watch) }
    }
}

/// What epoll_ctl(2) is to do.
enum PollOperation {
    static let add: Int32 = 1
    static let remove: Int32 = 2
    static let change: Int32 = 3
}

/// epoll(7).
extension Session {
    func makePollSet(size: Int32) throws(Errno) -> Int32 {
        guard size > 0 else { throw Errno(EINVAL) }
        let descriptor = try makeDescriptor()
        pollSets[descriptor] = PollSet()
        return descriptor
    }

    private func pollSet(_ descriptor: Int32) throws(Errno) -> PollSet {
        if let set = pollSets[descriptor] { return set }
        throw Errno(fcntl(descriptor, F_GETFD) < 0 ? EBADF : EINVAL)
    }

    func control(
        _ descriptor: Int32, operation: Int32, _ target: Int32, events: UInt32, data: UInt64
    ) throws(Errno) {
        let set = try pollSet(descriptor)
        let socket = try find(target)
        let known = set.watch(of: socket)
        switch operation {
        case PollOperation.add:
            guard known == nil else { throw Errno(EEXIST) }
            let watch = Watch(socket: socket, events: events, data: data, owner: set)
            set.add(watch)
            arm(watch)
        case PollOperation.change:
            guard let known else { throw Errno(ENOENT) }
            guard (known.events | events) & Poll.exclusive == 0 else { throw Errno(EINVAL) }
            known.events = events
            known.data = data
            arm(known)
        case PollOperation.remove:
            guard let known else { throw Errno(ENOENT) }
            set.forget(known)
        default: throw Errno(EINVAL)
        }
        settle()
    }

    /// What is ready when the watch begins counts as news.
    private func arm(_ watch: Watch) { watch.isReady = told(watch) != 0 }

    private func told(_ watch: Watch) -> UInt32 {
        // One that was told once says nothing until it is armed again.
        guard watch.events & ~(Poll.oneShot | Poll.edge | Poll.exclusive) != 0 else { return 0 }
        return readiness(of: watch.socket) & (watch.events | Poll.always)
    }

    /// epoll_wait(2): `report` is handed each event.
    func waitForEvents(
        _ descriptor: Int32, most: Int32, timeout: Int32, _ report: @escaping (Int, UInt32, UInt64) -> Void
    ) throws(Errno) -> Int32 {
        let set = try pollSet(descriptor)
        guard most > 0 else { throw Errno(EINVAL) }
        let deadline = timeout < 0 ? nil : now + .milliseconds(Int64(timeout))
        let answer = try wait(until: deadline) { [unowned self] () throws(Errno) -> Int32? in
            let count = collect(set, most: Int(most), report)
            return count > 0 ? Int32(count) : nil
        }
        return answer ?? 0
    }

    private func collect(_ set: PollSet, most: Int, _ report: (Int, UInt32, UInt64) -> Void) -> Int {
        var count = 0
        for watch in set.watches where count < most {
            let isEdge = watch.events & Poll.edge != 0
            guard watch.isReady || !isEdge else { continue }
            let events = told(watch)
            watch.isReady = false
            guard events != 0 else { continue }
            report(count, events, watch.data)
            count += 1
            if watch.events & Poll.oneShot != 0 { watch.events &= Poll.oneShot | Poll.edge }
        }
        return count
    }
}
