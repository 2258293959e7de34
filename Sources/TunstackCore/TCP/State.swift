/// The states of a connection (RFC 9293 §3.3.2).
public enum State: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    /// No connection.
    case closed
    /// Waiting for a SYN from any peer.
    case listen
    /// SYN sent, waiting for the peer's.
    case synSent
    /// SYN received and sent, waiting for the acknowledgment of ours.
    case synReceived
    /// Open in both directions.
    case established
    /// We closed first; our FIN is not acknowledged yet.
    case finWait1
    /// Our FIN is acknowledged; the peer has not closed.
    case finWait2
    /// The peer has closed; the application has not.
    case closeWait
    /// Both closed at once; our FIN is not acknowledged yet.
    case closing
    /// The peer closed, then we; our FIN is not acknowledged yet.
    case lastAck
    /// All done; waiting for old segments to die out.
    case timeWait

    /// The state's name in RFC 9293.
    public var description: String {
        switch self {
        case .closed: "CLOSED"
        case .listen: "LISTEN"
        case .synSent: "SYN-SENT"
        case .synReceived: "SYN-RECEIVED"
        case .established: "ESTABLISHED"
        case .finWait1: "FIN-WAIT-1"
        case .finWait2: "FIN-WAIT-2"
        case .closeWait: "CLOSE-WAIT"
        case .closing: "CLOSING"
        case .lastAck: "LAST-ACK"
        case .timeWait: "TIME-WAIT"
        }
    }

    /// Whether both ends agree on sequence numbers (RFC 9293 §3.5.1).
    @inlinable
    public var isSynchronized: Bool {
        switch self {
        case .closed, .listen, .synSent, .synReceived: false
        case .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck, .timeWait: true
        }
    }

    /// Whether data of the peer is taken in (RFC 9293 §3.10.7.4, seventh).
    @inlinable
    public var receivesData: Bool {
        switch self {
        case .established, .finWait1, .finWait2: true
        case .closed, .listen, .synSent, .synReceived, .closeWait, .closing, .lastAck, .timeWait: false
        }
    }

    /// Whether the application may queue more data to send (RFC 9293 §3.10.2).
    @inlinable
    public var acceptsSends: Bool {
        switch self {
        case .synSent, .synReceived, .established, .closeWait: true
        case .closed, .listen, .finWait1, .finWait2, .closing, .lastAck, .timeWait: false
        }
    }

    /// Whether the peer's FIN has been taken in.
    @inlinable
    public var hasReceivedFin: Bool {
        switch self {
        case .closeWait, .closing, .lastAck, .timeWait: true
        case .closed, .listen, .synSent, .synReceived, .established, .finWait1, .finWait2: false
        }
    }
}
