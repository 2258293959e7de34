public import TunstackCore
import TunstackLinux

/// What a stack waits with, and so what it runs on.
public enum EventLoopChoice: Hashable, Sendable {
    /// A serial queue of Dispatch: threads of the process's common pool, which come and go.
    case dispatch
    /// epoll, on a thread of the stack's own. Before it sleeps it looks for packets again and again for `busyPoll`, which takes a
    /// processor for itself while it does.
    case epoll(busyPoll: Interval)

    /// What a stack waits with unless told otherwise.
    public static let standard = EventLoopChoice.epoll(busyPoll: .zero)

    /// A loop of this kind over a device, on an executor of its own.
    func makeLoop(watching device: borrowing TunDevice) throws(TunError) -> any EventLoop {
        switch self {
        case .dispatch:
            try DispatchEventLoop(watching: device, on: DispatchQueueExecutor(label: "tunstack"))
        case .epoll(let busyPoll):
            EpollEventLoop(watching: device, on: try EpollExecutor(label: "tunstack", busyPoll: busyPoll))
        }
    }
}
