/// Why ``TunnelStack/connect(to:from:options:)`` failed.
public enum ConnectError: Error, Hashable, Sendable {
    /// The peer answered with a reset: nobody listens at that port.
    case refused
    /// The peer did not answer in `ConnectionOptions.establishmentTimeout` or `userTimeout`.
    case timedOut
    /// The network said that the peer cannot be reached: the code of an ICMP Destination Unreachable (RFC 792).
    case unreachable(code: UInt8)
    /// The handshake ended in another way.
    case ended(CloseReason)
    /// The peer's address is not a host's, or its port is 0 (RFC 9293 §3.9.1.1).
    case invalidRemote
    /// The local address is none of the stack's.
    case addressNotAvailable
    /// The same pair of sockets has a connection or one in TIME-WAIT, or the local port is held.
    case addressInUse
    /// No ephemeral port is left for this peer.
    case noPortAvailable
    /// The stack has as many connections as `Limits.connections` allows.
    case tooManyConnections
    /// The quiet time after the start is not over (RFC 9293 §3.4.3).
    case quietTime(remaining: Interval)
    /// The task was cancelled; the attempt was aborted.
    case cancelled
    /// The stack has been shut down or has lost its device.
    case stackClosed
}

extension ConnectError {
    init(_ error: OpenError) {
        switch error {
        case .invalidRemote: self = .invalidRemote
        case .addressNotAvailable: self = .addressNotAvailable
        case .connectionExists: self = .addressInUse
        case .noPortAvailable: self = .noPortAvailable
        case .tooManyConnections: self = .tooManyConnections
        case .quietTime(let remaining): self = .quietTime(remaining: remaining)
        }
    }

    init(_ reason: CloseReason) {
        switch reason {
        case .refused: self = .refused
        case .establishmentTimedOut, .timedOut, .userTimeout: self = .timedOut
        case .unreachable(let code): self = .unreachable(code: code)
        case .closed, .closedBeforeEstablished, .aborted, .resetByPeer, .keepAliveTimeout, .finWait2Timeout,
            .dataAfterRelease:
            self = .ended(reason)
        }
    }
}

extension ConnectError: CustomStringConvertible {
    /// A short English phrase.
    public var description: String {
        switch self {
        case .refused: "connection refused"
        case .timedOut: "connection timed out"
        case .unreachable(let code): "destination unreachable (ICMP code \(code))"
        case .ended(let reason): "connection failed: \(reason)"
        case .invalidRemote: "no host can have this address, or the port is 0"
        case .addressNotAvailable: "the local address is none of the stack's"
        case .addressInUse: "address in use: the same connection exists or is in TIME-WAIT, or the local port is held"
        case .noPortAvailable: "no ephemeral port is left for this peer"
        case .tooManyConnections: "too many connections"
        case .quietTime(let remaining):
            "quiet time after the start: \(remaining.nanoseconds / 1_000_000_000 + 1) s remain"
        case .cancelled: "cancelled"
        case .stackClosed: "the stack is shut down"
        }
    }
}
