import TunstackWire

/// Which small segments wait: for the acknowledgment of another (Nagle), or because the application says that more
/// follows (corking).
///
/// ## Nagle
///
/// The algorithm of RFC 9293 §3.7.4 holds a small segment back while anything is unacknowledged. Together with delayed
/// acknowledgments that costs 40 ms or more whenever a message ends in a part of a segment: the peer waits for a second
/// segment to acknowledge, and we for the acknowledgment. The modification of RFC 9293 §A.3 (G. Minshall,
/// draft-minshall-nagle-01) holds it back only while an earlier small segment is unacknowledged. There is never more
/// than one of them in the network, which is what the algorithm is for (SHLD-7, MAY-16), but the end of a long message goes at
/// once.
extension Connection {
    /// A small segment is in the network.
    @inline(__always)
    var smallSegmentIsOutstanding: Bool { smallSegmentEnd.isAfter(snd.una) }

    /// The application holds back what does not fill a segment.
    ///
    /// Not when it has been refused room: it cannot add to a full buffer.
    @inline(__always)
    var holdsPartialSegment: Bool { withholdsPartialSegment && !output.holdIsOver }

    /// The same for one that follows a full segment, which begins the time anew.
    @inline(__always)
    var withholdsPartialSegment: Bool { (moreFollows || options.corked) && !senderWaits && !finIsQueued }

    /// New data has left, up to SND.NXT.
    @inline(__always)
    mutating func noteSize(of segment: OutgoingSegment, isFull: Bool) {
        if segment.textLength > 0, !isFull {
            smallSegmentEnd = snd.nxt
        } else if !smallSegmentIsOutstanding {
            // The mark moves along: numbers can be compared only while they are less than 2^31 apart.
            smallSegmentEnd = snd.una
        }
        output.holdIsOver = false
        timers.cancel(.hold)
    }

    /// Nothing can leave now. If that is because the application holds it back, says so and sees to it that it ends.
    @inline(__always)
    mutating func armHoldIfHolding(at now: Instant) -> Bool {
        let queued = queuedBytes
        guard queued > 0, holdsPartialSegment, queued < effectiveSendMSS, snd.usableWindow >= queued,
            state.isSynchronized, snd.synIsAcknowledged
        else { return false }
        if !timers.isArmed(.hold) { timers[.hold] = now + Self.longestHold }
        return true
    }

    /// How long the application can hold a partial segment back; what other hosts allow.
    private static let longestHold = Interval.milliseconds(200)
}
