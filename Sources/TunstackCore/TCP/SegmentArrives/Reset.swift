import TunstackWire

extension ReplySegment {
    /// The reset that answers a segment (RFC 9293 §3.5.2, §3.10.7.1): it takes its number from the ACK it answers, or else is
    /// numbered zero and acknowledges all of the segment.
    static func reset(answering segment: Segment) -> ReplySegment {
        if segment.flags.contains(.ack) {
            ReplySegment(key: segment.key, seq: segment.ack, flags: .rst)
        } else {
            ReplySegment(
                key: segment.key, seq: SequenceNumber(0), ack: segment.seq + segment.len, flags: [.rst, .ack])
        }
    }
}

extension Environment {
    /// Answers a segment with a reset, unless it is one itself: a reset never answers a reset.
    mutating func sendReset(answering segment: Segment) {
        guard !segment.flags.contains(.rst) else { return }
        counters.resetsSent &+= 1
        reply(.segment(.reset(answering: segment)))
    }
}
