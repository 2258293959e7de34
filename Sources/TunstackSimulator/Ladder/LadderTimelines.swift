import TunstackCore
import TunstackWire

/// Which rail of a ladder.
enum LadderSide { case left, right }

/// Something that happens at one rail of a ladder.
struct LadderEvent {
    enum Kind {
        /// A packet leaves.
        case departure(Int)
        /// A packet is handled. The text says why it was not used.
        case arrival(Int, remark: String?)
        /// The application calls, or is told something, or a timer fires.
        case local(String)
    }

    let time: Instant
    /// Its place among all that happened.
    let serial: Int
    let kind: Kind
    /// The connection's state after this; empty where there is no stack.
    var state: String
    /// The connection; nil if it is about none.
    let key: ConnectionKey?
}

/// What happened at each of two nodes, in order, each thing with the state that it left behind.
struct LadderTimelines {
    private(set) var left: [LadderEvent] = []
    private(set) var right: [LadderEvent] = []

    private let leftID: NodeID
    private let rightID: NodeID
    private var serial = 0
    private var ends: [NodeID: EndStates] = [:]

    init(_ trace: PacketTrace, left: NodeID, right: NodeID) {
        leftID = left
        rightID = right
        for node in [left, right] where trace.nodes[node.index].hasStack { ends[node] = EndStates() }
        for event in trace.events {
            add(event, trace)
            serial += 1
        }
    }

    private func side(of node: NodeID) -> LadderSide? {
        node == leftID ? .left : node == rightID ? .right : nil
    }

    private mutating func add(_ event: PacketTrace.Event, _ trace: PacketTrace) {
        let node = event.node
        guard let side = side(of: node) else { return }
        switch event.kind {
        case .sent(let number):
            append(.departure(number), trace.packets[number].key(at: node), event, side, node)
        case .received(let number, let dropped):
            let remark = dropped.map { "drops it: \($0.words)" }
            append(.arrival(number, remark: remark), trace.packets[number].key(at: node), event, side, node)
        case .call(let text, let key): append(.local(text), key, event, side, node)
        case .told(let text, let key): append(.local("told: \(text)"), key, event, side, node)
        case .transition(let record): take(record, event, side, node)
        case .forgotEverything: ends[node]?.states = [:]
        }
    }

    private mutating func append(
        _ kind: LadderEvent.Kind, _ key: ConnectionKey?, _ event: PacketTrace.Event, _ side: LadderSide, _ node: NodeID
    ) {
        let state = ends[node]?.state(of: key) ?? ""
        append(LadderEvent(time: event.time, serial: serial, kind: kind, state: state, key: key), side)
    }

    private mutating func append(_ event: LadderEvent, _ side: LadderSide) {
        switch side {
        case .left: left.append(event)
        case .right: right.append(event)
        }
    }

    /// A state change belongs to the call or the packet before it; if neither was there, a timer made it.
    private mutating func take(
        _ record: TransitionRecord, _ event: PacketTrace.Event, _ side: LadderSide, _ node: NodeID
    ) {
        ends[node]?.states[record.key] = record.transition.to
        let last = (side == .left ? left : right).last
        if let last, last.time == event.time, last.key == record.key, last.canCauseTransition {
            setLast(side, state: record.transition.to.description)
        } else {
            append(.local("(\(record.transition.cause.rawValue))"), record.key, event, side, node)
        }
    }

    private mutating func setLast(_ side: LadderSide, state: String) {
        switch side {
        case .left: left[left.count - 1].state = state
        case .right: right[right.count - 1].state = state
        }
    }
}

/// What is known about the states at one end.
private struct EndStates {
    var states: [ConnectionKey: State] = [:]

    /// The state of a connection: until it has one of its own, that of the socket where it would arrive.
    func state(of key: ConnectionKey?) -> String {
        guard let key else { return "" }
        return (states[key] ?? states[ConnectionKey(listener: key.local)] ?? .closed).description
    }
}

extension LadderEvent {
    fileprivate var canCauseTransition: Bool {
        switch kind {
        case .arrival, .local: true
        case .departure: false
        }
    }
}

extension SimulatedPacket {
    /// The connection that the segment in it belongs to, seen from one of its ends.
    fileprivate func key(at node: NodeID) -> ConnectionKey? {
        guard let segment else { return nil }
        return node == sender
            ? ConnectionKey(local: segment.source, remote: segment.destination)
            : ConnectionKey(local: segment.destination, remote: segment.source)
    }
}
