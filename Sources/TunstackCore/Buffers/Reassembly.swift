import TunstackWire

/// A stretch of sequence space, `start ..< end`.
struct SequenceRange: Equatable {
    var start: SequenceNumber
    var end: SequenceNumber

    var count: Int { end - start }

    func contains(_ number: SequenceNumber) -> Bool { number.isAtOrAfter(start) && number.isBefore(end) }
}

/// Which bytes beyond the first gap have arrived: disjoint, non-adjacent ranges in sequence order. The bytes themselves
/// are in the receive buffer's ring already (RFC 9293 §3.10.7.4, SHLD-31).
///
/// A queue that overflows drops every second segment or so, and that makes a thousand ranges: they are found by bisection.
struct Reassembly {
    private(set) var ranges: [SequenceRange] = []
    /// One number of each of the ranges that were touched last, the latest first: the order of a SACK option (RFC 2018 §4).
    private var recent: [SequenceNumber] = []

    /// How many ranges to remember the order of: those that fit an option, and as many that may come to join others.
    private static let remembered = 2 * SACKBlocks.capacity

    var isEmpty: Bool { ranges.isEmpty }
    /// One past the last byte held beyond the gap.
    var end: SequenceNumber? { ranges.last?.end }

    /// The first range that ends at or after `number`.
    private func firstRange(endingAtOrAfter number: SequenceNumber) -> Int {
        guard let last = ranges.last, !last.end.isBefore(number) else { return ranges.count }
        var low = 0
        var high = ranges.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].end.isBefore(number) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether `range` can be recorded without exceeding `limit` ranges.
    func hasRoom(for range: SequenceRange, limit: Int) -> Bool {
        guard ranges.count >= limit else { return true }
        let first = firstRange(endingAtOrAfter: range.start)
        return first < ranges.count && !ranges[first].start.isAfter(range.end)
    }

    /// The parts of `range` that have not arrived before; what arrived first stays.
    func forEachGap(in range: SequenceRange, _ body: (SequenceRange) -> Void) {
        var start = range.start
        var index = firstRange(endingAtOrAfter: start)
        while index < ranges.count, ranges[index].start.isBefore(range.end) {
            if ranges[index].start.isAfter(start) { body(SequenceRange(start: start, end: ranges[index].start)) }
            start = SequenceNumber.max(start, ranges[index].end)
            index += 1
        }
        if start.isBefore(range.end) { body(SequenceRange(start: start, end: range.end)) }
    }

    /// The first stretch of `range` that has arrived before; nil if none has.
    func firstOverlap(with range: SequenceRange) -> SequenceRange? {
        guard let held = ranges.first(where: { $0.end.isAfter(range.start) }), held.start.isBefore(range.end)
        else { return nil }
        return SequenceRange(
            start: SequenceNumber.max(held.start, range.start),
            end: held.end.isBefore(range.end) ? held.end : range.end)
    }

    /// Records a range, joining those that it touches.
    mutating func insert(_ range: SequenceRange) {
        var joined = range
        let first = firstRange(endingAtOrAfter: range.start)
        var last = first
        while last < ranges.endIndex, !ranges[last].start.isAfter(range.end) {
            if ranges[last].start.isBefore(joined.start) { joined.start = ranges[last].start }
            joined.end = SequenceNumber.max(joined.end, ranges[last].end)
            last += 1
        }
        ranges.replaceSubrange(first..<last, with: CollectionOfOne(joined))
        recent.removeAll { joined.contains($0) }
        if recent.count == Self.remembered { recent.removeLast() }
        recent.insert(range.start, at: 0)
    }

    /// Removes the ranges that the in-order stream has reached and says how far it now extends.
    mutating func advance(from next: SequenceNumber) -> SequenceNumber {
        var next = next
        var reached = 0
        while reached < ranges.count, !ranges[reached].start.isAfter(next) {
            next = SequenceNumber.max(next, ranges[reached].end)
            reached += 1
        }
        if reached > 0 {
            ranges.removeFirst(reached)
            recent.removeAll { $0.isBefore(next) }
        }
        return next
    }

    /// The blocks for a SACK option: the latest first, then those that were reported most recently (RFC 2018 §4), so that each
    /// is repeated and one lost acknowledgment does not hide it. A duplicate comes before them (RFC 2883 §4); if it
    /// lies in a block, that one was touched last.
    func sackBlocks(maximum: Int, duplicate: SACKBlock? = nil) -> SACKBlocks {
        var blocks = SACKBlocks()
        if let duplicate { blocks.append(duplicate) }
        for number in recent.prefix(maximum - blocks.count) {
            let index = firstRange(endingAtOrAfter: number + 1)
            guard index < ranges.count, ranges[index].contains(number) else { continue }
            blocks.append(SACKBlock(start: ranges[index].start, end: ranges[index].end))
        }
        return blocks
    }
}
