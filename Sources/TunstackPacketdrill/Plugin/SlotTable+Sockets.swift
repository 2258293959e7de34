import Glibc
import TunstackCore

/// Functions that make, name and end sockets.
extension SlotTable {
    func putSocketCalls() {
        unsafe put(Self.socket, at: .socket)
        unsafe put(Self.bind, at: .bind)
        unsafe put(Self.listen, at: .listen)
        unsafe put(Self.accept, at: .accept)
        unsafe put(Self.connect, at: .connect)
        unsafe put(Self.close, at: .close)
        unsafe put(Self.shutDown, at: .shutDown)
        unsafe put(Self.descriptorControl, at: .descriptorControl)
        unsafe put(Self.deviceControl, at: .deviceControl)
        unsafe put(Self.getOption, at: .getOption)
        unsafe put(Self.setOption, at: .setOption)
    }

    private typealias Address = UnsafeRawPointer?
    private typealias Room = UnsafeMutableRawPointer?
    private typealias Length = UnsafeMutablePointer<socklen_t>?

    private static let socket: @convention(c) (UserData, Int32, Int32, Int32) -> Int32 = { data, domain, type, number in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in
                try session.socket(domain: domain, type: type, protocol: number)
            }
        }
    }

    private static let bind: @convention(c) (UserData, Int32, Address, socklen_t) -> Int32 = {
        data, fd, address, length in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            let endpoint = try unsafe SocketAddress.read(address, length: length)
            try session.monitor.locked { () throws(Errno) in try session.bind(fd, to: endpoint) }
            return 0
        }
    }

    private static let listen: @convention(c) (UserData, Int32, Int32) -> Int32 = { data, fd, backlog in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in try session.listen(fd, backlog: backlog) }
            return 0
        }
    }

    private static let accept: @convention(c) (UserData, Int32, Room, Length) -> Int32 = { data, fd, address, length in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            let (descriptor, remote) = try session.monitor.locked { () throws(Errno) in
                let socket = try session.accept(fd)
                return (socket.descriptor, socket.remote)
            }
            if let remote { unsafe SocketAddress.write(remote, to: address, length: length) }
            return descriptor
        }
    }

    private static let connect: @convention(c) (UserData, Int32, Address, socklen_t) -> Int32 = {
        data, fd, address, length in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            let endpoint = try unsafe SocketAddress.read(address, length: length)
            try session.monitor.locked { () throws(Errno) in try session.connect(fd, to: endpoint) }
            return 0
        }
    }

    private static let close: @convention(c) (UserData, Int32) -> Int32 = { data, fd in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in try session.close(fd) }
            return 0
        }
    }

    private static let shutDown: @convention(c) (UserData, Int32, Int32) -> Int32 = { data, fd, how in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in try session.shutDown(fd, how: how) }
            return 0
        }
    }

    private static let descriptorControl: @convention(c) (UserData, Int32, Int32, Int) -> Int32 = {
        data, fd, command, argument in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in
                try session.control(fd, command: command, argument: argument)
            }
        }
    }

    private static let deviceControl: @convention(c) (UserData, Int32, UInt, UnsafeMutablePointer<Int32>?) -> Int32 = {
        data, fd, request, value in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in try unsafe session.request(fd, request, value) }
        }
    }

    private static let getOption: @convention(c) (UserData, Int32, Int32, Int32, Room, Length) -> Int32 = {
        data, fd, level, name, value, length in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try unsafe session.tellOption(fd, level: level, name: name, value, length)
            return 0
        }
    }

    private static let setOption: @convention(c) (UserData, Int32, Int32, Int32, Address, socklen_t) -> Int32 = {
        data, fd, level, name, value, length in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            let bytes = unsafe OptionBytes(value, count: Int(length))
            try session.monitor.locked { () throws(Errno) in
                try session.setOption(fd, level: level, name: name, bytes)
            }
            return 0
        }
    }
}

extension Session {
    /// getsockopt(2) into the program's memory: as many bytes as fit.
    func tellOption(
        _ descriptor: Int32, level: Int32, name: Int32, _ value: UnsafeMutableRawPointer?,
        _ length: UnsafeMutablePointer<socklen_t>?
    ) throws(Errno) {
        guard let length = unsafe length, let value = unsafe value else { throw Errno(EFAULT) }
        let bytes = try monitor.locked { () throws(Errno) in try option(descriptor, level: level, name: name) }
        let count = unsafe min(bytes.count, Int(length.pointee))
        unsafe bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            unsafe value.copyMemory(from: base, byteCount: count)
        }
        unsafe length.pointee = socklen_t(count)
    }
}
