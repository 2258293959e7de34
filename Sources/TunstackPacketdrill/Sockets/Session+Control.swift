import Glibc
import TunstackCore

/// fcntl(2) and ioctl(2), as far as sockets are concerned.
extension Session {
    /// SIOCINQ, SIOCOUTQ and SIOCOUTQNSD; FIONBIO.
    private enum Request {
        static let queuedInput: UInt = 0x541b
        static let queuedOutput: UInt = 0x5411
        static let queuedUnsent: UInt = 0x894b
        static let nonBlocking: UInt = 0x5421
    }

    func control(_ descriptor: Int32, command: Int32, argument: @autoclosure () -> Int) throws(Errno) -> Int32 {
        let socket = try find(descriptor)
        switch command {
        case F_GETFL: return socket.statusFlags
        case F_SETFL:
            let changeable = O_NONBLOCK | O_APPEND | O_ASYNC
            socket.statusFlags = socket.statusFlags & ~changeable | Int32(truncatingIfNeeded: argument()) & changeable
            return 0
        case F_GETFD: return FD_CLOEXEC
        case F_SETFD: return 0
        default: throw Errno(EINVAL)
        }
    }

    func request(_ descriptor: Int32, _ request: UInt, _ value: UnsafeMutablePointer<Int32>?) throws(Errno) -> Int32 {
        let socket = try find(descriptor)
        guard let value = unsafe value else { throw Errno(EFAULT) }
        switch request {
        case Request.nonBlocking:
            let isOn = unsafe value.pointee != 0
            socket.statusFlags = isOn ? socket.statusFlags | O_NONBLOCK : socket.statusFlags & ~O_NONBLOCK
        case Request.queuedInput:
            guard !socket.isListening else { throw Errno(EINVAL) }
            unsafe value.pointee = Int32(clamping: queuedInput(socket))
        case Request.queuedOutput, Request.queuedUnsent:
            guard !socket.isListening else { throw Errno(EINVAL) }
            let status = socket.connection.flatMap { stack.status($0) }
            let count = request == Request.queuedUnsent ? status?.queuedBytes : status?.unacknowledgedBytes
            unsafe value.pointee = Int32(clamping: count ?? 0)
        default: throw Errno(ENOTTY)
        }
        return 0
    }
}
