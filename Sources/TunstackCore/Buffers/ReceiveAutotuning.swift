import TunstackWire

/// Finds out how large a receive buffer has to be so that it never limits the sender: dynamic right-sizing (M. Fisk, W.
/// Feng, "Dynamic Right-Sizing in TCP", 2001).
///
/// A window that is announced now covers what arrives until one round trip later. A sender in slow start then sends
/// twice what it sent in the round before, so the buffer is to hold twice what the application has read in one round
/// trip. The rounds of the measurement are not those of the sender: by the end of the next one slow start can have
/// doubled once more. While the rounds grow, the growth is therefore expected to go on. A quarter is added, since
/// rounds end with an arrival, and so somewhat late.
///
/// What the application reads is what counts, not what arrives: a buffer that is not emptied does not grow. Nothing
/// that a peer sends makes it grow beyond the cap, and it never shrinks, since what was promised stays promised (RFC
/// 9293 §3.8.6, SHLD-14).
struct ReceiveAutotuning {
    /// The round trip as it looks from here; zero until there is a sign of it.
    private(set) var roundTrip = Interval.zero
    /// When the current round of the measurement began, what the application would have read next, and up to where the
    /// peer was allowed to send.
    private var roundStart: Instant
    private var roundFirst: SequenceNumber
    private var roundEdge: SequenceNumber
    /// The most bytes that were read in a round and that the buffer was made to fit.
    private var largestRound: Int32 = 0

    /// The first round has no edge that could be passed, and ends with the first text.
    init(at now: Instant, start: SequenceNumber) {
        roundStart = now
        roundFirst = start
        roundEdge = start
    }

    /// Begins with what the handshake has shown.
    @inline(__always)
    mutating func adopt(_ handshake: Interval) {
        if roundTrip == .zero { roundTrip = handshake }
    }

    /// The time since we sent the timestamp that a text segment echoes (RFC 7323 §4), which is known to a tick. A
    /// shorter one counts at once. A longer one may be due to a sender that had nothing to send, so it counts by an
    /// eighth.
    @inline(__always)
    mutating func onEcho(_ elapsed: Interval, tick: Interval) {
        let shortest = elapsed - tick
        let longest = elapsed + tick
        if roundTrip == .zero || longest < roundTrip {
            roundTrip = longest
        } else if shortest > roundTrip {
            roundTrip = roundTrip + (shortest - roundTrip) / 8
        }
    }

    /// Text has arrived; the in-order data reaches to `next`, the application has read up to `read`, and the peer may
    /// send up to `edge`. At the end of a round: how many bytes the buffer should hold; nil while the round lasts, and
    /// if it was no larger than earlier ones.
    ///
    /// Without `mayGrow` the round is forgotten, so that it counts when it is repeated in better times.
    @inline(__always)
    mutating func onArrival(
        upTo next: SequenceNumber, read: SequenceNumber, edge: SequenceNumber, mayGrow: Bool, at now: Instant
    ) -> Int? {
        let elapsed = now - roundStart
        guard elapsed > .zero else { return nil }
        let hasEdge = roundEdge.isAfter(roundFirst)
        // Beyond what was promised when the round began the peer could only go after a later promise, so the round trip
        // is no longer than the time since.
        if hasEdge, next.isAfter(roundEdge), roundTrip == .zero || elapsed < roundTrip { roundTrip = elapsed }
        let isOver = roundTrip == .zero ? !hasEdge : elapsed >= roundTrip
        guard isOver else { return nil }

        let count = read - roundFirst
        roundStart = now
        roundFirst = read
        roundEdge = edge
        guard roundTrip > .zero, mayGrow, count > Int(largestRound) else { return nil }
        let previous = Int(largestRound)
        largestRound = Int32(clamping: count)
        let growth = previous == 0 ? count : min(count, count * (count - previous) / previous)
        return (count + growth) * 5 / 2
    }
}

extension Connection {
    /// A segment has brought text: takes in what it shows about the round trip, and makes the buffer fit what the
    /// application reads in one, and the two segments that may wait for a delayed acknowledgment. Not when memory is
    /// scarce, and never beyond what the window field can tell.
    ///
    /// A peer echoes what it likes, so the echo may do no more than size a buffer.
    mutating func tuneReceiveBuffer(_ segment: Segment, mayGrow: Bool, at now: Instant) {
        receiveTuning.adopt(rtt.srtt)
        if negotiated.timestamps, let echoed = segment.options.timestamps?.echoReply, echoed != 0,
            let elapsed = timestampClock.elapsed(since: echoed, at: now)
        {
            receiveTuning.onEcho(elapsed, tick: timestampClock.tick)
        }
        let wanted = receiveTuning.onArrival(
            upTo: rcv.nxt, read: receiveBuffer.readNext, edge: rcv.announced, mayGrow: mayGrow, at: now)
        guard let wanted else { return }
        let most = min(options.maximumReceiveBufferBytes, negotiated.largestWindow)
        receiveBuffer.grow(toHold: min(wanted + 2 * receiveMSS, most))
    }
}
