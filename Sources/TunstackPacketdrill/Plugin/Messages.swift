import Glibc
import TunstackCore

/// `struct msghdr` as sendmsg(2) and recvmsg(2) use it.
extension Session {
    func sendMessage(_ descriptor: Int32, _ message: UnsafePointer<msghdr>?, flags: Int32) throws(Errno) -> Int {
        guard let message = unsafe message else { throw Errno(EFAULT) }
        let header = unsafe message.pointee
        let memory = unsafe UserMemory(vectors: header.msg_iov, count: Int(header.msg_iovlen))
        return try monitor.locked { () throws(Errno) in try send(descriptor, memory, flags: flags) }
    }

    func receiveMessage(
        _ descriptor: Int32, _ message: UnsafeMutablePointer<msghdr>?, flags: Int32
    ) throws(Errno) -> Int {
        guard let message = unsafe message else { throw Errno(EFAULT) }
        // There is no error queue.
        if flags & MessageFlag.errorQueue != 0 { throw Errno(EAGAIN) }
        let header = unsafe message.pointee
        let memory = unsafe UserMemory(vectors: header.msg_iov, count: Int(header.msg_iovlen))
        let (count, queued) = try monitor.locked { () throws(Errno) in
            let count = try receive(descriptor, into: memory, flags: flags)
            let socket = try find(descriptor)
            return (count, socket.settings.tellsQueue ? queuedInput(socket, countsEnd: true) : nil)
        }
        // The other end of a connection is known; it is not named again.
        unsafe message.pointee.msg_namelen = 0
        unsafe message.pointee.msg_flags = 0
        let length = unsafe Self.put(queued, into: header.msg_control, room: Int(header.msg_controllen))
        unsafe message.pointee.msg_controllen = length
        return count
    }

    /// One control message of an `int` (TCP_CM_INQ): its length, its level and type, and the number, which fills eight bytes.
    private static func put(_ queued: Int?, into control: UnsafeMutableRawPointer?, room: Int) -> Int {
        guard let queued, let control = unsafe control, room >= 24 else { return 0 }
        unsafe control.storeBytes(of: 20, as: Int.self)
        unsafe control.storeBytes(of: OptionLevel.tcp, toByteOffset: 8, as: Int32.self)
        unsafe control.storeBytes(of: TCPOptionName.queueLength, toByteOffset: 12, as: Int32.self)
        unsafe control.storeBytes(of: Int32(clamping: queued), toByteOffset: 16, as: Int32.self)
        return 24
    }
}
