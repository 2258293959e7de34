import TunstackCore

/// A packet that will arrive.
struct PacketOnItsWay {
    /// Its number in the trace.
    let number: Int
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

    private struct Entry {
        let time: Instant
        let serial: UInt64
        let event: Event

        func isBefore(_ other: Entry) -> Bool { (time, serial) < (other.time, other.serial) }
    }

    /// A binary heap: no entry is before its parent.
    private var heap: [Entry] = []
    private var serial: UInt64 = 0

    /// When the next event is due; nil if there is none.
    var earliest: Instant? { heap.first?.time }

    mutating func push(_ event: Event, at time: Instant) {
        heap.append(Entry(time: time, serial: serial, event: event))
        serial += 1
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Event? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first.event }
        heap[0] = last
        var parent = 0
        while let child = earlierChild(of: parent), heap[child].isBefore(heap[parent]) {
            heap.swapAt(child, parent)
            parent = child
        }
        return first.event
    }

    private func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        return left + 1 < heap.count && heap[left + 1].isBefore(heap[left]) ? left + 1 : left
    }
}
