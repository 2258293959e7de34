import TunstackWire

/// Tells rounds apart by sequence number (RFC 9406 §4.2): a round ends when what was SND.NXT at its beginning is
/// acknowledged.
struct RoundCounter {
    private var end: SequenceNumber?

    /// Whether this acknowledgment ends the round; the next one then begins with it.
    mutating func isOver(_ news: AcknowledgmentNews) -> Bool {
        guard let end else {
            self.end = news.nxt
            return false
        }
        guard news.una.isAtOrAfter(end) else { return false }
        self.end = news.nxt
        return true
    }
}
