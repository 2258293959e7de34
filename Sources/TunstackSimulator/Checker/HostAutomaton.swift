import TunstackCore
import TunstackWire

/// Names one of the states in which an end has been seen.
typealias HostStateID = Int32

/// What an event leads to.
struct HostStep {
    let next: HostStateID
    /// What the end sends: numbers in the checker's list of packets.
    let sent: [Int32]
    let transitions: [StateTransition]
}

/// The packets that have been seen, each once.
struct PacketList {
    private(set) var packets: [[UInt8]] = []
    private var numbers: [[UInt8]: Int32] = [:]

    mutating func number(of packet: [UInt8]) -> Int32 {
        if let number = numbers[packet] { return number }
        let number = Int32(packets.count)
        packets.append(packet)
        numbers[packet] = number
        return number
    }
}

/// All that one end can do, learnt from the real stack as it is asked for.
///
/// An end does what its portrait says, so what an event leads to is found out once for a portrait: a fresh stack is taken the way by
/// which the portrait was first reached, and then given the event. Everything else is a look-up.
struct HostAutomaton {
    /// A state of the end, and how to get there.
    private struct Entry {
        let parent: HostStateID
        let event: HostEvent?
        let state: State
        let isTorn: Bool
        let isAtRest: Bool
        let isStuck: Bool
        var steps: [HostEvent: HostStep?] = [:]
    }

    /// The first state: nothing has happened.
    static let start: HostStateID = 0

    private let make: () -> CheckedHost
    private var entries: [Entry] = []
    private var numbers: [[Int64]: HostStateID] = [:]
    /// How often a stack was taken a way, and how many events that were.
    private(set) var replays = 0
    /// Every edge that was taken, and by how many events.
    private(set) var transitions: [StateTransition: Int] = [:]
    /// Events that led to a portrait that was known by another way; what `HostAutomaton.contradictions` looks at.
    private var confluences: [(from: HostStateID, event: HostEvent, to: HostStateID)] = []

    init(_ make: @escaping () -> CheckedHost) {
        self.make = make
        let host = make()
        _ = enter(host, from: Self.start, by: nil)
    }

    /// How many states were seen.
    var count: Int { entries.count }
    func state(_ id: HostStateID) -> State { entries[Int(id)].state }
    func isTorn(_ id: HostStateID) -> Bool { entries[Int(id)].isTorn }
    func isAtRest(_ id: HostStateID) -> Bool { entries[Int(id)].isAtRest }
    func isStuck(_ id: HostStateID) -> Bool { entries[Int(id)].isStuck }

    /// What an event leads to; nil if it makes no sense in the state.
    mutating func step(_ id: HostStateID, _ event: HostEvent, _ packets: inout PacketList) -> HostStep? {
        if let known = entries[Int(id)].steps[event] { return known }
        let step = findOut(id, event, &packets)
        entries[Int(id)].steps[event] = .some(step)
        return step
    }

    private mutating func findOut(_ id: HostStateID, _ event: HostEvent, _ packets: inout PacketList) -> HostStep? {
        var host = make()
        replay(to: id, on: &host, packets)
        guard let sent = host.handle(event, Self.bytes(of: event, packets)) else { return nil }
        for transition in host.transitions { transitions[transition, default: 0] += 1 }
        let next = enter(host, from: id, by: event)
        return HostStep(next: next, sent: sent.map { packets.number(of: $0) }, transitions: host.transitions)
    }

    private mutating func enter(_ host: borrowing CheckedHost, from parent: HostStateID, by event: HostEvent?)
        -> HostStateID
    {
        let portrait = host.portrait
        if let known = numbers[portrait] {
            if let event { confluences.append((parent, event, known)) }
            return known
        }
        let id = HostStateID(entries.count)
        numbers[portrait] = id
        entries.append(
            Entry(
                parent: parent, event: event, state: host.state, isTorn: host.isTorn, isAtRest: host.isAtRest,
                isStuck: host.isStuck))
        return id
    }

    private mutating func replay(to id: HostStateID, on host: inout CheckedHost, _ packets: PacketList) {
        replays += 1
        for event in way(to: id) { _ = host.handle(event, Self.bytes(of: event, packets)) }
    }

    private func way(to id: HostStateID) -> [HostEvent] {
        var events: [HostEvent] = []
        var id = id
        while let event = entries[Int(id)].event {
            events.append(event)
            id = entries[Int(id)].parent
        }
        return events.reversed()
    }

    private static func bytes(of event: HostEvent, _ packets: PacketList) -> [UInt8] {
        if case .packet(let number) = event { return packets.packets[Int(number)] }
        return []
    }
}

// MARK: - Whether a portrait tells everything

extension HostAutomaton {
    /// Takes other ways to known portraits, and looks whether what was learnt by the first way holds there too.
    ///
    /// - Parameter every: one of so many of the ways.
    /// - Returns: how many events were compared, and the ways after which another thing follows.
    mutating func contradictions(every: Int, _ packets: inout PacketList) -> (compared: Int, found: [[HostEvent]]) {
        var compared = 0
        var found: [[HostEvent]] = []
        for index in stride(from: 0, to: confluences.count, by: max(1, every)) {
            let (from, event, to) = confluences[index]
            for (next, expected) in entries[Int(to)].steps {
                var host = make()
                replay(to: from, on: &host, packets)
                _ = host.handle(event, Self.bytes(of: event, packets))
                let sent = host.handle(next, Self.bytes(of: next, packets))?.map { packets.number(of: $0) }
                compared += 1
                let isSame = sent == expected?.sent && (sent == nil || numbers[host.portrait] == expected?.next)
                if !isSame { found.append(way(to: from) + [event, next]) }
            }
        }
        return (compared, found)
    }
}
