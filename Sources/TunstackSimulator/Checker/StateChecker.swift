import TunstackCore
import TunstackWire

/// Tries everything that two ends and a network within bounds can do, in every order.
///
/// ## Theory of operation
///
/// The ends are real stacks, no models of them: `HostAutomaton` finds out what an end does by letting a stack do it. A joint state is a
/// state of either end and the packets between them. Breadth first, every event that is possible in a joint state leads to another:
/// a user call at either end, a timer, a packet that arrives, is lost or doubled. What is found by two ways is looked at once.
///
/// The clocks of the ends are independent, and a packet may be on its way for any time, longer than a maximum segment lifetime too. That
/// is more than real clocks and networks do, so what never happens here never happens there, within the bounds.
///
/// The graph then answers: which pairs of states occur; where nothing can happen any more; and whether something can go on for ever. If
/// nothing can, and whatever ends does so where it should, then every way ends there. ABORT is tried like any call, but where nothing
/// else can happen counts as an end: an application that gives up must not hide an end that is stuck.
public struct StateChecker {
    let bounds: CheckerBounds
    private var automata: (HostAutomaton, HostAutomaton)
    private var packets = PacketList()
    private var numbers: [[Int32]: Int32] = [:]
    private var states: [[Int32]] = []
    /// The state from which each was found first.
    private var parents: [Int32] = []
    private var graph = CheckedGraph()
    /// States in which nothing can happen but an ABORT.
    private var terminals: [Int] = []

    private static let keys = (
        ConnectionKey(
            local: Endpoint(IPv4Address(10, 77, 0, 1), 1_000), remote: Endpoint(IPv4Address(10, 77, 0, 2), 2_000)),
        ConnectionKey(
            local: Endpoint(IPv4Address(10, 77, 0, 2), 2_000), remote: Endpoint(IPv4Address(10, 77, 0, 1), 1_000))
    )

    /// A checker for these bounds.
    public init(_ bounds: CheckerBounds) {
        self.bounds = bounds
        automata = (
            HostAutomaton {
                CheckedHost(Self.keys.0, firstNumber: SequenceNumber(1_000), calls: bounds.first, bounds: bounds)
            },
            HostAutomaton {
                CheckedHost(Self.keys.1, firstNumber: SequenceNumber(5_000), calls: bounds.second, bounds: bounds)
            }
        )
    }

    /// Looks at every state that can be reached.
    ///
    /// - Parameters:
    ///   - every: takes one of so many other ways to a state of an end and compares what follows; nil for none.
    ///   - progress: told now and then how many states were found and how many looked at.
    public mutating func run(
        comparingEvery every: Int? = nil, progress: (_ found: Int, _ done: Int) -> Void = { _, _ in }
    ) -> CheckReport {
        _ = number(
            of: JointState(
                hosts: (HostAutomaton.start, HostAutomaton.start), lossesLeft: bounds.losses,
                duplicatesLeft: bounds.duplicates), from: 0)
        var done = 0
        while done < states.count, states.count <= bounds.states {
            var isTerminal = true
            forEachSuccessor(of: JointState(words: states[done])) { checker, event, next in
                checker.graph.add(checker.number(of: next, from: done))
                if !event.isAbort { isTerminal = false }
            }
            if isTerminal { terminals.append(done) }
            graph.endState()
            done += 1
            if done % 50_000 == 0 { progress(states.count, done) }
        }
        return report(isComplete: done == states.count, comparingEvery: every)
    }

    private mutating func number(of state: JointState, from parent: Int) -> Int32 {
        let words = state.words
        if let known = numbers[words] { return known }
        let number = Int32(states.count)
        numbers[words] = number
        states.append(words)
        parents.append(Int32(parent))
        return number
    }

    // MARK: What can happen

    /// Everything that is possible in a state, and what it leads to.
    mutating func forEachSuccessor(of state: JointState, _ body: (inout StateChecker, JointEvent, JointState) -> Void) {
        for side in CheckedSide.allCases {
            for event in HostEvent.own {
                if let next = handle(event, at: side, in: state) { body(&self, .own(side, event), next) }
            }
            let inbox = state[inbox: side]
            for place in inbox.indices where place == 0 || (bounds.reorders && inbox[place] != inbox[place - 1]) {
                meddle(with: place, of: side, in: state, body)
            }
        }
    }

    /// A packet arrives, is lost, or is doubled.
    private mutating func meddle(
        with place: Int, of side: CheckedSide, in state: JointState,
        _ body: (inout StateChecker, JointEvent, JointState) -> Void
    ) {
        var taken = state
        let packet = taken[inbox: side].remove(at: place)
        if let next = handle(.packet(packet), at: side, in: taken) { body(&self, .delivery(side, packet), next) }
        if state.lossesLeft > 0 {
            var lost = taken
            lost.lossesLeft -= 1
            body(&self, .loss(side, packet), lost)
        }
        if state.duplicatesLeft > 0, state[inbox: side].count < bounds.packets {
            var doubled = state
            doubled.duplicatesLeft -= 1
            doubled[inbox: side].insert(packet, at: place)
            body(&self, .duplication(side, packet), doubled)
        }
    }

    private mutating func handle(_ event: HostEvent, at side: CheckedSide, in state: JointState) -> JointState? {
        let step =
            side == .first
            ? automata.0.step(state.hosts.0, event, &packets) : automata.1.step(state.hosts.1, event, &packets)
        guard let step else { return nil }
        var next = state
        next[host: side] = step.next
        for packet in step.sent where next[inbox: side.other].count < bounds.packets {
            next[inbox: side.other].append(packet)
        }
        if bounds.reorders { next[inbox: side.other].sort() }
        return next
    }

    // MARK: What was found

    private mutating func report(isComplete: Bool, comparingEvery every: Int?) -> CheckReport {
        var report = CheckReport(bounds: bounds, isComplete: isComplete)
        report.states = states.count
        report.events = graph.edgeCount
        report.hostStates = [automata.0.count, automata.1.count]
        report.replays = automata.0.replays + automata.1.replays
        report.transitions = automata.0.transitions.merging(automata.1.transitions, uniquingKeysWith: +)
        var stuck: [Int] = []
        for (index, words) in states.enumerated() {
            let state = JointState(words: words)
            let (first, second) = (automata.0.state(state.hosts.0), automata.1.state(state.hosts.1))
            report.pairs[StatePair(first: first, second: second), default: 0] += 1
            if automata.0.isTorn(state.hosts.0) || automata.1.isTorn(state.hosts.1) { report.tornStates += 1 }
            if automata.0.isStuck(state.hosts.0) || automata.1.isStuck(state.hosts.1) { stuck.append(index) }
        }
        report.stuckStates = stuck.count
        guard isComplete else {
            report.example = describe(way(to: states.count - 1))
            return report
        }
        let deadEnds = judgeTerminals(&report)
        let onCycles = graph.statesOnCycles()
        report.statesOnCycles = onCycles.count
        if let first = stuck.first ?? deadEnds.first { report.example = describe(way(to: first)) }
        if let first = onCycles.first {
            report.example = describe(way(to: first)) + ["and round and round:"] + describe(graph.cycle(through: first))
        }
        if let every {
            let (one, two) = (
                automata.0.contradictions(every: every, &packets), automata.1.contradictions(every: every, &packets)
            )
            report.compared = one.compared + two.compared
            report.contradictions = one.found.count + two.found.count
            for events in one.found.prefix(1) + two.found.prefix(1) {
                report.example += ["What follows is not what its portrait says, after:"] + events.map(describe)
            }
        }
        return report
    }

    /// Counts where nothing can happen but an ABORT, and gives back where that should not be.
    private func judgeTerminals(_ report: inout CheckReport) -> [Int] {
        let deadEnds = terminals.filter { number in
            let hosts = JointState(words: states[number]).hosts
            switch (automata.0.isAtRest(hosts.0), automata.1.isAtRest(hosts.1)) {
            case (true, true): report.closedStates += 1
            // RFC 9293 §3.3.2 lets FIN-WAIT-2 wait without limit, and only the peer could end it, which is gone.
            case (false, true) where automata.0.state(hosts.0) == .finWait2: report.abandonedStates += 1
            case (true, false) where automata.1.state(hosts.1) == .finWait2: report.abandonedStates += 1
            default: return true
            }
            return false
        }
        report.deadEnds = deadEnds.count
        return deadEnds
    }

    /// The states by which one was reached first.
    private func way(to number: Int) -> [Int] {
        var numbers = [number]
        while let last = numbers.last, last != 0 { numbers.append(Int(parents[last])) }
        return numbers.reversed()
    }

    /// What happens between states that follow each other.
    private mutating func describe(_ way: [Int]) -> [String] {
        zip(way, way.dropFirst()).map { from, to in
            var line = ""
            let target = states[to]
            forEachSuccessor(of: JointState(words: states[from])) { checker, event, next in
                if line.isEmpty, next.words == target { line = checker.describe(event, leadingTo: next) }
            }
            return line
        }
    }

    private func describe(_ event: JointEvent, leadingTo state: JointState) -> String {
        let states = "\(automata.0.state(state.hosts.0)), \(automata.1.state(state.hosts.1))"
        let word =
            switch event {
            case .own(let side, let event): "\(side) \(event)"
            case .delivery(let side, let packet): "\(side) gets \(describe(packet))"
            case .loss(let side, let packet): "lost for \(side): \(describe(packet))"
            case .duplication(let side, let packet): "doubled for \(side): \(describe(packet))"
            }
        return "\(word) -> \(states)"
    }

    private func describe(_ event: HostEvent) -> String {
        if case .packet(let packet) = event { return describe(packet) }
        return "\(event)"
    }

    private func describe(_ packet: Int32) -> String {
        var describer = PacketDescriber(numbering: .absolute)
        return packets.packets[Int(packet)].withRawSpan { describer.describe($0) }
    }
}
