import TunstackWire

/// Which numbers of a peer have reached a host: all up to `next`, and some runs beyond it.
struct ReceivedRanges {
    /// The first number that is missing.
    private(set) var next: SequenceNumber
    /// Runs beyond it, in order, none touching another.
    private(set) var beyond: [SACKBlock] = []

    init(next: SequenceNumber) {
        self.next = next
    }

    /// Takes in `start ..< end`.
    mutating func insert(_ start: SequenceNumber, _ end: SequenceNumber) {
        guard end.isAfter(start), end.isAfter(next) else { return }
        var run = SACKBlock(start: SequenceNumber.max(start, next), end: end)
        var kept: [SACKBlock] = []
        var place = 0
        for other in beyond {
            if other.end.isBefore(run.start) {
                kept.append(other)
                place = kept.count
            } else if other.start.isAfter(run.end) {
                kept.append(other)
            } else {
                run.start = run.start.isBefore(other.start) ? run.start : other.start
                run.end = SequenceNumber.max(run.end, other.end)
            }
        }
        if run.start == next {
            next = run.end
        } else {
            kept.insert(run, at: place)
        }
        beyond = kept
    }

    /// Whether all of `start ..< end` has come.
    func contains(_ start: SequenceNumber, _ end: SequenceNumber) -> Bool {
        if end.isAtOrBefore(next) { return true }
        return beyond.contains { $0.start.isAtOrBefore(start) && end.isAtOrBefore($0.end) }
    }
}
