/// Why a connection changes its state: the labels on the edges of RFC 9293 §3.3.2, Figure 5, and of the edges that the text
/// of §3.10 adds to it.
public enum TransitionCause: String, Sendable, CaseIterable {
    case passiveOpen = "passive OPEN"
    case activeOpen = "active OPEN"
    case synArrived = "SYN arrives"
    case synAckArrived = "SYN+ACK arrives"
    case ackOfSynArrived = "ACK of SYN arrives"
    case close = "CLOSE"
    case finArrived = "FIN arrives"
    case ackOfFinArrived = "ACK of FIN arrives"
    case finAndAckOfFinArrived = "FIN and ACK of FIN arrive"
    case resetArrived = "RST arrives"
    case abort = "ABORT"
    case retransmissionTimeout = "R2 reached"
    case userTimeout = "user timeout"
    case keepAliveTimeout = "keep-alive unanswered"
    case finWait2Timeout = "FIN-WAIT-2 timeout"
    case timeWaitTimeout = "2 MSL timeout"
    case hardError = "hard ICMP error"
    case dataAfterRelease = "data after release"
    case newIncarnation = "new SYN in TIME-WAIT"
}

/// One edge of the state diagram.
public struct StateTransition: Hashable, Sendable {
    /// The state it leaves.
    public let from: State
    /// The state it enters.
    public let to: State
    /// What makes the connection take it.
    public let cause: TransitionCause

    init(_ from: State, _ to: State, _ cause: TransitionCause) {
        self.from = from
        self.to = to
        self.cause = cause
    }
}

extension StateTransition {
    /// Every legal edge. A connection that takes another is a defect and stops the program.
    public static let all: [StateTransition] = opening + closing + ending

    private static let opening = [
        StateTransition(.closed, .listen, .passiveOpen),
        StateTransition(.closed, .synSent, .activeOpen),
        StateTransition(.listen, .closed, .close),
        StateTransition(.listen, .synReceived, .synArrived),
        StateTransition(.synSent, .synReceived, .synArrived),
        StateTransition(.synSent, .established, .synAckArrived),
        StateTransition(.synReceived, .established, .ackOfSynArrived),
    ]

    private static let closing = [
        StateTransition(.synSent, .closed, .close),
        StateTransition(.synReceived, .finWait1, .close),
        StateTransition(.established, .finWait1, .close),
        StateTransition(.established, .closeWait, .finArrived),
        StateTransition(.closeWait, .lastAck, .close),
        StateTransition(.finWait1, .finWait2, .ackOfFinArrived),
        StateTransition(.finWait1, .closing, .finArrived),
        StateTransition(.finWait1, .timeWait, .finAndAckOfFinArrived),
        StateTransition(.finWait2, .timeWait, .finArrived),
        StateTransition(.closing, .timeWait, .ackOfFinArrived),
        StateTransition(.lastAck, .closed, .ackOfFinArrived),
        StateTransition(.timeWait, .closed, .timeWaitTimeout),
    ]

    /// The edges to CLOSED that end a connection before its time, and a half-open entry's way back to LISTEN.
    private static let ending: [StateTransition] = {
        let alive: [State] = [
            .synSent, .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck,
        ]
        var edges = [
            StateTransition(.synReceived, .listen, .resetArrived),
            StateTransition(.synReceived, .listen, .synArrived),
            StateTransition(.synReceived, .listen, .retransmissionTimeout),
            StateTransition(.synReceived, .listen, .hardError),
            StateTransition(.synReceived, .listen, .close),
            StateTransition(.timeWait, .closed, .abort),
            StateTransition(.timeWait, .closed, .newIncarnation),
            StateTransition(.finWait2, .closed, .finWait2Timeout),
        ]
        for state in alive {
            edges.append(StateTransition(state, .closed, .resetArrived))
            edges.append(StateTransition(state, .closed, .abort))
            // In FIN-WAIT-2 nothing of ours is in flight.
            guard state != .finWait2 else { continue }
            edges.append(StateTransition(state, .closed, .retransmissionTimeout))
            edges.append(StateTransition(state, .closed, .userTimeout))
            edges.append(StateTransition(state, .closed, .hardError))
        }
        for state in [State.established, .closeWait, .finWait1, .finWait2, .closing, .lastAck] {
            edges.append(StateTransition(state, .closed, .keepAliveTimeout))
        }
        for state in [State.finWait1, .finWait2] {
            edges.append(StateTransition(state, .closed, .dataAfterRelease))
        }
        return edges
    }()

    private static let legal = Set(all)

    /// Whether this edge is in the diagram.
    public var isLegal: Bool { Self.legal.contains(self) }
}

/// A state change that took place, for traces and ladders.
public struct TransitionRecord: Sendable {
    /// The connection that changed.
    public let key: ConnectionKey
    /// The edge it took.
    public let transition: StateTransition
    /// When.
    public let instant: Instant
}
