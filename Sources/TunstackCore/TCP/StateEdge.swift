/// A row of the state machine as data: a state, what happens, the state that follows, and the rule that says so.
public struct StateEdge: Sendable {
    /// Where the edge is in RFC 9293.
    public enum Place: String, Sendable, CaseIterable {
        /// Drawn in Figure 5.
        case figure = "Figure 5"
        /// Told by the notes below the figure, which leave it out of the drawing.
        case note = "a note to Figure 5"
        /// Only in the text.
        case text = "the text"
        /// Nowhere; ours.
        case beyond = "not in it"
    }

    /// The edge.
    public let transition: StateTransition
    /// The section of RFC 9293, or of what else asks for it.
    public let rule: String
    /// Where RFC 9293 has it.
    public let place: Place

    private init(_ from: State, _ to: State, _ cause: TransitionCause, _ rule: String, _ place: Place = .figure) {
        transition = StateTransition(from, to, cause)
        self.rule = rule
        self.place = place
    }
}

extension StateEdge {
    /// The whole machine.
    public static let all: [StateEdge] = opening + closing + backToListen + ending

    private static let opening = [
        StateEdge(.closed, .listen, .passiveOpen, "§3.10.1"),
        StateEdge(.closed, .synSent, .activeOpen, "§3.10.1"),
        StateEdge(.listen, .closed, .close, "§3.10.4"),
        StateEdge(.listen, .synReceived, .synArrived, "§3.10.7.2 third"),
        StateEdge(.synSent, .synReceived, .synArrived, "§3.10.7.3 fourth, MUST-10"),
        StateEdge(.synSent, .established, .synAckArrived, "§3.10.7.3 fourth"),
        StateEdge(.synReceived, .established, .ackOfSynArrived, "§3.10.7.4 fifth"),
    ]

    private static let closing = [
        StateEdge(.synSent, .closed, .close, "§3.10.4"),
        StateEdge(.synReceived, .finWait1, .close, "§3.10.4"),
        StateEdge(.established, .finWait1, .close, "§3.10.4"),
        StateEdge(.established, .closeWait, .finArrived, "§3.10.7.4 eighth"),
        StateEdge(.closeWait, .lastAck, .close, "§3.10.4"),
        StateEdge(.finWait1, .finWait2, .ackOfFinArrived, "§3.10.7.4 fifth"),
        StateEdge(.finWait1, .closing, .finArrived, "§3.10.7.4 eighth"),
        StateEdge(.finWait1, .timeWait, .finAndAckOfFinArrived, "§3.10.7.4 eighth", .note),
        StateEdge(.finWait2, .timeWait, .finArrived, "§3.10.7.4 eighth"),
        StateEdge(.closing, .timeWait, .ackOfFinArrived, "§3.10.7.4 fifth"),
        StateEdge(.lastAck, .closed, .ackOfFinArrived, "§3.10.7.4 fifth"),
        StateEdge(.timeWait, .closed, .timeWaitTimeout, "§3.10.8, MUST-13"),
    ]

    /// A half-open entry's way back.
    private static let backToListen = [
        StateEdge(.synReceived, .listen, .resetArrived, "§3.10.7.4 second, MUST-11"),
        StateEdge(.synReceived, .listen, .synArrived, "§3.10.7.4 fourth", .text),
        StateEdge(.synReceived, .listen, .retransmissionTimeout, "§3.8.3, MUST-22", .text),
        StateEdge(.synReceived, .listen, .hardError, "§3.9.2.2, SHLD-26", .text),
        StateEdge(.synReceived, .listen, .close, "the listener closes", .beyond),
    ]

    /// The edges to CLOSED that end a connection before its time.
    private static let ending: [StateEdge] = {
        let alive: [State] = [
            .synSent, .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck,
        ]
        var edges = [
            StateEdge(.timeWait, .closed, .abort, "§3.10.5", .text),
            StateEdge(.timeWait, .closed, .newIncarnation, "§3.6.1, MAY-2", .text),
            StateEdge(.finWait2, .closed, .finWait2Timeout, "practice of other hosts", .beyond),
        ]
        for state in alive {
            let reset = state == .synSent ? "§3.10.7.3 second" : "§3.10.7.4 second"
            edges.append(StateEdge(state, .closed, .resetArrived, reset, .note))
            edges.append(StateEdge(state, .closed, .abort, "§3.10.5", .text))
            // In FIN-WAIT-2 nothing of ours is in flight.
            guard state != .finWait2 else { continue }
            edges.append(StateEdge(state, .closed, .retransmissionTimeout, "§3.8.3, MUST-20", .text))
            edges.append(StateEdge(state, .closed, .userTimeout, "§3.10.8", .text))
            edges.append(StateEdge(state, .closed, .hardError, "§3.9.2.2, SHLD-26", .text))
        }
        for state in [State.established, .closeWait, .finWait1, .finWait2, .closing, .lastAck] {
            edges.append(StateEdge(state, .closed, .keepAliveTimeout, "§3.8.4, MUST-29", .text))
        }
        for state in [State.finWait1, .finWait2] {
            edges.append(StateEdge(state, .closed, .dataAfterRelease, "§3.6.1, SHLD-3", .text))
        }
        return edges
    }()
}
