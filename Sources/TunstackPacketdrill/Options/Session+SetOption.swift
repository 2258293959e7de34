import Glibc
import TunstackCore

/// setsockopt(2).
extension Session {
    func setOption(_ descriptor: Int32, level: Int32, name: Int32, _ value: OptionBytes) throws(Errno) {
        let socket = try find(descriptor)
        switch level {
        case OptionLevel.socket: try setSocketOption(socket, name, value)
        case OptionLevel.tcp: try setTCPOption(socket, name, value)
        case OptionLevel.ip: try setIPOption(socket, name, value)
        default: throw Errno(ENOPROTOOPT)
        }
        apply(socket)
        settle()
    }

    /// Makes the core's options those of the socket.
    private func apply(_ socket: Socket) {
        switch socket.stage {
        case .fresh: break
        case .listening(let id): stack.setConnectionOptions(socket.optionsForPassiveOpen, of: id)
        case .connection(let id):
            // A connection that has ended has no use for them.
            do throws(ConnectionError) {
                try stack.setOptions(socket.settings.connection, of: id, at: now)
            } catch {
                return
            }
        }
    }

    private func setSocketOption(_ socket: Socket, _ name: Int32, _ value: OptionBytes) throws(Errno) {
        switch name {
        case SocketOption.reuseAddress: socket.settings.connection.reusesAddress = try value.number() != 0
        case SocketOption.keepAlive:
            socket.settings.connection.keepAlive = try value.number() != 0 ? socket.settings.keepAlive : nil
        case SocketOption.sendBuffer, SocketOption.sendBufferForce:
            socket.settings.sendBuffer = max(2 * Int(try value.number()), SocketSettings.leastSendBuffer)
            socket.settings.largestSendBuffer = socket.settings.sendBuffer
        case SocketOption.receiveBuffer, SocketOption.receiveBufferForce:
            let bytes = max(2 * Int(try value.number()), SocketSettings.leastReceiveBuffer)
            socket.settings.receiveBuffer = bytes
            // The window scale was chosen for what the system allows, and stays.
            let scale = socket.settings.connection.windowScale
            socket.settings.connection.receiveBufferBytes = bytes / 2
            socket.settings.connection.maximumReceiveBufferBytes = bytes / 2
            socket.settings.connection.windowScale = scale
        case SocketOption.linger:
            let (isOn, seconds) = try value.pair()
            socket.settings.linger = isOn != 0 ? max(0, Int(seconds)) : nil
        case SocketOption.receiveTimeout: socket.settings.receiveTimeout = try value.timeout()
        case SocketOption.sendTimeout: socket.settings.sendTimeout = try value.timeout()
        case SocketOption.receiveLowWater: socket.settings.receiveLowWater = max(1, Int(try value.number()))
        case SocketOption.error, SocketOption.type, SocketOption.acceptsConnections, SocketOption.protocolNumber,
            SocketOption.domain, SocketOption.sendLowWater, SocketOption.memoryInfo:
            throw Errno(ENOPROTOOPT)
        default: remember(try value.bytes(), socket, OptionLevel.socket, name)
        }
    }

    private func setTCPOption(_ socket: Socket, _ name: Int32, _ value: OptionBytes) throws(Errno) {
        if name == TCPOptionName.congestion { return try setCongestion(socket, value) }
        let number = try value.number()
        switch name {
        case TCPOptionName.noDelay:
            socket.settings.connection.noDelay = number != 0
            // Whoever asks for no delay does not want to wait for what is held back either.
            if number != 0, let id = socket.connection { stack.pushHeld(id, at: now) }
        case TCPOptionName.cork: socket.settings.connection.corked = number != 0
        case TCPOptionName.maximumSegment:
            guard number == 0 || (88...32_767).contains(number) else { throw Errno(EINVAL) }
            socket.settings.maximumSegmentSize = number == 0 ? nil : UInt16(number)
            socket.settings.connection.maximumSegmentSize = socket.settings.maximumSegmentSize
            socket.settings.connection.largestSegmentToSend = socket.settings.maximumSegmentSize
        case TCPOptionName.quickAcknowledgment:
            if let id = socket.connection { stack.setQuickAcknowledgment(number != 0, on: id, at: now) }
        case TCPOptionName.userTimeout:
            guard number >= 0 else { throw Errno(EINVAL) }
            socket.settings.userTimeout = number
            socket.settings.connection.userTimeout = number == 0 ? nil : .milliseconds(Int64(number))
        case TCPOptionName.notSentLowWater: socket.settings.ownNotSentLowWater = UInt32(bitPattern: number)
        case TCPOptionName.queueLength:
            guard (0...1).contains(number) else { throw Errno(EINVAL) }
            socket.settings.tellsQueue = number != 0
        case TCPOptionName.synCount:
            guard (1...127).contains(number) else { throw Errno(EINVAL) }
            remember(OptionRecord(number).bytes, socket, OptionLevel.tcp, name)
            socket.settings.connection.establishmentTimeout = Profile.timeout(
                retries: Int(number), linear: Int(socket.settings.connection.linearSynRetransmissions))
        case TCPOptionName.linger2:
            remember(OptionRecord(number).bytes, socket, OptionLevel.tcp, name)
            socket.settings.connection.finWait2Timeout = .seconds(Int64(max(0, number)))
        case TCPOptionName.windowClamp: try setWindowClamp(socket, number)
        case TCPOptionName.keepIdle, TCPOptionName.keepInterval, TCPOptionName.keepCount:
            try setKeepAlive(socket, name, number)
        case TCPOptionName.info, TCPOptionName.congestionInfo: throw Errno(ENOPROTOOPT)
        case TCPOptionName.deferAccept: remember(OptionRecord(number).bytes, socket, OptionLevel.tcp, name)
        default: throw Errno(ENOPROTOOPT)
        }
    }

    private func setKeepAlive(_ socket: Socket, _ name: Int32, _ number: Int32) throws(Errno) {
        let most: Int32 = name == TCPOptionName.keepCount ? 127 : 32_767
        guard (1...most).contains(number) else { throw Errno(EINVAL) }
        switch name {
        case TCPOptionName.keepIdle: socket.settings.keepAlive.idle = .seconds(Int64(number))
        case TCPOptionName.keepInterval: socket.settings.keepAlive.interval = .seconds(Int64(number))
        default: socket.settings.keepAlive.probes = UInt8(number)
        }
        if socket.settings.connection.keepAlive != nil {
            socket.settings.connection.keepAlive = socket.settings.keepAlive
        }
    }

    private func setWindowClamp(_ socket: Socket, _ number: Int32) throws(Errno) {
        guard number > 0 || socket.connection == nil else { throw Errno(EINVAL) }
        remember(OptionRecord(number).bytes, socket, OptionLevel.tcp, TCPOptionName.windowClamp)
        guard number > 0 else { return }
        let scale = socket.settings.connection.windowScale
        let window = max(Int(number), SocketSettings.leastReceiveBuffer / 2)
        socket.settings.connection.receiveBufferBytes = min(socket.settings.connection.receiveBufferBytes, window)
        socket.settings.connection.maximumReceiveBufferBytes = window
        socket.settings.connection.windowScale = scale
    }

    private func setCongestion(_ socket: Socket, _ value: OptionBytes) throws(Errno) {
        let name = String(decoding: try value.bytes().prefix { $0 != 0 }, as: UTF8.self)
        guard let algorithm = CongestionAlgorithm(linuxName: name) else { throw Errno(ENOENT) }
        socket.settings.connection.congestion = algorithm
        socket.settings.connection.pacing = algorithm == .bbr
    }

    private func setIPOption(_ socket: Socket, _ name: Int32, _ value: OptionBytes) throws(Errno) {
        let number = try value.number(orByte: true)
        switch name {
        case IPOptionName.typeOfService:
            // The two bits of ECN are TCP's.
            socket.settings.connection.differentiatedServices = UInt8(truncatingIfNeeded: number) >> 2
        case IPOptionName.timeToLive:
            guard number == -1 || (1...255).contains(number) else { throw Errno(EINVAL) }
            socket.settings.connection.timeToLive = number == -1 ? 64 : UInt8(number)
        default: break
        }
        remember(OptionRecord(number).bytes, socket, OptionLevel.ip, name)
    }

    private func remember(_ bytes: [UInt8], _ socket: Socket, _ level: Int32, _ name: Int32) {
        socket.settings.remembered[SocketSettings.key(level, name)] = bytes
    }
}

extension SocketSettings {
    /// The least memory that Linux lets SO_SNDBUF and SO_RCVBUF be.
    static let leastSendBuffer = 4_608
    static let leastReceiveBuffer = 2_304

    /// What an option is remembered by.
    static func key(_ level: Int32, _ name: Int32) -> Int64 { Int64(level) << 32 | Int64(name) }
}
