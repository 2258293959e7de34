import TunstackWire

/// Decides how much may be in the network and how fast it may go there (RFC 9293 §3.8.2, MUST-19). What to send again, and when, is
/// `Recovery/`'s business.
///
/// One file is one algorithm: it sees what each acknowledgment told, is told when recovery begins and ends, and answers with a
/// window and a rate. All figures are bytes, nanoseconds and bytes per second in integers, so that every run computes the same.
protocol CongestionController {
    /// cwnd, in bytes; never less than one segment.
    var cwnd: Int { get }
    /// ssthresh, in bytes; `Int.max` where there is none.
    var ssthresh: Int { get }
    /// How fast segments may leave, in bytes per second; nil for as fast as the window lets them.
    var pacingRate: Int? { get }
    /// Whether the algorithm sets `cwnd` in recovery too. If not, proportional rate reduction (RFC 6937) leads from the flight at the
    /// time of the loss to `ssthresh`, and `cwnd` counts again afterwards.
    var governsRecovery: Bool { get }
    /// A word for where the algorithm is, as `status` shows it: "slow start", "probe bandwidth: up".
    var phase: String { get }

    /// The segment size (SMSS) has changed with the path's MTU.
    mutating func setMaximumSegmentSize(_ size: Int)
    /// The SYN or SYN-ACK had to be sent again (RFC 5681 §3.1, RFC 6298 §5.7): begin with one segment.
    mutating func onHandshakeRetransmitted()
    /// New data or a repair leaves. `inFlight` is what was in the network before it; zero when it had come to rest.
    mutating func onSent(_ bytes: Int, inFlight: Int, at now: Instant)
    /// The application resumes after a pause: nothing was sent for `pause`, which is longer than `rto` (RFC 5681 §4.1, RFC 2861).
    mutating func onIdle(for pause: Interval, rto: Interval)
    /// One segment counts as lost. Comes before the `onCongestion` and `onAcknowledged` of the same acknowledgment.
    mutating func onLost(_ segment: LostSegment, at now: Instant)
    /// The path is congested, and the window has to shrink; once for a window of data.
    mutating func onCongestion(_ signal: CongestionSignal, inFlight: Int, at now: Instant)
    /// An acknowledgment brought news. In recovery, too.
    mutating func onAcknowledged(_ news: AcknowledgmentNews)
    /// Everything outstanding when recovery began has been acknowledged.
    mutating func onRecovered(inFlight: Int, at now: Instant)
    /// The retransmission timer fired (RFC 5681 §3.1): `isFirst` for the first time for this segment.
    mutating func onTimeout(inFlight: Int, isFirst: Bool, at now: Instant)
    /// The last `onCongestion` or `onTimeout` was about nothing lost: back to the window before it (RFC 4015 §3).
    mutating func onSpurious(inFlight: Int, at now: Instant)
    /// The connection has come to rest: no later news can be about what has been sent, and nothing will be undone.
    mutating func forgetUndo()
}

/// Why a window has to shrink.
enum CongestionSignal: UInt8 {
    /// A segment was lost.
    case loss
    /// The peer echoes a congestion mark (RFC 3168 §6.1.2).
    case mark
}

/// What one acknowledgment told, as a controller needs it.
struct AcknowledgmentNews {
    /// When it arrived.
    let now: Instant
    /// Bytes it newly says to have arrived, in order or selectively.
    let delivered: Int
    /// Of what it acknowledged, bytes by which SND.UNA moved.
    let acknowledged: Int
    /// Bytes newly counted as lost.
    let lost: Int
    /// Bytes in the network before it arrived, and after.
    let priorInFlight: Int
    let inFlight: Int
    /// SND.UNA and SND.NXT after it.
    let una: SequenceNumber
    let nxt: SequenceNumber
    /// The newest unambiguous round trip, if it gave one.
    let roundTrip: Interval?
    /// SRTT; zero before the first sample.
    let smoothedRoundTrip: Interval
    /// How fast data was delivered, if it told.
    let rate: DeliveryRate?
    /// All bytes delivered, and all lost, on this connection so far.
    let totalDelivered: Int
    let totalLost: Int
    /// The window, and not the application or the peer, has limited what was sent, or more than half of it is in use: only then may it
    /// grow (RFC 7661 §4.3).
    let isWindowLimited: Bool
    /// What is acknowledged left when the window was full.
    let hadFilledWindow: Bool
    /// Recovery goes on: losses are being repaired.
    let isInRecovery: Bool
    /// After a time-out, not repaired yet.
    let isAfterTimeout: Bool
    /// The peer echoes a congestion mark.
    let isMarked: Bool
    /// The path is known to reorder.
    var isReordered = false
}

/// How fast the path delivered, over the time from the sending of one segment to its acknowledgment
/// (draft-ietf-ccwg-bbr, "Delivery Rate Samples").
struct DeliveryRate {
    /// Bytes delivered in that time.
    let delivered: Int
    /// How long that took: the longer of the time to send them and the time of their acknowledgments.
    let interval: Interval
    /// The application had too little to send at the time, so the path may be faster.
    let isApplicationLimited: Bool
    /// All bytes delivered on the connection when the segment was sent.
    let priorDelivered: Int
    /// Bytes in the network just after it was sent.
    let inFlightAtSend: Int
    /// Bytes lost between its sending and its acknowledgment.
    let lost: Int

    /// Bytes per second.
    var bytesPerSecond: Int {
        guard interval > .zero else { return 0 }
        let (product, overflow) = delivered.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product / Int(interval.nanoseconds)
    }
}

/// A segment that counts as lost.
struct LostSegment {
    /// Its bytes.
    let length: Int
    /// Bytes in the network just after it was sent.
    let inFlightAtSend: Int
    /// Bytes lost since it was sent, it included.
    let lostSince: Int
    /// All bytes delivered on the connection when it was sent.
    let priorDelivered: Int
    /// The application had too little to send when it was sent.
    let isApplicationLimited: Bool
}

extension CongestionController {
    mutating func onSent(_ bytes: Int, inFlight: Int, at now: Instant) {}
    mutating func onLost(_ segment: LostSegment, at now: Instant) {}
    mutating func forgetUndo() {}
    var governsRecovery: Bool { false }
}
