import Glibc
import TunstackCore
import TunstackWire

/// A socket of the program that the script plays.
final class Socket {
    enum Stage {
        /// Made, and perhaps bound.
        case fresh
        case listening(ListenerID)
        /// A connection, whatever has become of it.
        case connection(ConnectionID)
    }

    let descriptor: Int32
    var stage = Stage.fresh
    var local: Endpoint?
    var remote: Endpoint?
    var settings: SocketSettings
    /// O_NONBLOCK, and what else fcntl(2) keeps.
    var statusFlags = O_RDWR
    /// The error that the next call tells, once.
    var pendingError: Int32 = 0
    /// connect(2) has said that it goes on in the background, or waits.
    var isConnecting = false
    /// shutdown(2) has closed a direction.
    var isReadShut = false
    var isWriteShut = false
    /// The peer's FIN has arrived.
    var hasPeerClosed = false
    /// An edge-triggered watcher, or a writer, was told that there is no room.
    var lacksSpace = false
    var writing = WriteQueue()
    var limits = LimitClock()
    /// Everything that watches the socket.
    var watchers: [Watch] = []

    init(descriptor: Int32, settings: SocketSettings) {
        self.descriptor = descriptor
        self.settings = settings
    }

    /// An error waits, or nothing can be sent any more.
    var isOver: Bool { pendingError != 0 || isWriteShut }

    var isNonBlocking: Bool { statusFlags & O_NONBLOCK != 0 }

    /// The connection, if it is one.
    var connection: ConnectionID? {
        guard case .connection(let id) = stage else { return nil }
        return id
    }

    /// Takes the error that waits, if one does.
    func takeError() -> Errno? {
        guard pendingError != 0 else { return nil }
        defer { pendingError = 0 }
        return Errno(pendingError)
    }

    /// Tells edge-triggered watchers that something of `mask` is new.
    func wake(_ mask: UInt32) {
        for watch in watchers where watch.events & (mask | Poll.always) != 0 { watch.isReady = true }
    }

    /// A listener has completed a connection.
    func noteIncoming() { wake(Poll.input) }

    /// The stack tells what has happened to the connection.
    func note(_ events: ConnectionEvents, in session: Session) {
        if events.contains(.established) {
            isConnecting = false
            wake(Poll.input | Poll.output)
        }
        if events.contains(.readable) { wake(Poll.input) }
        if events.contains(.urgent) { wake(Poll.priority) }
        if events.contains(.endOfStream) { wake(Poll.input | Poll.peerClosed) }
        if events.contains(.endOfStream) { hasPeerClosed = true }
        guard events.contains(.closed), let id = connection, let status = session.stack.status(id) else { return }
        if let code = status.errorCode {
            // Who only has to write yet learns of a reset as he learns of any peer that does not read.
            pendingError = code == ECONNRESET && hasPeerClosed && !isWriteShut ? EPIPE : code
        }
        wake(Poll.input | Poll.output | Poll.error | Poll.hangUp)
    }
}

extension ConnectionStatus {
    /// The error number that stands for the way in which the connection ended; nil for a clean end.
    var errorCode: Int32? {
        switch closeReason {
        case nil, .closed, .closedBeforeEstablished, .aborted, .finWait2Timeout, .dataAfterRelease: nil
        case .refused: ECONNREFUSED
        case .resetByPeer: ECONNRESET
        case .establishmentTimedOut, .timedOut, .userTimeout, .keepAliveTimeout: softError?.errorCode ?? ETIMEDOUT
        case .unreachable(let code): SoftError.unreachable(code: code).errorCode
        }
    }
}

extension SoftError {
    /// Linux's error number for an ICMP message.
    var errorCode: Int32 {
        switch self {
        case .timeExceeded: EHOSTUNREACH
        case .parameterProblem: EPROTO
        case .unreachable(let code):
            switch code {
            case 0, 6, 9, 11: ENETUNREACH
            case 2: ENOPROTOOPT
            case 3: ECONNREFUSED
            case 4: EMSGSIZE
            case 5: EOPNOTSUPP
            case 7: EHOSTDOWN
            case 8: ENONET
            default: EHOSTUNREACH
            }
        }
    }
}
