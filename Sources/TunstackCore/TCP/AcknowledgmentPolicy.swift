/// When to acknowledge (RFC 9293 §3.8.6.3, SHLD-18; RFC 5681 §4.2).
///
/// A connection begins in quick mode: the first segments are acknowledged at once, so that the peer's slow start is not
/// held up. After that an acknowledgment waits for a second full segment, for data to ride on, or for the timer. When the
/// application answers what it receives, the connection is interactive, and its acknowledgments wait for the answer.
struct AcknowledgmentPolicy {
    /// What is owed to the peer.
    enum Debt: UInt8 {
        case none
        /// By the time the timer fires.
        case delayed
        /// With the next packets that leave.
        case now
    }

    /// Segments that are acknowledged at once at the start.
    static let quickSegments: UInt8 = 16

    /// Bytes taken in since the last acknowledgment left.
    private(set) var unacknowledgedBytes: Int32 = 0
    private(set) var debt = Debt.none
    private(set) var quickLeft = Self.quickSegments
    private(set) var isInteractive = false
    /// The peer has sent data, so that ours can be an answer to it.
    private(set) var hasReceivedData = false
    /// Duplicate acknowledgments owed for segments beyond a gap, one each: the peer counts them (RFC 5681 §3.2, §4.2).
    private(set) var duplicatesOwed: UInt8 = 0

    /// Nothing is owed.
    var isSettled: Bool { debt == .none && duplicatesOwed == 0 && unacknowledgedBytes == 0 }

    /// Owes an acknowledgment that must not wait: out-of-order data, a gap filled, a challenge, a probe.
    mutating func oweNow() { debt = .now }

    /// Owes acknowledgments for segments that arrived beyond a gap.
    mutating func oweDuplicates(_ count: Int = 1) {
        debt = .now
        duplicatesOwed = UInt8(clamping: Int(duplicatesOwed) + count)
    }

    /// The gap is filled, wholly or in part: what counts is the new number.
    mutating func onGapFilled() {
        hasReceivedData = true
        duplicatesOwed = 0
        debt = .now
    }

    /// In-order data or a FIN has arrived.
    mutating func onDataReceived(_ count: Int, maximumSegmentSize: Int) {
        hasReceivedData = true
        unacknowledgedBytes = Int32(clamping: Int(unacknowledgedBytes) + count)
        // SHLD-19 asks for every second full segment; a full one and part of another is enough, or a sender that has just those in
        // flight would take the delay for a loss and probe (RFC 8985 §7.2).
        if Int(unacknowledgedBytes) > maximumSegmentSize {
            debt = .now
        } else if quickLeft > 0 && !isInteractive {
            quickLeft -= 1
            debt = .now
        } else if debt == .none {
            debt = .delayed
        }
    }

    /// Data of ours leaves. If it follows soon on data of the peer, it is an answer.
    mutating func onDataSent(sinceLastReceived: Interval, delay: Interval) {
        if hasReceivedData, sinceLastReceived < delay { isInteractive = true }
    }

    /// The application knows better what comes next.
    mutating func setQuick(_ isQuick: Bool) {
        isInteractive = !isQuick
        guard isQuick else { return }
        quickLeft = Self.quickSegments
        if debt == .delayed { debt = .now }
    }

    /// The timer fired before an answer came: the application is not as interactive as it seemed.
    mutating func onDelayExpired() {
        isInteractive = false
        if debt == .delayed { debt = .now }
    }

    /// A segment with an acknowledgment has left. Only one without text counts as a duplicate.
    mutating func onAcknowledgmentSent(withText: Bool) {
        if duplicatesOwed > 0, !withText { duplicatesOwed -= 1 }
        debt = duplicatesOwed > 0 ? .now : .none
        unacknowledgedBytes = 0
    }
}
