public import TunstackCore

/// The states of both ends at a time.
public struct StatePair: Hashable, Sendable {
    /// The first end's.
    public let first: State
    /// The second end's.
    public let second: State

    /// A pair.
    public init(first: State, second: State) {
        self.first = first
        self.second = second
    }
}

/// What a check has found.
public struct CheckReport: Sendable {
    /// How much was tried.
    public let bounds: CheckerBounds
    /// Every state within the bounds was looked at.
    public let isComplete: Bool
    /// Joint states: both ends and the network.
    public internal(set) var states = 0
    /// Events that lead from one to another.
    public internal(set) var events = 0
    /// States of either end alone.
    public internal(set) var hostStates: [Int] = []
    /// How often a real stack was taken a way and given an event.
    public internal(set) var replays = 0
    /// In how many joint states the ends are in these states.
    public internal(set) var pairs: [StatePair: Int] = [:]
    /// Edges of the state machine that were taken, and by how many events of an end.
    public internal(set) var transitions: [StateTransition: Int] = [:]
    /// States in which nothing can happen any more, and both ends are in CLOSED.
    public internal(set) var closedStates = 0
    /// States in which nothing can happen but an ABORT of an end that its application holds in FIN-WAIT-2, while the peer is in CLOSED.
    public internal(set) var abandonedStates = 0
    /// Other states in which nothing can happen but an ABORT.
    public internal(set) var deadEnds = 0
    /// States in which an end waits for an answer, or for time to pass, and no timer runs.
    public internal(set) var stuckStates = 0
    /// States on a way that may go on for ever.
    public internal(set) var statesOnCycles = 0
    /// States in which an application was given a byte that is not the next of the stream.
    public internal(set) var tornStates = 0
    /// Comparisons of what follows after different ways to one state of an end, and those that differed.
    public internal(set) var compared = 0
    /// See `compared`.
    public internal(set) var contradictions = 0

    /// How the first of the states that should not be is reached, event by event.
    public internal(set) var example: [String] = []

    init(bounds: CheckerBounds, isComplete: Bool) {
        self.bounds = bounds
        self.isComplete = isComplete
    }

    /// Edges that were taken and that the diagram does not have.
    public var illegalEdges: [StateTransition] { transitions.keys.filter { !$0.isLegal } }

    /// Nothing was found that should not be.
    public var isGood: Bool {
        isComplete && illegalEdges.isEmpty
            && deadEnds + stuckStates + statesOnCycles + tornStates + contradictions == 0
    }
}
