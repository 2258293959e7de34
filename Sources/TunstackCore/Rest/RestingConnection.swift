import TunstackWire

/// A connection at rest: all that it has to remember while it has nothing to do, in a quarter of a TCB's memory.
///
/// ## Theory of operation
///
/// Most of a TCB is for what is under way: what is in the network and when it left, what is being repaired and could be undone,
/// deadlines, gaps in what has arrived. While nothing is under way each of these has one known value. A connection rests when nothing is
/// in flight, queued, unread, owed or to be told, and it goes to work again when anything touches it: a segment, a timer, a call.
///
/// A rest changes nothing that could be seen from outside. Where something could not be restored exactly, the connection does not
/// rest. So it can come at once, without a timer, and TCP has no rule about it. `ConnectionStore` does it;
/// docs/adr/0012-connections-at-rest.md says why.
///
/// Whoever gives `Connection` a new variable decides here whether it outlasts a rest.
struct RestingConnection {
    let origin: Connection.Origin
    let state: State
    let negotiated: NegotiatedOptions
    let snd: SendVariables
    let rcv: ReceiveVariables
    let sendLimit: Int32
    let receiveLimit: Int32
    let announcedMSS: UInt16
    let pathMTU: UInt16
    /// Its entry in the timing wheel; -1 if it has none.
    var timer: TimerWheel.TimerID
    let timestampRecent: UInt32
    let timestampOffset: UInt32
    let lastAcknowledgmentSent: SequenceNumber
    let timestampRecentAt: Instant
    let keepAliveAt: Instant
    let finWait2At: Instant
    let progressAt: Instant
    let lastSentAt: Instant
    let lastReceivedAt: Instant
    let lastTextReceivedAt: Instant
    let recovery: LossRecovery.Resting
    let rtt: RTTEstimator.Memory
    let keepAliveProbesUnanswered: UInt8
    let softError: SoftError?
    let receiveTuning: ReceiveAutotuning
    let congestion: RestingCongestion
    let pacer: Pacer
    let flags: Flags
    let pathMTUSearch: PathMTUSearch
    let acknowledgments: AcknowledgmentPolicy

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The peer's FIN has been taken in.
        static let peerHasClosed = Flags(rawValue: 1 << 0)
        /// The application has closed, and the peer has acknowledged our FIN.
        static let hasClosed = Flags(rawValue: 1 << 1)
        static let moreFollows = Flags(rawValue: 1 << 2)
        static let echoesCongestion = Flags(rawValue: 1 << 3)
        static let isReleased = Flags(rawValue: 1 << 4)
        static let holdIsOver = Flags(rawValue: 1 << 5)
    }

    /// When a timer of the connection fires, `.distantFuture` if none runs.
    var deadline: Instant { min(keepAliveAt, finWait2At) }
}

/// What a congestion controller remembers over a rest.
enum RestingCongestion {
    /// CUBIC before its first reduction: no curve yet, but HyStart++.
    case cubicInSlowStart(CongestionWindow.Resting, HyStartPlusPlus)
    /// CUBIC after it, when HyStart++ does not matter any more.
    case cubic(CongestionWindow.Resting, CubicCurve)
    case newReno(CongestionWindow.Resting, HyStartPlusPlus, acknowledged: UInt32)
    /// BBR's model of the path, which is all of BBR; the store keeps it beside the record.
    case bbr(UInt32)
}

extension LossRecovery {
    /// What loss recovery remembers over a rest.
    struct Resting {
        fileprivate let rack: RACK
        fileprivate let minimumRoundTrip: MinimumRoundTrip
        fileprivate let delivered: Int
        fileprivate let lost: Int
        fileprivate let recover: SequenceNumber
        fileprivate let totalRetransmissions: UInt32
        fileprivate let isApplicationLimited: Bool
        fileprivate let untoldReduction: CongestionSignal?
    }

    /// Nothing is in the network and nothing is being repaired; the peer may still have something to say about what was.
    @inline(__always)
    var isIdle: Bool {
        phase == .open && segments.isEmpty && !segments.hasMemory && duplicates == 0 && duplicateBytes == 0
            && !owesRepair && !hasLostSizeProbe
    }

    /// A later report could still be about what was sent: the answer to a probe, or that a recovery was spurious.
    @inline(__always)
    var hasAftermath: Bool { probe.end != nil || !spurious.isBlank }

    /// No report is awaited any more.
    mutating func forgetAftermath() {
        probe.cancel()
        spurious = SpuriousRecovery()
    }

    /// The small form; nil while something goes on that does not fit in it.
    @inline(__always)
    var resting: Resting? {
        guard isIdle, !hasAftermath, reported.isEmpty, rate.mayRest else { return nil }
        return Resting(
            rack: rack, minimumRoundTrip: minimumRoundTrip, delivered: rate.delivered, lost: rate.lost, recover: recover,
            totalRetransmissions: totalRetransmissions, isApplicationLimited: rate.isApplicationLimited, untoldReduction: untoldReduction)
    }

    /// As it was before a rest.
    init(_ resting: Resting) {
        self.init(iss: resting.recover)
        rack = resting.rack
        minimumRoundTrip = resting.minimumRoundTrip
        rate = DeliveryRateSampler(
            delivered: resting.delivered, lost: resting.lost, isApplicationLimited: resting.isApplicationLimited)
        totalRetransmissions = resting.totalRetransmissions
        untoldReduction = resting.untoldReduction
    }
}
