import TunstackCore
import TunstackWire

/// How much of what happens a network keeps.
public enum TraceLevel: Hashable, Sendable {
    /// Everything.
    case full
    /// The last so many packets, 1 or more, and what happened since the first of them: what led up to a failure, at the
    /// price of a bounded memory.
    case recent(Int)
    /// Nothing. Packets are not even read on the way.
    case none
}

/// Writes a trace down, as much of it as is to be kept.
struct TraceRecorder {
    let level: TraceLevel
    /// Packets so far, kept or not: the number of the next one.
    private(set) var count = 0
    /// What is kept. Numbers in it are those of the whole run.
    private var kept = PacketTrace()
    /// The number of the first packet that is kept.
    private var first = 0

    /// So many times the packets that are to be kept can be there before the oldest go, and so many events for each.
    private static let slack = 2
    private static let eventsPerPacket = 8

    init(level: TraceLevel) {
        self.level = if case .recent(let limit) = level { .recent(max(1, limit)) } else { level }
    }

    /// What is kept, with packets numbered from zero.
    var trace: PacketTrace {
        guard case .recent(let limit) = level else { return kept }
        var copy = self
        copy.keepLast(limit)
        return copy.kept.renumbered(from: copy.first)
    }

    var timeOfDay: TimeOfDay {
        get { kept.timeOfDay }
        set { kept.timeOfDay = newValue }
    }

    var keepsAnything: Bool { level != .none }

    mutating func add(_ node: PacketTrace.Node) { kept.nodes.append(node) }

    // MARK: Events

    mutating func record(_ kind: @autoclosure () -> PacketTrace.Event.Kind, at node: NodeID, _ time: Instant) {
        guard keepsAnything else { return }
        let kind = kind()
        if case .received(let number, _) = kind, number < first { return }
        kept.events.append(PacketTrace.Event(time: time, node: node, kind: kind))
        guard case .recent(let limit) = level else { return }
        let most = limit * Self.slack * Self.eventsPerPacket
        if kept.events.count >= most { keep(eventsFrom: most / 2) }
    }

    // MARK: Packets

    /// Writes down a packet and gives it its number.
    mutating func recordSent(
        _ bytes: [UInt8], from sender: NodeID, to receiver: NodeID?, at time: Instant
    ) -> Int {
        append(bytes, from: sender, to: receiver, at: time, copyOf: nil)
        let number = count - 1
        record(.sent(number), at: sender, time)
        trim()
        return number
    }

    /// Writes down a second copy that the network makes of a packet.
    mutating func recordCopy(
        of original: Int, _ bytes: [UInt8], from sender: NodeID, to receiver: NodeID, at time: Instant
    ) -> Int {
        append(bytes, from: sender, to: receiver, at: time, copyOf: original)
        trim()
        return count - 1
    }

    private mutating func append(
        _ bytes: [UInt8], from sender: NodeID, to receiver: NodeID?, at time: Instant, copyOf original: Int?
    ) {
        defer { count += 1 }
        guard keepsAnything else { return }
        kept.packets.append(
            SimulatedPacket(
                number: count, sender: sender, receiver: receiver, sentAt: time, bytes: bytes,
                segment: bytes.withRawSpan { TracedSegment($0) }, copyOf: original))
    }

    /// Changes what is known about a packet, if it is still kept.
    mutating func update(_ number: Int, _ change: (inout SimulatedPacket) -> Void) {
        guard number >= first, number - first < kept.packets.count else { return }
        change(&kept.packets[number - first])
    }
}

// MARK: - Forgetting

extension TraceRecorder {
    private mutating func trim() {
        if case .recent(let limit) = level, kept.packets.count >= limit * Self.slack { keepLast(limit) }
    }

    private mutating func keepLast(_ limit: Int) {
        guard kept.packets.count > limit else { return }
        // A second copy stays with the packet that it is a copy of.
        let oldest = kept.packets[kept.packets.count - limit]
        let number = oldest.copyOf ?? oldest.number
        let index = kept.events.firstIndex { event in
            guard case .sent(let sent) = event.kind else { return false }
            return sent >= number
        }
        keep(eventsFrom: index ?? kept.events.count)
    }

    /// Forgets the events before this one, and the packets that were sent before it.
    private mutating func keep(eventsFrom index: Int) {
        kept.events.removeFirst(index)
        first = kept.firstSent ?? count
        kept.packets.removeAll { $0.number < first }
        kept.events.removeAll { event in
            guard case .received(let number, _) = event.kind else { return false }
            return number < first
        }
    }
}

extension PacketTrace {
    /// The number of the first packet whose sending is an event.
    fileprivate var firstSent: Int? {
        for event in events {
            if case .sent(let number) = event.kind { return number }
        }
        return nil
    }

    fileprivate func renumbered(from first: Int) -> PacketTrace {
        guard first > 0 else { return self }
        var trace = self
        trace.packets = packets.map { $0.renumbered(from: first) }
        trace.events = events.map { event in
            switch event.kind {
            case .sent(let number): Event(time: event.time, node: event.node, kind: .sent(number - first))
            case .received(let number, let dropped):
                Event(time: event.time, node: event.node, kind: .received(number - first, dropped))
            case .transition, .call, .told, .forgotEverything: event
            }
        }
        return trace
    }
}

extension SimulatedPacket {
    fileprivate func renumbered(from first: Int) -> SimulatedPacket {
        SimulatedPacket(
            number: number - first, sender: sender, receiver: receiver, sentAt: sentAt, bytes: bytes, segment: segment,
            copyOf: copyOf.map { $0 - first }, fate: fate, damagedBytes: damagedBytes, isMarked: isMarked)
    }
}
