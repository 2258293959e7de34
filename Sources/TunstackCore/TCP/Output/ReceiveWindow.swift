import TunstackWire

/// The window we announce, with silly-window avoidance at the receiver (RFC 9293 §3.8.6.2.2, MUST-39) and without drawing
/// the edge back (SHLD-14): what was announced once is accepted, though scaling may name up to one unit less later.
extension Connection {
    /// Where the edge could be with the room there is now.
    @inline(__always)
    private var possibleEdge: SequenceNumber { rcv.nxt + receiveBuffer.free }

    /// How far an announcement could move the edge that the peer knows. One that says nothing new would pass for a duplicate
    /// acknowledgment (RFC 5681 §2).
    @inline(__always)
    private var possibleStep: Int {
        let largest = Int(UInt16.max) << Int(negotiated.receiveWindowShift)
        return rcv.nxt + min(receiveBuffer.free, largest) - rcv.announced
    }

    /// The least step by which the edge moves.
    @inline(__always)
    private var smallestStep: Int { min(receiveBuffer.limit / 2, receiveMSS) }

    /// Moves the edge if that is worth announcing, and never if the application does not read (MAY-8), and says what to put in the header
    /// of a segment that leaves now.
    mutating func offerWindow() -> UInt16 {
        if possibleEdge - rcv.edge >= smallestStep { rcv.edge = possibleEdge }
        let field = windowField
        rcv.announced = SequenceNumber.max(
            rcv.announced, rcv.nxt + Int(field) << Int(negotiated.receiveWindowShift))
        return field
    }

    /// The window field for the edge as it stands. Scaling rounds up, or a small window would be announced as none.
    @inline(__always)
    var windowField: UInt16 {
        let shift = Int(negotiated.receiveWindowShift)
        let window = max(0, rcv.edge - rcv.nxt)
        return UInt16(clamping: (window + (1 << shift) - 1) >> shift)
    }

    /// The application has read: tells the peer if its window was nearly closed, or if half the buffer has become free since.
    mutating func announceRoom() {
        guard state.receivesData else { return }
        let step = min(possibleEdge - rcv.edge, possibleStep)
        let isNearlyClosed = rcv.edge - rcv.nxt < 2 * receiveMSS
        if step >= receiveBuffer.limit / 2 || (isNearlyClosed && step >= smallestStep) {
            acknowledgments.oweNow()
        }
    }
}

/// The receive window that a SYN can announce: its field is never scaled (RFC 7323 §2.2).
enum SynWindow {
    static func size(_ options: ConnectionOptions) -> Int { min(Int(UInt16.max), options.receiveBufferBytes) }
}
