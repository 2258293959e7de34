/// The deadlines of everything in one stack: a hierarchical timing wheel (Varghese and Lauck, 1987).
///
/// Eleven levels of 64 slots hold the 64-bit tick number six bits at a time. An entry lives on the level of the highest
/// six-bit group in which its tick differs from the wheel's current one, so all of a lower level comes before any
/// of a higher one, and the first occupied slot of the lowest occupied level is always the next to look at. Arming,
/// cancelling and expiring are O(1); an entry moves down at most once a level.
///
/// A tick is 2^17 ns (131 µs), but deadlines stay exact: a slot is a list, and only what is due leaves it.
struct TimerWheel {
    /// Names an entry of the wheel; belongs to whatever allocated it.
    typealias TimerID = Int32

    private struct Node {
        var deadline = Instant.distantFuture
        var previous: TimerID = TimerWheel.none
        var next: TimerID = TimerWheel.none
        /// level * 64 + slot, or -1 while the node is in no slot.
        var slot: Int16 = -1
        var owner: EntryReference
    }

    private static let none: TimerID = -1
    private static let tickBits: Int64 = 17
    private static let levelBits = 6
    private static let slotsPerLevel = 1 << levelBits
    private static let levels = 11

    private var nodes: [Node] = []
    private var freeNodes: [TimerID] = []
    private var heads = [TimerID](repeating: none, count: levels * slotsPerLevel)
    private var occupied = [UInt64](repeating: 0, count: levels)
    /// The tick up to which the wheel has turned.
    private var current: UInt64

    init(at now: Instant) {
        current = Self.tick(of: now)
    }

    private static func tick(of instant: Instant) -> UInt64 {
        UInt64(max(0, instant.nanoseconds) >> tickBits)
    }

    /// Bytes that an entry takes.
    static var bytesPerEntry: Int { MemoryLayout<Node>.stride }

    /// A new entry, not armed.
    mutating func allocate(owner: EntryReference) -> TimerID {
        if let id = freeNodes.popLast() {
            nodes[Int(id)] = Node(owner: owner)
            return id
        }
        nodes.append(Node(owner: owner))
        return TimerID(nodes.count - 1)
    }

    /// Forgets an entry, armed or not.
    mutating func free(_ id: TimerID) {
        unlink(id)
        freeNodes.append(id)
    }

    /// When the entry fires, `.distantFuture` if it is not armed.
    func deadline(of id: TimerID) -> Instant { nodes[Int(id)].deadline }

    /// Arms or re-arms an entry. A deadline that has passed fires at the next `popDue`.
    mutating func arm(_ id: TimerID, at deadline: Instant) {
        unlink(id)
        nodes[Int(id)].deadline = deadline
        guard deadline != .distantFuture else { return }
        link(id)
    }

    private mutating func link(_ id: TimerID) {
        let tick = max(Self.tick(of: nodes[Int(id)].deadline), current)
        let difference = tick ^ current
        let level = difference == 0 ? 0 : (63 - difference.leadingZeroBitCount) / Self.levelBits
        let slotInLevel = Int((tick >> UInt64(level * Self.levelBits)) & UInt64(Self.slotsPerLevel - 1))
        let slot = level * Self.slotsPerLevel + slotInLevel
        let head = heads[slot]
        nodes[Int(id)].slot = Int16(slot)
        nodes[Int(id)].previous = Self.none
        nodes[Int(id)].next = head
        if head != Self.none { nodes[Int(head)].previous = id }
        heads[slot] = id
        occupied[level] |= 1 << UInt64(slotInLevel)
    }

    private mutating func unlink(_ id: TimerID) {
        let node = nodes[Int(id)]
        nodes[Int(id)].deadline = .distantFuture
        guard node.slot >= 0 else { return }
        let slot = Int(node.slot)
        if node.previous == Self.none {
            heads[slot] = node.next
        } else {
            nodes[Int(node.previous)].next = node.next
        }
        if node.next != Self.none { nodes[Int(node.next)].previous = node.previous }
        if heads[slot] == Self.none {
            occupied[slot / Self.slotsPerLevel] &= ~(1 << UInt64(slot % Self.slotsPerLevel))
        }
        nodes[Int(id)].slot = -1
    }

    private var firstOccupied: (level: Int, slot: Int)? {
        for level in 0..<Self.levels where occupied[level] != 0 {
            return (level, level * Self.slotsPerLevel + occupied[level].trailingZeroBitCount)
        }
        return nil
    }

    /// When to call `popDue` next: the exact deadline if it is near, else the moment at which the wheel has to turn to
    /// find out; never later than the earliest deadline. Nil if nothing is armed.
    var earliest: Instant? {
        guard let (level, slot) = firstOccupied else { return nil }
        guard level == 0 else { return Instant(nanoseconds: Int64(startTick(of: slot, level: level)) << Self.tickBits) }
        var earliest = Instant.distantFuture
        var id = heads[slot]
        while id != Self.none {
            earliest = min(earliest, nodes[Int(id)].deadline)
            id = nodes[Int(id)].next
        }
        return earliest
    }

    private func startTick(of slot: Int, level: Int) -> UInt64 {
        let shift = UInt64(level * Self.levelBits)
        let above = shift + UInt64(Self.levelBits) >= 64 ? 0 : (current >> (shift + 6)) << (shift + 6)
        return above | (UInt64(slot % Self.slotsPerLevel) << shift)
    }

    /// Disarms one entry that is due at `now` and names its owner; nil when no more are.
    mutating func popDue(at now: Instant) -> EntryReference? {
        let nowTick = Self.tick(of: now)
        while let (level, slot) = firstOccupied {
            let start = startTick(of: slot, level: level)
            guard start <= nowTick else { break }
            if level > 0 {
                current = max(current, start)
                cascade(slot)
                continue
            }
            current = max(current, start)
            var id = heads[slot]
            while id != Self.none, nodes[Int(id)].deadline > now { id = nodes[Int(id)].next }
            guard id != Self.none else { return nil }
            unlink(id)
            return nodes[Int(id)].owner
        }
        turn(to: nowTick)
        return nil
    }

    /// Moves the wheel on when no slot up to `tick` is occupied.
    private mutating func turn(to tick: UInt64) {
        guard tick > current else { return }
        if let (level, slot) = firstOccupied, startTick(of: slot, level: level) <= tick { return }
        current = tick
    }

    /// Spreads a slot of a higher level over the levels below it.
    private mutating func cascade(_ slot: Int) {
        var id = heads[slot]
        while id != Self.none {
            let next = nodes[Int(id)].next
            let deadline = nodes[Int(id)].deadline
            unlink(id)
            nodes[Int(id)].deadline = deadline
            link(id)
            id = next
        }
    }
}
