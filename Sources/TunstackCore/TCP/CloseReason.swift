/// How a connection ended. The application can tell a clean end from an abort (RFC 9293 §3.6, MUST-12).
public enum CloseReason: Hashable, Sendable, CustomStringConvertible {
    /// Both directions were closed with FIN and acknowledged.
    case closed
    /// The application closed it before it was established.
    case closedBeforeEstablished
    /// The application aborted it.
    case aborted
    /// The peer aborted it with RST.
    case resetByPeer
    /// The peer answered our SYN with RST.
    case refused
    /// No answer to our SYN within R2.
    case establishmentTimedOut
    /// No acknowledgment of our data within R2.
    case timedOut
    /// No progress within the application's user timeout.
    case userTimeout
    /// The peer answered none of the keep-alive probes.
    case keepAliveTimeout
    /// The peer did not close within the FIN-WAIT-2 timeout.
    case finWait2Timeout
    /// The network said that the peer cannot be reached: the code of an ICMP Destination Unreachable.
    case unreachable(code: UInt8)
    /// The peer sent data that nobody is left to read.
    case dataAfterRelease

    /// A short English phrase.
    public var description: String {
        switch self {
        case .closed: "closed"
        case .closedBeforeEstablished: "closed before it was established"
        case .aborted: "aborted"
        case .resetByPeer: "reset by peer"
        case .refused: "connection refused"
        case .establishmentTimedOut: "connection timed out before it was established"
        case .timedOut: "timed out: the peer stopped acknowledging"
        case .userTimeout: "user timeout"
        case .keepAliveTimeout: "keep-alive unanswered"
        case .finWait2Timeout: "the peer did not close in time"
        case .unreachable(let code): "destination unreachable (ICMP code \(code))"
        case .dataAfterRelease: "reset: data arrived that nobody would read"
        }
    }
}
