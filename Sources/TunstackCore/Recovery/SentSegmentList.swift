/// A doubly linked list through the segments of one place.
struct SentSegmentList {
    private(set) var first = SentSegments.none
    private(set) var last = SentSegments.none
    /// Numbers that its segments take up.
    private(set) var bytes = 0

    var isEmpty: Bool { first == SentSegments.none }

    /// Puts a segment behind another one, or in front of all of them.
    mutating func insert(_ serial: SentSegments.Serial, after: SentSegments.Serial, in slots: SentSegmentSlots) {
        let next = after == SentSegments.none ? first : slots[after].next
        slots[serial].previous = after
        slots[serial].next = next
        if after == SentSegments.none { first = serial } else { slots[after].next = serial }
        if next == SentSegments.none { last = serial } else { slots[next].previous = serial }
        bytes += Int(slots[serial].length)
    }

    mutating func remove(_ serial: SentSegments.Serial, from slots: SentSegmentSlots) {
        let previous = slots[serial].previous
        let next = slots[serial].next
        if previous == SentSegments.none { first = next } else { slots[previous].next = next }
        if next == SentSegments.none { last = previous } else { slots[next].previous = previous }
        bytes -= Int(slots[serial].length)
    }
}
