import TunstackWire

/// A connection at rest: all that it has to remember while it has nothing to do, in less than a third of a TCB's memory.
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
    // In an order without gaps.
    let timestampRecentAt: Instant
    let lastSentAt: Instant
    /// The last progress and the last window probe were no later.
    let lastReceivedAt: Instant
    let lastTextReceivedAt: Instant
    /// When the one timer fires that may run: keep-alive, or FIN-WAIT-2 as a flag says.
    let deadline: Instant
    let recovery: LossRecovery.Resting
    let rtt: RTTEstimator.Memory
    let keepAliveProbesUnanswered: UInt8
    let softError: SoftError?
    let receiveTuning: ReceiveAutotuning
    let congestion: RestingCongestion
    let flags: Flags
    let pacer: Pacer
    let pathMTUSearch: PathMTUSearch
    let acknowledgments: AcknowledgmentPolicy
    let refusals: RefusalSpacing
    let negotiated: NegotiatedOptions
    let announcedMSS: UInt16
    let pathMTU: UInt16
    let snd: SendVariables.Resting
    let rcv: ReceiveVariables
    let sendLimit: Int32
    let receiveLimit: Int32
    let timestampRecent: UInt32
    let timestampOffset: UInt32
    let lastAcknowledgmentSent: SequenceNumber
    let origin: Connection.Origin
    let state: State

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
        static let deadlineIsFinWait2 = Flags(rawValue: 1 << 6)
    }
}

/// What a congestion controller remembers over a rest.
enum RestingCongestion {
    /// CUBIC before its first reduction: no curve yet, but HyStart++.
    case cubicInSlowStart(CongestionWindow.Resting, HyStartPlusPlus)
    /// CUBIC after it, when HyStart++ does not matter any more.
    case cubic(CongestionWindow.Resting, CubicCurve.Resting)
    case newReno(CongestionWindow.Resting, HyStartPlusPlus, acknowledged: UInt32)
    /// All of the controller, where it has much to remember, as BBR's model of the path; the store keeps it beside the record.
    case whole(UInt32)
}

extension LossRecovery {
    /// What loss recovery remembers over a rest.
    struct Resting {
        fileprivate let minimumRoundTrip: MinimumRoundTrip
        fileprivate let delivered: Int
        fileprivate let lost: Int
        fileprivate let recover: SequenceNumber
        fileprivate let totalRetransmissions: UInt32
        fileprivate let rack: RACK.Resting
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
            minimumRoundTrip: minimumRoundTrip, delivered: rate.delivered, lost: rate.lost, recover: recover,
            totalRetransmissions: totalRetransmissions, rack: rack.resting,
            isApplicationLimited: rate.isApplicationLimited, untoldReduction: untoldReduction)
    }

    /// As it was before a rest. What the timestamps of repairs told is so long ago, since there was an aftermath, that no later one can be
    /// older.
    init(_ resting: Resting) {
        self.init(iss: resting.recover)
        rack = RACK(resting.rack)
        minimumRoundTrip = resting.minimumRoundTrip
        rate = DeliveryRateSampler(
            delivered: resting.delivered, lost: resting.lost, isApplicationLimited: resting.isApplicationLimited)
        totalRetransmissions = resting.totalRetransmissions
        untoldReduction = resting.untoldReduction
    }
}
