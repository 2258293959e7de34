import Glibc
import TunstackCore

/// Functions that move data.
extension SlotTable {
    func putTransferCalls() {
        unsafe put(Self.read, at: .read)
        unsafe put(Self.readVector, at: .readVector)
        unsafe put(Self.receive, at: .receive)
        unsafe put(Self.receiveFrom, at: .receiveFrom)
        unsafe put(Self.receiveMessage, at: .receiveMessage)
        unsafe put(Self.write, at: .write)
        unsafe put(Self.writeVector, at: .writeVector)
        unsafe put(Self.send, at: .send)
        unsafe put(Self.sendTo, at: .sendTo)
        unsafe put(Self.sendMessage, at: .sendMessage)
        unsafe put(Self.pipe, at: .pipe)
        unsafe put(Self.splice, at: .splice)
    }

    private typealias Source = UnsafeRawPointer?
    private typealias Room = UnsafeMutableRawPointer?
    private typealias Vectors = UnsafePointer<iovec>?
    private typealias Length = UnsafeMutablePointer<socklen_t>?

    private static func receive(_ data: UserData, _ fd: Int32, _ memory: UserMemory, _ flags: Int32 = 0) -> Int {
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in try session.receive(fd, into: memory, flags: flags) }
        }
    }

    private static func send(_ data: UserData, _ fd: Int32, _ memory: UserMemory, _ flags: Int32 = 0) -> Int {
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in try session.send(fd, memory, flags: flags) }
        }
    }

    private static let read: @convention(c) (UserData, Int32, Room, Int) -> Int = { data, fd, buffer, count in
        unsafe receive(data, fd, UserMemory(buffer, count: count))
    }

    private static let readVector: @convention(c) (UserData, Int32, Vectors, Int32) -> Int = {
        data, fd, vectors, count in
        unsafe receive(data, fd, UserMemory(vectors: vectors, count: Int(count)))
    }

    private static let receive: @convention(c) (UserData, Int32, Room, Int, Int32) -> Int = {
        data, fd, buffer, count, flags in
        unsafe receive(data, fd, UserMemory(buffer, count: count), flags)
    }

    private static let receiveFrom: @convention(c) (UserData, Int32, Room, Int, Int32, Room, Length) -> Int = {
        data, fd, buffer, count, flags, _, length in
        let received = unsafe receive(data, fd, UserMemory(buffer, count: count), flags)
        // A connection's data comes from its other end, which is not named.
        if received >= 0, let length = unsafe length { unsafe length.pointee = 0 }
        return received
    }

    private static let receiveMessage: @convention(c) (UserData, Int32, UnsafeMutablePointer<msghdr>?, Int32) -> Int = {
        data, fd, message, flags in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in try unsafe session.receiveMessage(fd, message, flags: flags) }
    }

    private static let write: @convention(c) (UserData, Int32, Source, Int) -> Int = { data, fd, buffer, count in
        unsafe send(data, fd, UserMemory(reading: buffer, count: count))
    }

    private static let writeVector: @convention(c) (UserData, Int32, Vectors, Int32) -> Int = {
        data, fd, vectors, count in
        unsafe send(data, fd, UserMemory(vectors: vectors, count: Int(count)))
    }

    private static let send: @convention(c) (UserData, Int32, Source, Int, Int32) -> Int = {
        data, fd, buffer, count, flags in
        unsafe send(data, fd, UserMemory(reading: buffer, count: count), flags)
    }

    private static let sendTo: @convention(c) (UserData, Int32, Source, Int, Int32, Source, socklen_t) -> Int = {
        data, fd, buffer, count, flags, _, _ in
        unsafe send(data, fd, UserMemory(reading: buffer, count: count), flags)
    }

    private static let sendMessage: @convention(c) (UserData, Int32, UnsafePointer<msghdr>?, Int32) -> Int = {
        data, fd, message, flags in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in try unsafe session.sendMessage(fd, message, flags: flags) }
    }

    private static let pipe: @convention(c) (UserData, UnsafeMutablePointer<Int32>?) -> Int32 = { _, ends in
        guard let ends = unsafe ends else {
            errno = EFAULT
            return -1
        }
        return unsafe Glibc.pipe(ends)
    }

    private static let splice:
        @convention(c) (UserData, Int32, UnsafeMutablePointer<Int64>?, Int32, UnsafeMutablePointer<Int64>?, Int, UInt32)
            -> Int = { _, _, _, _, _, _, _ in
                errno = ENOSYS
                return -1
            }
}
