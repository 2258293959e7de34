import TunstackWire

/// One connection: its Transmission Control Block (RFC 9293 §3.3.1) and everything that acts on it.
///
/// The rules are in files named after RFC 9293 §3.10: `Calls/` holds the user calls, `SegmentArrives/` the eight steps and
/// the special states, `Timeouts/` the timers. Input only changes the block; what to send is read off it in one place
/// (`Output/Connection+Output.swift`). Nothing here blocks, logs, reads a clock or calls the application.
struct Connection: ~Copyable {
    /// Whether the application opened the connection or a listener did; decides what a reset in SYN-RECEIVED means
    /// (RFC 9293 §3.10.7.4, MUST-11).
    enum Origin: UInt8 { case active, passive }

    /// Both sockets. They stay the same (MUST-45).
    let key: ConnectionKey
    let origin: Origin
    private(set) var state: State
    var options: ConnectionOptions

    var snd: SendVariables
    var rcv: ReceiveVariables
    var negotiated: NegotiatedOptions
    /// RecvMSS: what our SYN announces.
    let announcedMSS: Int
    /// The largest IP packet that the path is known to carry (RFC 1191, RFC 4821).
    var pathMTU: Int
    var pathMTUSearch: PathMTUSearch
    var sendBuffer: SendBuffer
    var receiveBuffer: ReceiveBuffer
    var receiveTuning: ReceiveAutotuning
    /// What has arrived twice and is still to be reported.
    var duplicate = DuplicateReport()
    /// The number of the peer's FIN once it has been seen, in order or not.
    var peerFin: SequenceNumber?
    /// The application has closed: a FIN follows the send buffer.
    var finIsQueued = false

    // Timestamps (RFC 7323): TS.Recent, when it was taken, Last.ACK.sent, and our clock.
    var timestampRecent: UInt32 = 0
    var timestampRecentAt: Instant
    var lastAcknowledgmentSent: SequenceNumber
    let timestampClock: TimestampClock

    var rtt: RTTEstimator
    var congestion: CongestionControl
    /// One past the last small segment that has left (RFC 9293 §A.3, SND.SML).
    var smallSegmentEnd: SequenceNumber
    /// SND.NXT when data last filled cwnd.
    var filledTo: SequenceNumber
    var recovery: LossRecovery
    var marks: SendMarks?
    var burst = Burst()
    var acknowledgments = AcknowledgmentPolicy()
    var refusals = RefusalSpacing()
    /// The segment whose round trip is being timed: one past its last number, and when it left.
    var timedSegment: (end: SequenceNumber, sentAt: Instant)?
    var pacer = Pacer(unpacedBytes: 0)

    var timers = TimerTable()
    /// When the peer last acknowledged something new, or sending began; R2 and the user timeout count from here.
    var progressAt: Instant
    var lastSentAt: Instant
    /// When a window probe without text last left.
    var lastProbedAt: Instant
    var lastReceivedAt: Instant
    var lastTextReceivedAt: Instant
    /// Retransmissions of the segment at SND.UNA since it last moved.
    var retransmissions: UInt8 = 0
    /// Window probes since the window last opened, for the back-off.
    var probes: UInt8 = 0
    var keepAliveProbesUnanswered: UInt8 = 0
    var output = PendingOutput()

    /// What the application has not been told yet.
    var events: ConnectionEvents = []
    /// The application was refused room in the send buffer and waits for it.
    var senderWaits = false
    /// With the last SEND the application said that more follows.
    var moreFollows = false
    /// A mark has arrived, and the peer has not yet said that it slows down (RFC 3168 §6.1.3).
    var echoesCongestion = false
    /// The application has let go of the connection and will not read any more.
    var isReleased = false
    private(set) var closeReason: CloseReason?
    var softError: SoftError?

    /// What the stack keeps about this connection beside the protocol.
    var bookkeeping = Bookkeeping()

    /// A block in CLOSED, ready for an active OPEN, or in SYN-RECEIVED, for a half-open entry that becomes a connection.
    init(
        key: ConnectionKey, origin: Origin, state: State, iss: SequenceNumber, irs: SequenceNumber,
        options: ConnectionOptions, environment: borrowing Environment
    ) {
        self.key = key
        self.origin = origin
        self.state = state
        self.options = options
        snd = SendVariables(iss: iss)
        rcv = ReceiveVariables(irs: irs)
        negotiated = NegotiatedOptions(offered: options, peer: TCPOptions(), flags: [])
        negotiated.makeRoom(for: options.sourceRoute)
        announcedMSS = MaximumSegmentSize.announced(
            mtu: environment.configuration.mtu, option: options.maximumSegmentSize)
        pathMTU = environment.configuration.mtu
        pathMTUSearch = PathMTUSearch(largest: environment.configuration.mtu)
        sendBuffer = SendBuffer(start: iss + 1, limit: options.sendBufferBytes)
        receiveBuffer = ReceiveBuffer(start: irs + 1, limit: options.receiveBufferBytes)
        receiveTuning = ReceiveAutotuning(at: environment.now, start: irs + 1)
        timestampRecentAt = environment.now
        lastAcknowledgmentSent = irs + 1
        timestampClock = environment.timestampClock(for: key)
        rtt = RTTEstimator(
            minimum: options.minimumRTO, maximum: options.maximumRTO, margin: options.leastTimeoutMargin)
        congestion = options.congestion.makeController(
            maximumSegmentSize: MaximumSegmentSize.defaultIPv4, seed: iss.rawValue)
        smallSegmentEnd = iss
        filledTo = iss
        recovery = LossRecovery(iss: iss)
        progressAt = environment.now
        lastSentAt = environment.now
        lastProbedAt = environment.now
        lastReceivedAt = environment.now
        lastTextReceivedAt = environment.now
    }

    /// A connection that has rested.
    init(
        waking resting: RestingConnection, timer: TimerWheel.TimerID, key: ConnectionKey, options: ConnectionOptions,
        congestion: CongestionControl,
        timestampTick: Interval
    ) {
        self.key = key
        origin = resting.origin
        state = resting.state
        self.options = options
        snd = SendVariables(resting.snd)
        rcv = resting.rcv
        negotiated = resting.negotiated
        announcedMSS = Int(resting.announcedMSS)
        pathMTU = Int(resting.pathMTU)
        pathMTUSearch = resting.pathMTUSearch
        let hasClosed = resting.flags.contains(.hasClosed)
        let peerHasClosed = resting.flags.contains(.peerHasClosed)
        finIsQueued = hasClosed
        peerFin = peerHasClosed ? rcv.nxt - 1 : nil
        sendBuffer = SendBuffer(start: snd.una - (hasClosed ? 1 : 0), limit: Int(resting.sendLimit))
        receiveBuffer = ReceiveBuffer(start: rcv.nxt - (peerHasClosed ? 1 : 0), limit: Int(resting.receiveLimit))
        receiveTuning = resting.receiveTuning
        timestampRecent = resting.timestampRecent
        timestampRecentAt = resting.timestampRecentAt
        lastAcknowledgmentSent = resting.lastAcknowledgmentSent
        timestampClock = TimestampClock(tick: timestampTick, offset: resting.timestampOffset)
        rtt = RTTEstimator(
            resting.rtt, minimum: options.minimumRTO, maximum: options.maximumRTO, margin: options.leastTimeoutMargin)
        self.congestion = congestion
        smallSegmentEnd = snd.una
        filledTo = snd.una
        recovery = LossRecovery(resting.recovery)
        acknowledgments = resting.acknowledgments
        refusals = resting.refusals
        pacer = resting.pacer
        timers[resting.flags.contains(.deadlineIsFinWait2) ? .finWait2 : .keepAlive] = resting.deadline
        progressAt = resting.lastReceivedAt
        lastProbedAt = resting.lastReceivedAt
        lastSentAt = resting.lastSentAt
        lastReceivedAt = resting.lastReceivedAt
        lastTextReceivedAt = resting.lastTextReceivedAt
        keepAliveProbesUnanswered = resting.keepAliveProbesUnanswered
        moreFollows = resting.flags.contains(.moreFollows)
        echoesCongestion = resting.flags.contains(.echoesCongestion)
        isReleased = resting.flags.contains(.isReleased)
        output.holdIsOver = resting.flags.contains(.holdIsOver)
        softError = resting.softError
        bookkeeping.timer = timer
        bookkeeping.isInTable = true
    }

    /// Takes one edge of the state diagram. An edge that is not in `StateTransition.all` is a defect of ours.
    mutating func transition(to next: State, because cause: TransitionCause, _ environment: inout Environment) {
        let transition = StateTransition(state, next, cause)
        precondition(transition.isLegal, "no edge from \(state) to \(next) because of \(cause.rawValue)")
        state = next
        environment.record(transition, of: key)
    }

    /// Ends the connection: every queue is flushed, every timer stopped, and the application is told why.
    mutating func end(_ reason: CloseReason, because cause: TransitionCause, _ environment: inout Environment) {
        transition(to: .closed, because: cause, &environment)
        settle(reason)
        sendBuffer.discard(pool: &environment.pool)
        recovery.segments.discard(pool: &environment.pool)
        if reason != .closed { receiveBuffer.discard(pool: &environment.pool) }
    }

    /// For the application the connection is over, though TIME-WAIT may remain. Only the first reason counts.
    mutating func settle(_ reason: CloseReason) {
        timers.cancelAll()
        output = PendingOutput()
        guard closeReason == nil else { return }
        closeReason = reason
        events.insert(.closed)
    }
}

// Derived values. They are always inlined: a call would pass the whole block, which Swift copies for methods that do not mutate.
extension Connection {
    /// Eff.snd.MSS: text in a full-sized segment (RFC 9293 §3.7.1, MUST-16).
    @inline(__always)
    var effectiveSendMSS: Int {
        MaximumSegmentSize.effective(
            peer: negotiated.peerMaximumSegmentSize, pathMTU: pathMTU, optionBytes: negotiated.lengthOnEverySegment)
    }

    /// RMSS: text in a full-sized segment of the peer's, as far as we can know.
    @inline(__always)
    var receiveMSS: Int { announcedMSS - negotiated.lengthOnEverySegment }

    /// Our FIN has been sent at least once.
    @inline(__always)
    var finWasSent: Bool { finIsQueued && snd.nxt.isAfter(sendBuffer.end) }
    /// Our FIN has been acknowledged.
    @inline(__always)
    var finIsAcknowledged: Bool { finIsQueued && snd.una.isAfter(sendBuffer.end) }
    /// Bytes that the application has sent and that have not left yet.
    @inline(__always)
    var queuedBytes: Int { max(0, sendBuffer.end - snd.nxt) }

    /// cwnd as it counts now: the controller's, or in recovery what proportional rate reduction makes of it.
    @inline(__always)
    var congestionWindow: Int {
        switch recovery.phase {
        case .open, .afterTimeout: congestion.cwnd
        case .reducing, .fastRecovery: congestion.governsRecovery ? congestion.cwnd : recovery.reduction.window
        }
    }
}

/// What the next output pass has to do beside sending what the windows allow.
struct PendingOutput {
    /// The SYN or SYN-ACK must go out, for the first time or again.
    var syn = false
    /// The timer asks for a segment that provokes an acknowledgment.
    var lossProbe = false
    /// The timer asks for a window probe.
    var windowProbe = false
    /// The timer asks for a small segment that silly-window avoidance held back.
    var overridesSillyWindow = false
    /// The timer asks for a keep-alive probe.
    var keepAliveProbe = false
    /// A window probe at SND.NXT has left; the peer may acknowledge one number more than SND.NXT.
    var probeIsOutstanding = false
    /// What the application holds back has waited long enough.
    var holdIsOver = false
}

/// A problem in the network that may pass (RFC 9293 §3.9.2.2).
public enum SoftError: Hashable, Sendable {
    /// ICMP Destination Unreachable with a code that does not end a connection.
    case unreachable(code: UInt8)
    /// ICMP Time Exceeded.
    case timeExceeded(code: UInt8)
    /// ICMP Parameter Problem.
    case parameterProblem(pointer: UInt8)
}

/// Where the connection stands in the stack's own structures.
struct Bookkeeping {
    /// Its entry in the timing wheel; -1 until it needs one.
    var timer: TimerWheel.TimerID = -1
    /// The listener that the connection waits at, until it is accepted.
    var acceptor: ListenerID?
    var isInTable = false
    var isInTransmitQueue = false
    var isInEventQueue = false
    var isWaitingForMemory = false
    /// A TIME-WAIT record has taken over.
    var isInTimeWait = false
    /// It stands among those that have had nothing to do.
    var isReady = false
}
