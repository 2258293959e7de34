import TunstackCore

/// A packet that will arrive.
struct PacketOnItsWay {
    /// Its number in the trace.
    let number: Int
    let sentAt: Instant
    let sender: NodeID
    let receiver: NodeID
    /// What arrives.
    let bytes: [UInt8]
}

/// What is to happen at an instant. Of two things at the same instant, the one that was queued first happens first: the
/// order is that of (time, serial), so it is the same in every run.
struct EventQueue {
    enum Event {
        /// A packet, or a second copy of it, reaches the receiver's interface.
        case arrival(PacketOnItsWay)
        /// The receiver has got round to a packet that had arrived.
        case delivery(PacketOnItsWay)
        /// Whatever a scenario or an application has planned.
        case action(() -> Void)
    }

    /// What the heap moves about: small, and without references.
    private struct Entry {
        let time: Instant
        let serial: UInt64
        /// Where the event is.
        let slot: Int

        func isBefore(_ other: Entry) -> Bool {
            time < other.time || (time == other.time && serial < other.serial)
        }
    }

    /// A binary heap: no entry is before its parent.
    private var heap: [Entry] = []
    private var serial: UInt64 = 0
    /// The events in the queue; nil where there is room for another.
    private var events: [Event?] = []
    private var freeSlots: [Int] = []

    /// When the next event is due; nil if there is none.
    var earliest: Instant? { heap.first?.time }

    mutating func push(_ event: Event, at time: Instant) {
        let entry = Entry(time: time, serial: serial, slot: store(event))
        serial += 1
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, entry.isBefore(heap[(child - 1) / 2]) {
            heap[child] = heap[(child - 1) / 2]
            child = (child - 1) / 2
        }
        heap[child] = entry
    }

    mutating func popFirst() -> Event? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            var parent = 0
            while let child = earlierChild(of: parent), heap[child].isBefore(last) {
                heap[parent] = heap[child]
                parent = child
            }
            heap[parent] = last
        }
        freeSlots.append(first.slot)
        return events[first.slot].take()
    }

    private mutating func store(_ event: Event) -> Int {
        if let slot = freeSlots.popLast() {
            events[slot] = event
            return slot
        }
        events.append(event)
        return events.count - 1
    }

    private func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        return left + 1 < heap.count && heap[left + 1].isBefore(heap[left]) ? left + 1 : left
    }
}
