import TunstackWire

/// What arrived a second time and has not been reported yet: the first block of the next SACK option (RFC 2883 §4).
///
/// One acknowledgment can answer a batch of segments. Duplicates in it that touch each other are reported as one; of
/// others only the last, for a block speaks of the segment that came last.
struct DuplicateReport {
    private var start = SequenceNumber(0)
    private var length: Int32 = 0

    var isEmpty: Bool { length == 0 }
    /// The block that reports it; nil if there is nothing to report.
    var block: SACKBlock? { isEmpty ? nil : SACKBlock(start: start, end: start + Int(length)) }

    /// The bytes of `range`, which is not empty, have arrived before.
    mutating func note(_ range: SequenceRange) {
        var range = range
        if let block, !block.end.isBefore(range.start), !range.end.isBefore(block.start) {
            if block.start.isBefore(range.start) { range.start = block.start }
            range.end = SequenceNumber.max(range.end, block.end)
        }
        start = range.start
        length = Int32(clamping: range.count)
    }

    /// It has been reported; once is enough.
    mutating func clear() { length = 0 }
}
