import CLinuxTun
import Glibc

/// The system calls that work on descriptors, as total functions over safe types.
///
/// Those on a TUN and its packets are in `SystemCall+Tun.swift`, those of event loops in `SystemCall+Epoll.swift`, the calls on
/// interfaces in `InterfaceRequests.swift`. These, ``Errno`` and ``MonotonicClock`` are the only places where C is called.
package enum SystemCall {
    /// What a descriptor is, as far as reading and writing packets depends on it.
    enum Kind: Sendable {
        /// A character device, as `/dev/net/tun` is.
        case device
        /// A connected `SOCK_SEQPACKET` socket: it reports the end of the stream.
        case sequencedPacketSocket
        /// A connected `SOCK_DGRAM` socket.
        case datagramSocket

        /// Whether a read of no bytes means that nothing follows; a datagram may be empty.
        var endsWithEmptyRead: Bool { self != .datagramSocket }
    }

    /// The result of a C function that reports failure by a negative `-errno`.
    static func check(_ result: CInt) throws(Errno) -> CInt {
        guard result >= 0 else { throw Errno(rawValue: -result) }
        return result
    }

    /// The result of a C function that reports failure by -1 and `errno`; called again while a signal interrupts it.
    static func retrying<Result: FixedWidthInteger>(_ body: () -> Result) throws(Errno) -> Result {
        while true {
            let result = body()
            guard result == -1 else { return result }
            let error = errno
            guard error == EINTR else { throw Errno(rawValue: error) }
        }
    }

    /// What this descriptor is, or nil if it does not keep packets apart. The corresponding C functions are `fstat`
    /// and `getsockopt` with `SO_TYPE`.
    static func kind(of descriptor: CInt) throws(Errno) -> Kind? {
        var status = stat()
        _ = try retrying { unsafe fstat(descriptor, &status) }
        switch status.st_mode & S_IFMT {
        case S_IFCHR:
            return .device
        case S_IFSOCK:
            var type: CInt = 0
            var size = socklen_t(MemoryLayout<CInt>.size)
            _ = try retrying { unsafe getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) }
            switch type {
            case CInt(SOCK_SEQPACKET.rawValue): return .sequencedPacketSocket
            case CInt(SOCK_DGRAM.rawValue): return .datagramSocket
            default: return nil
            }
        default:
            return nil
        }
    }

    /// Makes a descriptor non-blocking and closed on exec. The corresponding C function is `fcntl`.
    static func setNonBlockingCloseOnExec(_ descriptor: CInt) throws(Errno) {
        let flags = try retrying { fcntl(descriptor, F_GETFL) }
        _ = try retrying { fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
        _ = try retrying { fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }

    /// Moves the calling thread into a new network namespace. The corresponding C function is `unshare`.
    static func enterNewNetwork() throws(Errno) {
        _ = try check(clinuxtun_new_network())
    }

    /// Closes a descriptor. The corresponding C function is `close`; on Linux the descriptor is free again whatever
    /// it returns, so there is nothing to do about an error.
    static func close(_ descriptor: CInt) {
        _ = Glibc.close(descriptor)
    }
}
