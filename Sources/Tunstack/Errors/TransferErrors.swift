/// Why bytes could not be read from a connection. The end of the stream is not an error.
public enum ReadError: Error, Hashable, Sendable {
    /// The connection has ended, and not by a FIN of the peer's: by a reset or a timeout.
    case connectionEnded(CloseReason)
    /// ``TCPConnection/close()`` or ``TCPConnection/abort()`` was called.
    case closed
    /// Another task is reading from this connection; bytes would reach the two in no order.
    case readInProgress
    /// The task was cancelled. No byte is lost; a later read gets them.
    case cancelled
    /// The stack has been shut down or has lost its device.
    case stackClosed
}

extension ReadError: CustomStringConvertible {
    /// A short English phrase.
    public var description: String {
        switch self {
        case .connectionEnded(let reason): reason.description
        case .closed: "the connection was closed here"
        case .readInProgress: "another task is reading from this connection"
        case .cancelled: "cancelled"
        case .stackClosed: "the stack is shut down"
        }
    }
}

/// Why bytes could not be relayed, and on which side.
public enum RelayFailure: Error, Hashable, Sendable {
    /// They could not be read from the connection that they come from. A cancelled task is reported here.
    case read(ReadError)
    /// They could not be written to the connection that they go to.
    case write(WriteError)
}

extension RelayFailure: CustomStringConvertible {
    /// A short English phrase.
    public var description: String {
        switch self {
        case .read(let error): error.description
        case .write(let error): error.description
        }
    }
}

/// Why bytes could not be written to a connection.
public enum WriteError: Error, Hashable, Sendable {
    /// The connection has ended, by a reset or a timeout.
    case connectionEnded(CloseReason)
    /// ``TCPConnection/shutdownWrite()``, ``TCPConnection/close()`` or ``TCPConnection/abort()`` was called.
    case closed
    /// Another task is writing to this connection; the bytes of the two would mix.
    case writeInProgress
    /// The task was cancelled when this many bytes had been taken; those are sent.
    case cancelled(bytesTaken: Int)
    /// The stack has been shut down or has lost its device.
    case stackClosed
}

extension WriteError: CustomStringConvertible {
    /// A short English phrase.
    public var description: String {
        switch self {
        case .connectionEnded(let reason): reason.description
        case .closed: "the connection was closed for writing here"
        case .writeInProgress: "another task is writing to this connection"
        case .cancelled(let count): "cancelled after \(count) bytes"
        case .stackClosed: "the stack is shut down"
        }
    }
}
