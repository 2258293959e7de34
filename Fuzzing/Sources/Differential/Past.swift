import TunstackWire

/// What has happened in a sequence so far that may make the hosts differ later.
struct Past {
    /// What is known to matter for a known difference.
    enum Mark: String {
        case active
        case passive
        case beforeTheSyn = "before the SYN"
        case halfOpen = "half-open"
        case open
        case shutDown = "shut down"
        case closed
        case aborted
        case reset
        case fin = "FIN"
        /// The peer has sent text beyond its FIN.
        case contradiction
        /// The application has sent before the connection was open.
        case earlySend = "SEND while opening"
        /// The peer has made its window smaller without a new number to tell the order by.
        case smallerWindow = "smaller window"
        /// In the handshake the peer has echoed the timestamp of another segment than the SYN-ACK.
        case lateEcho = "late echo"
        /// The peer has sent a timestamp from which its clock went back.
        case laterTimestamp = "later timestamp"
        /// Old text ended where the host expects the next.
        case textAtEdge = "text that ends at the left edge"
        /// A later timestamp came with old text that ends where the host expects the next.
        case timestampAtEdge = "later timestamp at the left edge"
        /// A later timestamp came with an acknowledgment that RFC 5961 refuses.
        case timestampWithBadAcknowledgment = "later timestamp with a bad acknowledgment"
        /// A later timestamp came with an acknowledgment that others have overtaken.
        case timestampWithOldAcknowledgment = "later timestamp with an old acknowledgment"
        /// A later timestamp came with a bare ACK one before the window.
        case timestampBeforeWindow = "later timestamp before the window"
        /// A later timestamp came after the application had closed.
        case timestampAfterClose = "later timestamp after the close"
        /// A reset was numbered with the end of what has arrived beyond a gap.
        case resetBeyondGap = "reset at the end of text beyond a gap"
    }

    private(set) var marks: [Mark]
    /// The place after all text so far, and that of the first FIN.
    private var (textEnd, fin): (Int, Int?) = (0, nil)
    /// The ends of what has been sent beyond gaps.
    private var endsBeyondGaps: Set<Int> = []
    private var window = Segment.usualWindow
    private var acknowledged = 0
    private var isOpen: Bool
    private var iss: SequenceNumber?

    init(_ opening: Opening) {
        isOpen = opening.handshakeSegments > (opening.isActive ? 0 : 1)
        acknowledged = isOpen ? 1 : 0
        marks = [
            opening.isActive ? .active : .passive,
            opening.handshakeSegments == 0 ? .beforeTheSyn : isOpen ? .open : .halfOpen,
        ]
    }

    private mutating func mark(_ mark: Mark, if condition: Bool = true) {
        if condition, !marks.contains(mark) { marks.append(mark) }
    }

    /// Notes a step that is about to happen to what a view shows.
    mutating func note(_ step: Step, _ view: View) {
        if let old = iss, old != view.iss { beginAnew() }
        iss = view.iss
        switch step.action {
        case .shutdown: mark(.shutDown)
        case .close: mark(.closed)
        case .abort: mark(.aborted)
        case .send: mark(.earlySend, if: !isOpen)
        case .segment(let segment):
            mark(.lateEcho, if: !isOpen && segment.flags.contains(.ack) && view.echoesLaterThanSynAck)
            mark(.reset, if: segment.flags.contains(.rst))
            if segment.flags.contains(.rst) {
                mark(.resetBeyondGap, if: endsBeyondGaps.contains(segment.place))
            } else {
                note(segment, view)
            }
        }
    }

    /// Another connection between the same ends.
    private mutating func beginAnew() {
        (textEnd, fin, endsBeyondGaps, window) = (0, nil, [], Segment.usualWindow)
        (acknowledged, isOpen) = (0, false)
    }

    private mutating func note(_ segment: Segment, _ view: View) {
        mark(.fin, if: segment.flags.contains(.fin))
        mark(.laterTimestamp, if: view.opening.usesTimestamps && (segment.timestampOffset ?? 0) > 0)
        guard abs(segment.place) < 1_000_000 else { return }
        mark(.textAtEdge, if: segment.end == view.received && segment.place < segment.end)
        let isAcknowledgment = segment.flags.contains(.ack) && abs(segment.acknowledged) < 1_000_000
        if (segment.timestampOffset ?? 0) > 0, view.opening.usesTimestamps, segment.flags.contains(.ack) {
            mark(.timestampWithBadAcknowledgment, if: !isAcknowledgment)
            mark(.timestampWithOldAcknowledgment, if: isAcknowledgment && segment.acknowledged < acknowledged)
            mark(.timestampAtEdge, if: segment.end == view.received && segment.place < segment.end)
            mark(.timestampBeforeWindow, if: segment.end == segment.place && segment.place == view.received - 1)
            mark(.timestampAfterClose, if: marks.contains(.closed))
        }
        mark(.smallerWindow, if: segment.window < window)
        window = segment.window
        noteAcknowledgment(in: segment, view)
        guard !segment.flags.contains(.syn) else { return }
        if segment.place > view.received { endsBeyondGaps.insert(segment.end) }
        noteContradiction(in: segment)
    }

    /// Notes an acknowledgment that both hosts take.
    private mutating func noteAcknowledgment(in segment: Segment, _ view: View) {
        let isAnswer = view.opening.isActive && segment.flags.contains(.syn)
        let isNext = view.received > 0 && (segment.place >= view.received || segment.end > view.received)
        let isOld = view.opening.usesTimestamps && (segment.timestampOffset ?? 0) < -1
        guard segment.flags.contains(.ack), 1...max(1, view.sent) ~= segment.acknowledged, isAnswer || isNext, !isOld
        else { return }
        isOpen = true
        acknowledged = max(acknowledged, segment.acknowledged)
    }

    private mutating func noteContradiction(in segment: Segment) {
        let end = segment.place + segment.textLength
        textEnd = max(textEnd, end)
        if segment.flags.contains(.fin), fin == nil || end < fin ?? 0 { fin = end }
        mark(.contradiction, if: (fin ?? textEnd) < textEnd)
    }
}
