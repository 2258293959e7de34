import TunstackWire

/// BBR version 3 (draft-ietf-ccwg-bbr): a model of the path, made of the highest delivery rate and the shortest round
/// trip of late, says how fast to send and how much may be in flight. Names are the draft's; `[…]` cites its
/// sections.
///
/// It departs from the draft in these points:
/// - Loss on a path that shows no queue counts as congestion from 10 % of a round on, not from 2 % (in a probe) or
///   from the first lost segment (outside one): see `QueueSignal` and docs/adr/0008-bbr-loss-threshold.md.
/// - A congestion mark, for which the draft leaves the response open [ECN], counts as congestion whatever the delay.
/// - A round trip equal to the shortest confirms it, so a path that is idle enough to show it again needs no ProbeRTT.
/// - The lost sequence ranges that end Startup are counted as the acknowledgments (or timers) that brought losses.
struct BBR: CongestionController {
    // MARK: Output

    /// C.cwnd.
    var cwnd: Int
    /// C.pacing_rate, in bytes per second.
    var pacing: Int

    // MARK: Bandwidth and round trip [Network Path Model Parameters]

    /// BBR.max_bw_filter: the highest delivery rates of the current and of the previous probing cycle.
    var cycleBandwidth = 0
    var priorCycleBandwidth = 0
    /// BBR.min_rtt, and when it was measured.
    var minRTT: Interval
    var minRTTStamp = Instant.origin
    /// BBR.probe_rtt_min_delay, and when it was measured.
    var probeRTTMinDelay: Interval
    var probeRTTMinStamp = Instant.origin
    /// When ProbeRTT may end; nil until the flight has fallen far enough.
    var probeRTTDoneStamp: Instant?
    /// Samples of what was sent before this much was delivered are limited by ProbeRTT itself.
    var probeRTTSamplesEnd = -1
    /// What the round trips of late tell of a queue.
    var queueSignal = QueueSignal()

    // MARK: Aggregation [BBR.extra_acked]

    /// The highest samples of this half window and of the previous one.
    var extraAcked = 0
    var priorExtraAcked = 0
    var extraAckedDelivered = 0
    var extraAckedIntervalStart = Instant.origin

    // MARK: Bounds

    /// BBR.bw_shortterm, BBR.inflight_shortterm, BBR.inflight_longterm.
    var bandwidthShortterm = unbounded
    var inflightShortterm = unbounded
    var inflightLongterm = unbounded
    /// BBR.bw_latest and BBR.inflight_latest.
    var bandwidthLatest = 0
    var inflightLatest = 0
    /// Undo state: the bounds before the last loss.
    var undoBandwidthShortterm = 0
    var undoInflightShortterm = 0
    var undoInflightLongterm = 0
    /// BBR.prior_cwnd: cwnd without recovery or ProbeRTT.
    var priorCwnd = 0

    // MARK: Rounds and cycles

    /// C.delivered, as far as it was told.
    var delivered = 0
    /// BBR.next_round_delivered and BBR.loss_round_delivered.
    var nextRoundDelivered = 0
    var lossRoundDelivered = 0
    /// BBR.full_bw.
    var fullBandwidth = 0
    /// BBR.bw_probe_up_acked and BBR.probe_up_acked_per_inc.
    var probeUpAcked = 0
    var probeUpAckedPerIncrement = unbounded
    /// BBR.cycle_stamp and, in nanoseconds, BBR.bw_probe_wait.
    var cycleStamp = Instant.origin
    var probeWait: UInt32 = 0
    var roundCount: UInt32 = 0
    var drainStartRound: UInt32 = 0
    var extraAckedWindowStart: UInt32 = 0
    var roundsSinceProbeUp: UInt32 = 0
    /// The state of the generator of the random waits; never zero.
    var random: UInt32

    // MARK: Small state

    /// C.SMSS and C.InitialCwnd.
    var maximumSegmentSize: UInt32
    let initialWindow: UInt32
    var state = State.startup
    /// BBR.undo_state: the state that a loss has ended.
    var undoState: State?
    var ackPhase = AckPhase.initial
    var fullBandwidthCount: UInt8 = 0
    var probeUpRounds: UInt8 = 0
    var lossEventsInRound: UInt8 = 0
    var isFullBandwidthReached = false
    var isFullBandwidthNow = false
    var isRoundStart = false
    var isLossRoundStart = false
    var isLossInRound = false
    var isMarkInRound = false
    /// The acknowledgment under way has brought losses.
    var isLossPending = false
    var isBandwidthProbeSample = false
    var isPreviousProbeTooHigh = false
    var isPreviousProbePrecautionary = false
    /// BBR.probe_rtt_expired.
    var isProbeRTTDue = false
    var isProbeRTTRoundDone = false
    var isIdleRestart = false
    /// The undo state is that of the episode of losses which goes on.
    var isUndoSaved = false
    /// Between the begin of a recovery and its end.
    var isInLossRecovery = false
    /// Times have been set from the first event.
    var hasBegun = false
    /// The pacing rate rests on a measured round trip.
    var hasPacedByRoundTrip: Bool
    /// C.has_selective_acks.
    let hasSelectiveAcknowledgments: Bool

    /// BBR for a new connection [Initialization].
    ///
    /// - Parameters:
    ///   - maximumSegmentSize: SMSS, in bytes.
    ///   - initialWindow: C.InitialCwnd, in bytes (RFC 6928).
    ///   - seed: Any number that differs between connections, so that they do not probe in step.
    ///   - roundTrip: The handshake's round trip, if it was unambiguous.
    ///   - hasSelectiveAcknowledgments: Whether the peer may send SACK blocks (RFC 2018).
    init(
        maximumSegmentSize: Int, initialWindow: Int, seed: UInt32, roundTrip: Interval? = nil,
        hasSelectiveAcknowledgments: Bool = true
    ) {
        let segment = min(max(maximumSegmentSize, 1), Int(UInt16.max))
        let window = min(max(initialWindow, segment), Self.largestWindow)
        self.maximumSegmentSize = UInt32(segment)
        self.initialWindow = UInt32(window)
        cwnd = window
        // Seeds that lie close together would begin with small numbers.
        random = max(1, seed &* 0x9E37_79B9 ^ 0x85EB_CA6B)
        let measured = roundTrip.flatMap { $0 > .zero ? $0 : nil }
        minRTT = measured ?? Self.noRoundTrip
        probeRTTMinDelay = minRTT
        hasPacedByRoundTrip = measured != nil
        self.hasSelectiveAcknowledgments = hasSelectiveAcknowledgments
        pacing = Self.initialPacingRate(window: window, roundTrip: measured ?? .milliseconds(1))
    }

    // MARK: What the sender reads

    var ssthresh: Int { .max }
    var pacingRate: Int? { pacing }
    var governsRecovery: Bool { true }

    var phase: String {
        switch state {
        case .startup: "startup"
        case .drain: "drain"
        case .probeDown: "probe bandwidth: down"
        case .probeCruise: "probe bandwidth: cruise"
        case .probeRefill: "probe bandwidth: refill"
        case .probeUp: "probe bandwidth: up"
        case .probeRTT: "probe round trip"
        }
    }

    // MARK: What the sender tells

    mutating func setMaximumSegmentSize(_ size: Int) {
        maximumSegmentSize = UInt32(min(max(size, 1), Int(UInt16.max)))
        cwnd = max(cwnd, segment)
    }

    mutating func onHandshakeRetransmitted() { cwnd = segment }

    /// cwnd stays over a pause, and pacing keeps it from leaving in one burst [Restarting From Idle].
    mutating func onIdle(for pause: Interval, rto: Interval) {}

    /// OnTransmit [Per-Transmit Steps].
    mutating func onSent(_ bytes: Int, inFlight: Int, at now: Instant) {
        begin(at: now)
        guard inFlight == 0, !isInLossRecovery else { return }
        isIdleRestart = true
        extraAckedIntervalStart = now
        if isInProbeBandwidth {
            setPacingRate(gain: Ratio(1))
        } else if state == .probeRTT {
            checkProbeRTTDone(at: now)
        }
    }

    /// UpdateOnACK [Per-ACK Steps].
    mutating func onAcknowledged(_ news: AcknowledgmentNews) {
        begin(at: news.now)
        delivered = news.totalDelivered
        let sample = RateSample(news, probeRTTSamplesEnd: probeRTTSamplesEnd, minRTT: minRTT)
        updateLatestDeliverySignals(sample)
        updateRound(sample)
        queueSignal.add(news.roundTrip, startsRound: isRoundStart, at: news.now)
        updateMaxBandwidth(sample)
        updateCongestionSignals(sample)
        updateAckAggregation(news)
        checkFullBandwidthReached(sample)
        checkStartupDone(sample, isInRecovery: news.isInRecovery)
        checkDrainDone(news)
        updateProbeBandwidthCycle(news, sample)
        updateMinRTT(news.roundTrip, at: news.now)
        checkProbeRTT(news)
        advanceLatestDeliverySignals(sample)
        if !hasPacedByRoundTrip, news.smoothedRoundTrip > .zero {
            hasPacedByRoundTrip = true
            pacing = Self.initialPacingRate(window: Int(initialWindow), roundTrip: news.smoothedRoundTrip)
        }
        setPacingRate(gain: pacingGain)
        setCwnd(newlyAcked: news.delivered, totalDelivered: news.totalDelivered)
    }

    /// Takes the first time that is told for the beginning.
    private mutating func begin(at now: Instant) {
        guard !hasBegun else { return }
        hasBegun = true
        minRTTStamp = now
        probeRTTMinStamp = now
        extraAckedIntervalStart = now
        cycleStamp = now
    }
}

/// RS: what the steps of one acknowledgment take from its delivery rate.
struct RateSample {
    /// RS.delivery_rate, in bytes per second; zero if there is none to rely on.
    let rate: Int
    let delivered: Int
    let priorDelivered: Int
    let inFlightAtSend: Int
    let lost: Int
    let isApplicationLimited: Bool
    /// Whether the acknowledgment told of a delivery at all.
    let hasData: Bool

    init(_ news: AcknowledgmentNews, probeRTTSamplesEnd: Int, minRTT: Interval) {
        guard let rate = news.rate, news.delivered > 0 else {
            self.rate = 0
            delivered = 0
            priorDelivered = 0
            inFlightAtSend = 0
            lost = 0
            isApplicationLimited = true
            hasData = false
            return
        }
        // A sample over less than a round trip comes of a segment sent twice [Upon receiving an ACK].
        let isReliable = rate.interval >= minRTT || minRTT == BBR.noRoundTrip
        self.rate = isReliable ? min(max(rate.bytesPerSecond, 0), BBR.limit) : 0
        delivered = rate.delivered
        priorDelivered = rate.priorDelivered
        inFlightAtSend = rate.inFlightAtSend
        lost = rate.lost
        isApplicationLimited = rate.isApplicationLimited || rate.priorDelivered <= probeRTTSamplesEnd
        hasData = true
    }
}
