import Glibc
import TunstackCore
import TunstackWire

/// How sockets come to be, and to connections.
extension Session {
    /// SOCK_NONBLOCK and SOCK_CLOEXEC may be added to a type.
    private static let typeMask: Int32 = 0xf

    /// A descriptor of the host's, so that whoever closes or duplicates it does no harm.
    func makeDescriptor() throws(Errno) -> Int32 {
        let descriptor = unsafe Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw Errno(errno) }
        return descriptor
    }

    func socket(domain: Int32, type: Int32, protocol number: Int32) throws(Errno) -> Int32 {
        guard domain == AF_INET else { throw Errno(EAFNOSUPPORT) }
        guard type & Self.typeMask == Int32(SOCK_STREAM.rawValue), number == 0 || number == IPPROTO_TCP else {
            throw Errno(EPROTONOSUPPORT)
        }
        let socket = Socket(descriptor: try makeDescriptor(), settings: profile.socketSettings)
        if type & O_NONBLOCK != 0 { socket.statusFlags |= O_NONBLOCK }
        sockets[socket.descriptor] = socket
        return socket.descriptor
    }

    func find(_ descriptor: Int32) throws(Errno) -> Socket {
        if let socket = sockets[descriptor] { return socket }
        throw Errno(fcntl(descriptor, F_GETFD) < 0 ? EBADF : ENOTSOCK)
    }

    func bind(_ descriptor: Int32, to endpoint: Endpoint) throws(Errno) {
        let socket = try find(descriptor)
        guard case .fresh = socket.stage, socket.local == nil else { throw Errno(EINVAL) }
        guard endpoint.address == .unspecified || endpoint.address == IPAddress(profile.local.address) else {
            throw Errno(EADDRNOTAVAIL)
        }
        let reuses = socket.settings.connection.reusesAddress
        for other in sockets.values where other !== socket && other.local?.port == endpoint.port {
            guard endpoint.port != 0, !reuses || !other.settings.connection.reusesAddress || other.isListening else {
                continue
            }
            throw Errno(EADDRINUSE)
        }
        socket.local = endpoint
    }

    func listen(_ descriptor: Int32, backlog: Int32) throws(Errno) {
        let socket = try find(descriptor)
        // A second listen(2) only changes the backlog, which a listener of ours keeps.
        if socket.isListening { return }
        guard case .fresh = socket.stage else { throw Errno(EINVAL) }
        guard let local = socket.local else { throw Errno(EDESTADDRREQ) }
        var options = ListenerOptions()
        // Linux compares with "more than": a backlog of 1 lets two wait.
        options.backlog = Int(clamping: max(0, backlog)) + 1
        options.synBacklog = max(socket.settings.synBacklog, options.backlog)
        options.reusesAddress = socket.settings.connection.reusesAddress
        options.connectionOptions = socket.optionsForPassiveOpen
        do throws(ListenError) {
            let id = try stack.listen(on: local, options: options, at: now)
            socket.stage = .listening(id)
            listeningSockets[id] = socket
        } catch {
            throw Errno(error == .addressNotAvailable ? EADDRNOTAVAIL : EADDRINUSE)
        }
    }

    func accept(_ descriptor: Int32) throws(Errno) -> Socket {
        let socket = try find(descriptor)
        guard case .listening(let id) = socket.stage else { throw Errno(EINVAL) }
        let answer = try block(socket, until: socket.receiveDeadline(at: now)) { [unowned self] () throws(Errno) in
            try takeOver(stack.accept(id), from: socket)
        }
        guard let answer else { throw Errno(EAGAIN) }
        return answer
    }

    private func takeOver(_ id: ConnectionID?, from listener: Socket) throws(Errno) -> Socket? {
        guard let id, let status = stack.status(id) else { return nil }
        let socket = Socket(descriptor: try makeDescriptor(), settings: listener.settings)
        socket.stage = .connection(id)
        socket.local = status.key.local
        socket.remote = status.key.remote
        socket.writing = WriteQueue(at: status.sendNext)
        sockets[socket.descriptor] = socket
        connectedSockets[id] = socket
        settle()
        return socket
    }

    func connect(_ descriptor: Int32, to remote: Endpoint) throws(Errno) {
        let socket = try find(descriptor)
        switch socket.stage {
        case .listening: throw Errno(EISCONN)
        case .connection:
            if socket.isConnecting { throw Errno(EALREADY) }
            if let error = socket.takeError() { throw error }
            throw Errno(EISCONN)
        case .fresh: break
        }
        try open(socket, to: remote)
        if socket.isNonBlocking { throw Errno(EINPROGRESS) }
        let answer: Bool? = try block(socket, until: socket.sendDeadline(at: now)) { () throws(Errno) in
            if let error = socket.takeError() { throw error }
            return socket.isConnecting ? nil : true
        }
        if answer == nil { throw Errno(EINPROGRESS) }
    }

    private func open(_ socket: Socket, to remote: Endpoint) throws(Errno) {
        do throws(OpenError) {
            let id = try stack.open(to: remote, from: socket.local, options: socket.optionsForActiveOpen, at: now)
            socket.stage = .connection(id)
            socket.isConnecting = true
            socket.remote = remote
            connectedSockets[id] = socket
            if let status = stack.status(id) {
                socket.local = status.key.local
                socket.writing = WriteQueue(at: status.sendUnacknowledged + 1)
            }
        } catch {
            switch error {
            case .invalidRemote: throw Errno(ENETUNREACH)
            case .connectionExists, .addressNotAvailable, .noPortAvailable: throw Errno(EADDRNOTAVAIL)
            case .tooManyConnections, .quietTime: throw Errno(EAGAIN)
            }
        }
        settle()
    }

    /// Makes a call until it has an answer; at once or never if the socket does not block.
    func block<Answer>(
        _ socket: Socket, until deadline: Instant?, _ attempt: @escaping () throws(Errno) -> Answer?
    ) throws(Errno) -> Answer? {
        try wait(until: socket.isNonBlocking ? now : deadline, attempt)
    }
}

extension Socket {
    var isListening: Bool {
        if case .listening = stage { return true }
        return false
    }

    /// The core's options for a connection that a peer opens.
    var optionsForPassiveOpen: ConnectionOptions {
        var options = settings.connection
        options.ecn = settings.acceptsECN
        options.establishmentTimeout = settings.passiveEstablishmentTimeout
        return options
    }

    var optionsForActiveOpen: ConnectionOptions { settings.connection }

    /// SO_RCVTIMEO and SO_SNDTIMEO as deadlines; nil where there are none.
    func receiveDeadline(at now: Instant) -> Instant? { settings.receiveTimeout.map { now + $0 } }
    func sendDeadline(at now: Instant) -> Instant? { settings.sendTimeout.map { now + $0 } }
}
