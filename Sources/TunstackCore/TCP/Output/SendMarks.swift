import TunstackWire

/// Places in what the application has sent, and what has not left, where a segment has to end: a push that is to be kept, or the end of a
/// record. Empty as a rule, and then without memory.
struct SendMarks {
    struct Mark {
        /// One past the last byte before it.
        let end: SequenceNumber
        /// A repair must not take along what lies on the other side.
        let endsRecord: Bool
    }

    private var queue = Fifo<Mark>()

    /// The next place; nil if there is none.
    var first: Mark? { queue.first }

    mutating func append(_ mark: Mark) { queue.append(mark) }

    /// Everything up to `number` has left.
    mutating func forget(upTo number: SequenceNumber) {
        while let mark = queue.first, mark.end.isAtOrBefore(number) { _ = queue.popFirst() }
    }
}
