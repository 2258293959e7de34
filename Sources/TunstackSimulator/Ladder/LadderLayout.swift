import TunstackCore

/// A row of a ladder.
enum LadderRow {
    /// A packet that leaves one rail and reaches the other with nothing in between.
    case arrow(Int, from: LadderSide, departure: LadderEvent, arrival: LadderEvent)
    /// A packet that leaves and is lost, or is still on its way at the end.
    case broken(Int, from: LadderSide, departure: LadderEvent)
    /// A packet that leaves, to arrive in a later row with the same tag.
    case leaving(Int, tag: Int, from: LadderSide, departure: LadderEvent)
    /// A packet that left in an earlier row arrives; without a tag, it is a second copy.
    case arriving(Int, tag: Int?, from: LadderSide, arrival: LadderEvent)
    /// A call or a timer at one side.
    case local(LadderSide, LadderEvent)

    /// When it begins.
    var time: Instant {
        switch self {
        case .arrow(_, _, let event, _), .broken(_, _, let event), .leaving(_, _, _, let event),
            .arriving(_, _, _, let event), .local(_, let event):
            event.time
        }
    }

    /// When it is over.
    var end: Instant {
        if case .arrow(_, _, _, let arrival) = self { arrival.time } else { time }
    }
}

/// Joins two timelines into rows.
///
/// The order of things at each rail is kept. A packet becomes one horizontal arrow whenever its two ends are next on
/// both rails. Where packets cross, no such row exists. If they cross only because one end handled several things at
/// the same instant, its arrivals are drawn before what it sent; else the packets that are in the way are drawn in two
/// parts.
struct LadderLayout {
    private var left: ArraySlice<LadderEvent>
    private var right: ArraySlice<LadderEvent>
    /// Packets whose other end the timelines hold too.
    private let departed: Set<Int>
    private let handled: Set<Int>
    /// The tags of packets that have left and not arrived.
    private var tags: [Int: Int] = [:]
    private var tagCount = 0

    private init(_ timelines: LadderTimelines) {
        left = timelines.left[...]
        right = timelines.right[...]
        let events = timelines.left + timelines.right
        departed = Set(events.compactMap { if case .departure(let packet) = $0.kind { packet } else { nil } })
        handled = Set(events.compactMap { if case .arrival(let packet, _) = $0.kind { packet } else { nil } })
    }

    /// All rows, from the top.
    static func rows(_ timelines: LadderTimelines) -> [LadderRow] {
        var layout = LadderLayout(timelines)
        var rows: [LadderRow] = []
        while true {
            let next = layout.takeReady() ?? layout.takeSimultaneous() ?? layout.split()
            guard !next.isEmpty else { return rows }
            rows += next
        }
    }

    private subscript(side: LadderSide) -> ArraySlice<LadderEvent> {
        get { side == .left ? left : right }
        set { if side == .left { left = newValue } else { right = newValue } }
    }

    /// The earliest row that can be drawn whole.
    private mutating func takeReady() -> [LadderRow]? {
        let candidates = [LadderSide.left, .right].compactMap { side in
            ready(side).flatMap { row in self[side].first.map { (side: side, row: row, serial: $0.serial) } }
        }
        // Things are numbered in order of time.
        guard let first = candidates.min(by: { $0.serial < $1.serial }) else { return nil }
        self[first.side].removeFirst()
        switch first.row {
        case .arrow: self[first.side.opposite].removeFirst()
        case .arriving(let packet, _, _, _): tags[packet] = nil
        case .broken, .leaving, .local: break
        }
        return [first.row]
    }

    /// The row that the next thing at a rail makes, if it does not have to wait for something at the other.
    private func ready(_ side: LadderSide) -> LadderRow? {
        guard let event = self[side].first else { return nil }
        switch event.kind {
        case .local:
            return .local(side, event)
        case .departure(let packet):
            guard handled.contains(packet) else { return .broken(packet, from: side, departure: event) }
            guard let other = self[side.opposite].first, case .arrival(packet, _) = other.kind else { return nil }
            return .arrow(packet, from: side, departure: event, arrival: other)
        case .arrival(let packet, _):
            guard tags[packet] != nil || !departed.contains(packet) else { return nil }
            return .arriving(packet, tag: tags[packet], from: side.opposite, arrival: event)
        }
    }

    /// A packet that is next at its sender, and that its receiver handled at the same instant and in the same state in
    /// which it sent what is next there.
    private mutating func takeSimultaneous() -> [LadderRow]? {
        for side in [LadderSide.left, .right] {
            guard let departure = self[side].first, case .departure(let packet) = departure.kind,
                let index = simultaneousArrival(of: packet, at: side.opposite)
            else { continue }
            let arrival = self[side.opposite].remove(at: index)
            self[side].removeFirst()
            return [.arrow(packet, from: side, departure: departure, arrival: arrival)]
        }
        return nil
    }

    private func simultaneousArrival(of packet: Int, at side: LadderSide) -> Int? {
        guard let first = self[side].first else { return nil }
        for (index, event) in zip(self[side].indices, self[side]) {
            guard event.time == first.time, event.state == first.state else { return nil }
            switch event.kind {
            case .arrival(packet, _): return index
            case .departure: continue
            case .arrival, .local: return nil
            }
        }
        return nil
    }

    /// Nothing can be drawn whole: every packet that is next at its sender leaves now and arrives later.
    private mutating func split() -> [LadderRow] {
        let leaving = [LadderSide.left, .right].compactMap { side -> (LadderSide, LadderEvent, Int)? in
            guard let event = self[side].first, case .departure(let packet) = event.kind else { return nil }
            return (side, event, packet)
        }
        return leaving.sorted { $0.1.serial < $1.1.serial }.map { side, event, packet in
            tagCount += 1
            tags[packet] = tagCount
            self[side].removeFirst()
            return .leaving(packet, tag: tagCount, from: side, departure: event)
        }
    }
}

extension LadderSide {
    var opposite: LadderSide { self == .left ? .right : .left }
}
