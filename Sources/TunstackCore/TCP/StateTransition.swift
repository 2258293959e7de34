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
    public static let all: [StateTransition] = StateEdge.all.map(\.transition)

    /// The causes that lead from one state to another, by the place of the pair: looked at with every change of a state.
    private static let causes: [[TransitionCause]] = {
        var causes = [[TransitionCause]](repeating: [], count: State.allCases.count * State.allCases.count)
        for edge in all { causes[edge.place].append(edge.cause) }
        return causes
    }()

    private var place: Int { Int(from.rawValue) * State.allCases.count + Int(to.rawValue) }

    /// Whether this edge is in the diagram.
    public var isLegal: Bool { Self.causes[place].contains(cause) }
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
