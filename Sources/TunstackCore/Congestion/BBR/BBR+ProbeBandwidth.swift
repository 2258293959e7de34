import TunstackWire

/// The cycle that probes for bandwidth: down, cruise, refill, up [ProbeBW].
extension BBR {
    /// IsInAProbeBWState.
    var isInProbeBandwidth: Bool {
        switch state {
        case .probeDown, .probeCruise, .probeRefill, .probeUp: true
        case .startup, .drain, .probeRTT: false
        }
    }

    /// IsProbingBW.
    var isProbingBandwidth: Bool { state == .startup || state == .probeRefill || state == .probeUp }

    // MARK: States

    /// StartProbeBW_DOWN.
    mutating func startProbeDown(at now: Instant) {
        resetCongestionSignals()
        probeUpAckedPerIncrement = Self.unbounded
        pickProbeWait()
        cycleStamp = now
        ackPhase = .probeStopping
        startRound()
        state = .probeDown
    }

    /// StartProbeBW_CRUISE.
    mutating func startProbeCruise() { state = .probeCruise }

    /// StartProbeBW_REFILL.
    mutating func startProbeRefill() {
        resetShortTermModel()
        probeUpRounds = 0
        probeUpAcked = 0
        isPreviousProbePrecautionary = false
        ackPhase = .refilling
        startRound()
        state = .probeRefill
    }

    /// StartProbeBW_UP.
    private mutating func startProbeUp(_ sample: RateSample) {
        ackPhase = .probeStarting
        startRound()
        resetFullBandwidth(to: sample.rate)
        state = .probeUp
        raiseInflightLongtermSlope()
    }

    /// UpdateProbeBWCyclePhase.
    mutating func updateProbeBandwidthCycle(_ news: AcknowledgmentNews, _ sample: RateSample) {
        guard isFullBandwidthReached, sample.hasData else { return }
        if adaptLongTermModel(news, sample) { return }
        switch state {
        case .probeDown:
            if isTimeToProbeBandwidth(at: news.now) {
                startProbeRefill()
            } else if isTimeToCruise(inFlight: news.inFlight) {
                startProbeCruise()
            }
        case .probeCruise:
            if isTimeToProbeBandwidth(at: news.now) { startProbeRefill() }
        case .probeRefill:
            if isRoundStart {
                isBandwidthProbeSample = true
                startProbeUp(sample)
            }
        case .probeUp:
            if isTimeToGoDown(news, sample) {
                isPreviousProbeTooHigh = false
                startProbeDown(at: news.now)
            }
        case .startup, .drain, .probeRTT:
            break
        }
    }

    // MARK: When

    /// IsTimeToCruise.
    private func isTimeToCruise(inFlight: Int) -> Bool {
        inFlight <= inflightWithHeadroom && inFlight <= inflight(of: maxBandwidth)
    }

    /// IsTimeToGoDown.
    private mutating func isTimeToGoDown(_ news: AcknowledgmentNews, _ sample: RateSample) -> Bool {
        // The bound is reached when not one more segment fits below it.
        if isPreviousProbeTooHigh, news.priorInFlight > inflightLongterm - segment {
            isPreviousProbePrecautionary = true
            return true
        }
        if news.isWindowLimited, cwnd >= inflightLongterm {
            // inflight_longterm, and not the path, has held the bandwidth.
            resetFullBandwidth(to: sample.rate)
            return false
        }
        return isFullBandwidthNow
    }

    /// IsTimeToProbeBW: after a random time, or after as many rounds as Reno would need to grow back to this flight.
    private func isTimeToProbeBandwidth(at now: Instant) -> Bool {
        let rounds = min(targetInflight / segment, Self.renoCoexistenceRounds)
        return now > cycleStamp + Interval(nanoseconds: Int64(probeWait)) || Int(roundsSinceProbeUp) >= rounds
    }

    /// TargetInflight.
    var targetInflight: Int { min(bdp, unreducedCwnd) }

    /// PickProbeWait: two to three seconds, and none or one of the rounds as passed.
    private mutating func pickProbeWait() {
        roundsSinceProbeUp = nextRandom() >> 31
        probeWait = 2_000_000_000 + UInt32((UInt64(nextRandom()) * 1_000_000_000) >> 32)
    }

    /// The next number of a 32-bit xorshift generator (Marsaglia, 2003).
    private mutating func nextRandom() -> UInt32 {
        random ^= random << 13
        random ^= random >> 17
        random ^= random << 5
        return random
    }

    // MARK: The long-term bound

    /// InflightWithHeadroom.
    var inflightWithHeadroom: Int {
        guard inflightLongterm != Self.unbounded else { return Self.unbounded }
        let reduced = min(Self.withHeadroom.of(inflightLongterm), inflightLongterm - segment)
        return max(reduced, minPipeCwnd)
    }

    /// RaiseInflightLongtermSlope: the growth doubles with every round.
    private mutating func raiseInflightLongtermSlope() {
        let growth = 1 << Int(probeUpRounds)
        probeUpRounds = min(probeUpRounds + 1, 30)
        probeUpAckedPerIncrement = max(cwnd / growth, segment)
    }

    /// ProbeInflightLongtermUpward.
    private mutating func probeInflightLongtermUpward(_ news: AcknowledgmentNews) {
        // Not in use in full, so it is no limit.
        guard news.isWindowLimited, cwnd >= inflightLongterm else { return }
        probeUpAcked = min(probeUpAcked + news.delivered, Self.limit)
        let increments = probeUpAcked / probeUpAckedPerIncrement
        if increments > 0 {
            probeUpAcked -= increments * probeUpAckedPerIncrement
            inflightLongterm = min(inflightLongterm + Self.product(increments, segment, over: 1), Self.limit)
        }
        if isRoundStart { raiseInflightLongtermSlope() }
    }

    /// AdaptLongTermModel: whether it has decided on a state.
    private mutating func adaptLongTermModel(_ news: AcknowledgmentNews, _ sample: RateSample) -> Bool {
        if ackPhase == .probeStarting, isRoundStart { ackPhase = .probeFeedback }
        if ackPhase == .probeStopping, isRoundStart {
            isBandwidthProbeSample = false
            ackPhase = .initial
            if isInProbeBandwidth, !sample.isApplicationLimited { advanceMaxBandwidthFilter() }
            if isInProbeBandwidth, isPreviousProbePrecautionary, !isPreviousProbeTooHigh {
                startProbeRefill()
                return true
            }
        }
        guard !isInflightTooHigh(lost: sample.lost, inFlightAtSend: sample.inFlightAtSend),
            inflightLongterm != Self.unbounded
        else { return false }
        inflightLongterm = max(inflightLongterm, sample.inFlightAtSend)
        if state == .probeUp { probeInflightLongtermUpward(news) }
        return false
    }
}
