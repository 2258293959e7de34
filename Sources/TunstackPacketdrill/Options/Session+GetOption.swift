import Glibc
import TunstackCore

/// getsockopt(2).
extension Session {
    /// The bytes of an option's value.
    func option(_ descriptor: Int32, level: Int32, name: Int32) throws(Errno) -> [UInt8] {
        let socket = try find(descriptor)
        switch level {
        case OptionLevel.socket: return try socketOption(socket, name)
        case OptionLevel.tcp: return try tcpOption(socket, name)
        case OptionLevel.ip: return try ipOption(socket, name)
        default: throw Errno(ENOPROTOOPT)
        }
    }

    private func socketOption(_ socket: Socket, _ name: Int32) throws(Errno) -> [UInt8] {
        let number: Int32
        switch name {
        case SocketOption.reuseAddress: number = socket.settings.connection.reusesAddress ? 1 : 0
        case SocketOption.type: number = Int32(SOCK_STREAM.rawValue)
        case SocketOption.error: number = socket.takeError()?.code ?? 0
        case SocketOption.sendBuffer: number = Int32(clamping: sendBuffer(of: socket))
        case SocketOption.receiveBuffer: number = Int32(clamping: socket.settings.receiveBuffer)
        case SocketOption.keepAlive: number = socket.settings.connection.keepAlive == nil ? 0 : 1
        case SocketOption.acceptsConnections: number = socket.isListening ? 1 : 0
        case SocketOption.protocolNumber: number = Int32(IPPROTO_TCP)
        case SocketOption.domain: number = AF_INET
        case SocketOption.receiveLowWater: number = Int32(clamping: socket.settings.receiveLowWater)
        case SocketOption.sendLowWater: number = 1
        case SocketOption.linger:
            var record = OptionRecord(count: 8)
            record.put(Int32(socket.settings.linger == nil ? 0 : 1), at: 0)
            record.put(Int32(clamping: socket.settings.linger ?? 0), at: 4)
            return record.bytes
        case SocketOption.receiveTimeout: return Self.timeval(socket.settings.receiveTimeout)
        case SocketOption.sendTimeout: return Self.timeval(socket.settings.sendTimeout)
        case SocketOption.memoryInfo: return memoryInfo(of: socket)
        default:
            guard let bytes = socket.settings.remembered[SocketSettings.key(OptionLevel.socket, name)] else {
                throw Errno(ENOPROTOOPT)
            }
            return bytes
        }
        return OptionRecord(number).bytes
    }

    private static func timeval(_ interval: Interval?) -> [UInt8] {
        let microseconds = (interval ?? .zero).nanoseconds / 1_000
        var record = OptionRecord(count: 16)
        record.put(microseconds / 1_000_000, at: 0)
        record.put(microseconds % 1_000_000, at: 8)
        return record.bytes
    }

    private func sendBuffer(of socket: Socket) -> Int {
        guard let id = socket.connection, let status = stack.status(id) else { return socket.settings.sendBuffer }
        return socket.sendBuffer(status)
    }

    /// Nine `int`s: received, its limit, sending, its limit, reserved, queued to send, options, backlog, drops.
    private func memoryInfo(of socket: Socket) -> [UInt8] {
        var record = OptionRecord(count: 36)
        record.put(Int32(clamping: socket.settings.receiveBuffer), at: 4)
        record.put(Int32(clamping: sendBuffer(of: socket)), at: 12)
        if let id = socket.connection, let status = stack.status(id) {
            record.put(Int32(clamping: status.readableBytes), at: 0)
            record.put(Int32(clamping: socket.memoryInUse(status)), at: 20)
        }
        return record.bytes
    }

    private func tcpOption(_ socket: Socket, _ name: Int32) throws(Errno) -> [UInt8] {
        let connection = socket.settings.connection
        let number: Int32
        switch name {
        case TCPOptionName.noDelay: number = connection.noDelay ? 1 : 0
        case TCPOptionName.cork: number = connection.corked ? 1 : 0
        case TCPOptionName.maximumSegment: number = Int32(clamping: maximumSegment(of: socket))
        case TCPOptionName.keepIdle:
            number = Int32(clamping: socket.settings.keepAlive.idle.nanoseconds / 1_000_000_000)
        case TCPOptionName.keepInterval:
            number = Int32(clamping: socket.settings.keepAlive.interval.nanoseconds / 1_000_000_000)
        case TCPOptionName.keepCount: number = Int32(socket.settings.keepAlive.probes)
        case TCPOptionName.userTimeout: number = socket.settings.userTimeout
        case TCPOptionName.notSentLowWater: number = Int32(bitPattern: socket.settings.ownNotSentLowWater)
        case TCPOptionName.queueLength: number = socket.settings.tellsQueue ? 1 : 0
        case TCPOptionName.quickAcknowledgment: number = 1
        case TCPOptionName.congestion: return Self.text(connection.congestion.linuxName)
        case TCPOptionName.info: return tcpInfo(of: socket)
        case TCPOptionName.congestionInfo: return []
        default:
            guard let bytes = socket.settings.remembered[SocketSettings.key(OptionLevel.tcp, name)] else {
                guard
                    name == TCPOptionName.synCount || name == TCPOptionName.linger2 || name == TCPOptionName.deferAccept
                        || name == TCPOptionName.windowClamp
                else { throw Errno(ENOPROTOOPT) }
                return OptionRecord(0).bytes
            }
            return bytes
        }
        return OptionRecord(number).bytes
    }

    /// A name fills 16 bytes.
    private static func text(_ name: String) -> [UInt8] {
        Array((Array(name.utf8) + [UInt8](repeating: 0, count: 16)).prefix(16))
    }

    /// TCP_MAXSEG: before there is a connection, what was asked for; then what a segment holds.
    private func maximumSegment(of socket: Socket) -> Int {
        if let id = socket.connection, !socket.isConnecting, let status = stack.status(id) {
            return status.maximumSegmentSize
        }
        return Int(socket.settings.maximumSegmentSize ?? 536)
    }

    private func ipOption(_ socket: Socket, _ name: Int32) throws(Errno) -> [UInt8] {
        switch name {
        case IPOptionName.timeToLive: return OptionRecord(Int32(socket.settings.connection.timeToLive)).bytes
        case IPOptionName.mtu:
            guard let id = socket.connection, let status = stack.status(id) else { throw Errno(ENOTCONN) }
            return OptionRecord(Int32(clamping: status.pathMTU)).bytes
        case IPOptionName.mtuDiscovery where socket.settings.remembered[SocketSettings.key(0, name)] == nil:
            return OptionRecord(1).bytes
        default: return socket.settings.remembered[SocketSettings.key(OptionLevel.ip, name)] ?? OptionRecord(0).bytes
        }
    }
}
