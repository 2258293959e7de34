import TunstackWire

/// Which text of a segment has arrived before (RFC 2883 §4), for the peer to learn that it sent something in vain.
extension Connection {
    /// Text below RCV.NXT: that of a segment which is refused as old, or which brings new text behind it.
    mutating func noteRepeatedText(below segment: Segment) {
        var end = segment.finSequence.isBefore(rcv.nxt) ? segment.finSequence : rcv.nxt
        // The FIN's number is no text.
        if let peerFin, peerFin.isBefore(end) { end = peerFin }
        noteDuplicate(SequenceRange(start: segment.textStart, end: end))
    }

    /// Text beyond a gap that is held already. Of several pieces the first is reported (RFC 2883 §4.2).
    @inline(__always)
    mutating func noteRepeatedText(in range: SequenceRange) {
        guard !receiveBuffer.reassembly.isEmpty, let overlap = receiveBuffer.reassembly.firstOverlap(with: range)
        else { return }
        noteDuplicate(overlap)
    }

    private mutating func noteDuplicate(_ range: SequenceRange) {
        // Numbers from before the connection, or from so long ago that they may mean others, were never received.
        guard negotiated.selectiveAcknowledgment, state != .synReceived, range.start.isBefore(range.end),
            range.start.isAtOrAfter(rcv.oldest)
        else { return }
        duplicate.note(range)
        acknowledgments.oweNow()
    }
}
