import TunstackCore
import TunstackWire

/// What the wire has shown of one end of one connection: what its host has sent, and what has reached it.
///
/// A host sees only what has reached it; so whether it may send something is judged by that, not by what its peer sent.
struct WireEnd {
    // What the host has sent.

    /// The number of its SYN.
    let iss: SequenceNumber
    /// One past the highest number sent.
    private(set) var sentEnd: SequenceNumber
    /// The number of its FIN.
    private(set) var fin: SequenceNumber?
    /// The last acknowledgment.
    private(set) var acknowledged: SequenceNumber?
    /// The farthest number before which it has allowed the peer to send.
    private(set) var announcedEdge: SequenceNumber?
    /// The edge in its last segment.
    private(set) var lastEdge: SequenceNumber?
    private(set) var lastSentAt: Instant
    private var ownScale: UInt8?

    // What has reached it.

    /// The peer's numbers, from its SYN on.
    private(set) var received: ReceivedRanges?
    /// The farthest number before which the peer has allowed it to send.
    private(set) var allowedEdge: SequenceNumber?
    /// The highest number that the peer has acknowledged.
    private(set) var peerAcknowledged: SequenceNumber
    private var peerScale: UInt8?
    /// The number of the peer's SYN that counts.
    private var peerISS: SequenceNumber?

    /// - Parameters:
    ///   - syn: the first segment that it sends.
    ///   - arrivals: the SYNs that have reached the host from that peer lately.
    init(syn: ObservedSegment, arrivals: [SynArrival]) {
        iss = syn.segment.seq
        sentEnd = syn.segment.seq
        peerAcknowledged = syn.segment.seq
        lastSentAt = syn.time
        ownScale = syn.segment.header.options.windowScale
        guard syn.flags.contains(.ack), let arrival = arrivals.last(where: { $0.isAnswered(by: syn) }) else { return }
        take(arrival)
    }

    /// How far the windows that it announces are shifted (RFC 7323 §2.2).
    var ownShift: Int { ownScale != nil && peerScale != nil ? Int(min(ownScale ?? 0, 14)) : 0 }
    private var peerShift: Int { ownScale != nil && peerScale != nil ? Int(min(peerScale ?? 0, 14)) : 0 }

    /// Whether nothing shows yet that the connection has come about.
    var hasSentOnlyItsSYN: Bool { sentEnd == iss + 1 }

    /// Whether an end that has sent its FIN, and so has nothing more to send, would acknowledge with this segment.
    func isContinued(by segment: ObservedSegment) -> Bool {
        fin != nil && segment.flags == .ack && segment.segment.seq == sentEnd && segment.end == sentEnd
    }

    /// The edge that a segment announces.
    func edge(announcedBy segment: ObservedSegment) -> SequenceNumber {
        let shift = segment.flags.contains(.syn) ? 0 : ownShift
        return segment.segment.ack + Int(segment.segment.header.window) << shift
    }

    // MARK: Keeping books

    mutating func noteSent(_ segment: ObservedSegment) {
        lastSentAt = segment.time
        sentEnd = SequenceNumber.max(sentEnd, segment.end)
        if segment.flags.contains(.fin), fin == nil { fin = segment.textEnd }
        guard segment.flags.contains(.ack) else { return }
        let edge = edge(announcedBy: segment)
        acknowledged = acknowledged.map { SequenceNumber.max($0, segment.segment.ack) } ?? segment.segment.ack
        announcedEdge = announcedEdge.map { SequenceNumber.max($0, edge) } ?? edge
        lastEdge = edge
    }

    mutating func noteReceived(_ segment: ObservedSegment) {
        let header = segment.segment.header
        if segment.flags.contains(.syn) {
            // Before it has acknowledged any, the last one counts.
            if acknowledged == nil {
                take(SynArrival(segment))
            } else if segment.segment.seq == peerISS {
                // Again, but perhaps with text that the first did not have.
                received?.insert(segment.segment.seq + 1, segment.end)
            }
        } else {
            received?.insert(segment.segment.seq, segment.end)
        }
        guard segment.flags.contains(.ack), segment.segment.ack.isAfter(iss),
            segment.segment.ack.isAtOrBefore(sentEnd)
        else { return }
        let shift = segment.flags.contains(.syn) ? 0 : peerShift
        let edge = segment.segment.ack + Int(header.window) << shift
        allowedEdge = allowedEdge.map { SequenceNumber.max($0, edge) } ?? edge
        peerAcknowledged = SequenceNumber.max(peerAcknowledged, segment.segment.ack)
    }

    private mutating func take(_ syn: SynArrival) {
        var ranges = ReceivedRanges(next: syn.seq + 1)
        ranges.insert(syn.seq + 1, syn.end)
        received = ranges
        peerISS = syn.seq
        peerScale = syn.windowScale
        // A SYN without ACK allows its window from our first number on (RFC 9293 §3.10.7.4 takes it from there).
        if allowedEdge == nil { allowedEdge = iss + 1 + syn.window }
    }
}

/// A SYN that has reached a host.
struct SynArrival {
    let seq: SequenceNumber
    let end: SequenceNumber
    let window: Int
    let windowScale: UInt8?

    init(_ segment: ObservedSegment) {
        seq = segment.segment.seq
        end = segment.end
        window = Int(segment.segment.header.window)
        windowScale = segment.segment.header.options.windowScale
    }

    /// Whether a SYN-ACK acknowledges this SYN.
    func isAnswered(by answer: ObservedSegment) -> Bool {
        answer.segment.ack.isAfter(seq) && answer.segment.ack.isAtOrBefore(end)
    }
}
