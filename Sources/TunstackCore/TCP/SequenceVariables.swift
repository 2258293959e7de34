import TunstackWire

/// The send sequence variables (RFC 9293 §3.3.1).
struct SendVariables {
    /// SND.UNA: the oldest number that is not acknowledged.
    var una: SequenceNumber
    /// SND.NXT: the next number to send for the first time. Never goes back; repairs have a cursor of their own.
    var nxt: SequenceNumber
    /// SND.WND: how much the peer allows beyond `una`, scaled; at most 2^30 (RFC 7323 §2.3) in the 32 bits
    /// that RFC 9293 §3.1 asks for (REC-1).
    var wnd: Int {
        get { Int(window) }
        set { window = Int32(clamping: newValue) }
    }
    private var window: Int32 = 0
    /// SND.UP: one past the last byte of urgent data.
    var up: SequenceNumber
    /// SND.WL1: the SEG.SEQ of the last window update.
    var wl1 = SequenceNumber(0)
    /// SND.WL2: the SEG.ACK of the last window update.
    var wl2 = SequenceNumber(0)
    /// ISS: where our numbers began.
    let iss: SequenceNumber
    /// MAX.SND.WND: the largest window the peer has ever allowed (RFC 5961 §5.2; Fs of RFC 9293 §3.8.6.2.1).
    var maximumWindow: Int {
        get { Int(largestWindow) }
        set { largestWindow = Int32(clamping: newValue) }
    }
    private var largestWindow: Int32 = 0
    /// Our SYN has been acknowledged.
    var synIsAcknowledged = false

    init(iss: SequenceNumber) {
        self.iss = iss
        una = iss
        nxt = iss
        up = iss
    }

    /// What is left of them while everything is acknowledged.
    struct Resting {
        fileprivate let una: SequenceNumber
        fileprivate let window: Int32
        fileprivate let wl1: SequenceNumber
        fileprivate let wl2: SequenceNumber
        fileprivate let iss: SequenceNumber
        fileprivate let largestWindow: Int32
    }

    /// The small form; nil while something is outstanding or urgent.
    @inline(__always)
    var resting: Resting? {
        guard nxt == una, synIsAcknowledged, !up.isAfter(una) else { return nil }
        return Resting(una: una, window: window, wl1: wl1, wl2: wl2, iss: iss, largestWindow: largestWindow)
    }

    /// As they were before a rest.
    init(_ resting: Resting) {
        self.init(iss: resting.iss)
        una = resting.una
        nxt = una
        up = una
        window = resting.window
        wl1 = resting.wl1
        wl2 = resting.wl2
        largestWindow = resting.largestWindow
        synIsAcknowledged = true
    }

    /// Sequence numbers sent and not acknowledged.
    var outstanding: Int { nxt - una }
    /// What the peer's window still allows; negative when it has drawn its edge back (MUST-34).
    var usableWindow: Int { (una + wnd) - nxt }
}

/// The receive sequence variables (RFC 9293 §3.3.1).
struct ReceiveVariables {
    /// RCV.NXT: the next number that is in order.
    var nxt: SequenceNumber
    /// RCV.UP: one past the last byte of the peer's urgent data.
    var up: SequenceNumber
    /// IRS: where the peer's numbers began.
    let irs: SequenceNumber
    /// The oldest number of text that can be told from later ones: the first, or 2^30 behind RCV.NXT. Numbers can be
    /// compared only while they are less than 2^31 apart.
    private(set) var oldest: SequenceNumber
    /// Up to where the buffer has room, as decided by silly-window avoidance; what announcements are made from. Never goes back.
    var edge: SequenceNumber
    /// The farthest edge that any announcement allowed. Scaling rounds announcements up, so it can be past `edge`.
    var announced: SequenceNumber

    init(irs: SequenceNumber) {
        self.irs = irs
        nxt = irs + 1
        oldest = nxt
        up = nxt
        edge = nxt
        announced = nxt
    }

    /// So many bytes more are in order.
    mutating func advance(by count: Int) {
        nxt += count
        if nxt - oldest > Self.farthestBack { oldest = nxt - Self.farthestBack }
    }

    private static let farthestBack = 1 << 30

    /// RCV.WND: what the peer may still send.
    var wnd: Int { max(0, announced - nxt) }

    /// The acceptability test of RFC 9293 §3.10.7.4, first step, Table 6. Its last line forgets the segment that begins before the window
    /// and ends beyond it, which a super-segment may do.
    func accepts(_ seq: SequenceNumber, length: Int) -> Bool {
        switch (length, wnd) {
        case (0, 0): seq == nxt
        case (0, let wnd): seq.isWithin(nxt, count: wnd)
        case (_, 0): false
        case (let length, let wnd):
            seq.isWithin(nxt, count: wnd) || (seq + (length - 1)).isWithin(nxt, count: wnd)
                || nxt.isWithin(seq, count: length)
        }
    }
}
