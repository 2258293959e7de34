import TunstackWire

/// The response to loss and to congestion marks [Updating the Model Upon Packet Loss].
extension BBR {
    // MARK: Events

    /// HandleLostPacket.
    mutating func onLost(_ lost: LostSegment, at now: Instant) {
        noteLoss()
        isLossPending = true
        guard isBandwidthProbeSample, isInflightTooHigh(lost: lost.lostSince, inFlightAtSend: lost.inFlightAtSend)
        else { return }
        handleInflightTooHigh(at: inflightAtLoss(lost), isApplicationLimited: lost.isApplicationLimited, now: now)
    }

    /// OnEnterFastRecovery; or a mark, which the draft leaves open: like a round with loss, and like a probe that
    /// went too high.
    mutating func onCongestion(_ signal: CongestionSignal, inFlight: Int, at now: Instant) {
        noteLoss()
        switch signal {
        case .loss:
            saveCwnd()
            isInLossRecovery = true
        case .mark:
            isMarkInRound = true
            if state == .startup {
                endStartupByCongestion()
            } else if isBandwidthProbeSample {
                handleInflightTooHigh(at: inFlight, isApplicationLimited: false, now: now)
            }
        }
    }

    /// OnEnterRTO.
    mutating func onTimeout(inFlight: Int, isFirst: Bool, at now: Instant) {
        noteLoss()
        saveCwnd()
        isInLossRecovery = true
        cwnd = min(max(inFlight, 0), Self.largestWindow) + segment
    }

    mutating func onRecovered(inFlight: Int, at now: Instant) {
        isInLossRecovery = false
        isUndoSaved = false
        restoreCwnd()
        boundCwnd()
    }

    /// HandleSpuriousLossDetection.
    mutating func onSpurious(inFlight: Int, at now: Instant) {
        isInLossRecovery = false
        isUndoSaved = false
        restoreCwnd()
        isLossInRound = false
        isMarkInRound = false
        resetFullBandwidth()
        bandwidthShortterm = max(bandwidthShortterm, undoBandwidthShortterm)
        inflightShortterm = max(inflightShortterm, undoInflightShortterm)
        inflightLongterm = max(inflightLongterm, undoInflightLongterm)
        let undone = undoState
        undoState = nil
        if undone == .startup, state != .startup {
            isFullBandwidthReached = false
            if state != .probeRTT { enterStartup() }
        } else if undone == .probeUp, state != .probeUp, state != .probeRTT {
            startProbeRefill()
        }
    }

    // MARK: Probing

    /// IsInflightTooHigh.
    func isInflightTooHigh(lost: Int, inFlightAtSend: Int) -> Bool {
        isTooMuch(lost, of: inFlightAtSend, isQueueing: queueSignal.isQueueing)
    }

    /// Without a queue it takes more loss, because then most of it is not the flow's own doing; and a few segments, which are a large
    /// part of a small flight, mean nothing.
    private func isTooMuch(_ lost: Int, of inFlightAtSend: Int, isQueueing: Bool) -> Bool {
        guard hasSelectiveAcknowledgments else { return lost > 0 }
        let least = isQueueing ? 0 : Self.lostSegmentsWithoutQueue * segment
        return lost > max(lossThreshold(isQueueing: isQueueing).of(inFlightAtSend), least)
    }

    private func lossThreshold(isQueueing: Bool) -> Ratio {
        guard !isQueueing else { return Self.lossThreshold }
        return state == .startup ? Self.startupLossThresholdWithoutQueue : Self.lossThresholdWithoutQueue
    }

    /// HandleInflightTooHigh.
    private mutating func handleInflightTooHigh(at inFlight: Int, isApplicationLimited: Bool, now: Instant) {
        isPreviousProbeTooHigh = true
        isBandwidthProbeSample = false
        if !isApplicationLimited { inflightLongterm = max(inFlight, Self.beta.of(targetInflight)) }
        if state == .probeUp {
            undoState = .probeUp
            startProbeDown(at: now)
        }
    }

    /// InflightAtLoss: the flight at which losses passed the threshold, somewhere within the lost segment.
    private func inflightAtLoss(_ lost: LostSegment) -> Int {
        let threshold = lossThreshold(isQueueing: queueSignal.isQueueing)
        let inflightPrevious = max(lost.inFlightAtSend - lost.length, 0)
        let lostPrevious = max(lost.lostSince - lost.length, 0)
        let allowance = max(threshold.of(inflightPrevious) - lostPrevious, 0)
        let prefix = Self.product(allowance, threshold.denominator, over: threshold.denominator - threshold.numerator)
        return inflightPrevious + prefix
    }

    // MARK: Not probing

    /// NoteLoss.
    private mutating func noteLoss() {
        if !isUndoSaved { saveStateUponLoss() }
        guard !isLossInRound else { return }
        isLossInRound = true
        lossRoundDelivered = delivered
    }

    /// SaveStateUponLoss, once for an episode: a later loss of the same one would save what the first has changed.
    private mutating func saveStateUponLoss() {
        isUndoSaved = true
        saveCwnd()
        undoState = nil
        undoBandwidthShortterm = bandwidthShortterm
        undoInflightShortterm = inflightShortterm
        undoInflightLongterm = inflightLongterm
    }

    /// UpdateLatestDeliverySignals.
    mutating func updateLatestDeliverySignals(_ sample: RateSample) {
        isLossRoundStart = false
        guard sample.hasData else { return }
        bandwidthLatest = max(bandwidthLatest, sample.rate)
        inflightLatest = max(inflightLatest, sample.delivered)
        if sample.priorDelivered >= lossRoundDelivered {
            lossRoundDelivered = delivered
            isLossRoundStart = true
        }
    }

    /// AdvanceLatestDeliverySignals.
    mutating func advanceLatestDeliverySignals(_ sample: RateSample) {
        guard isLossRoundStart else { return }
        bandwidthLatest = sample.rate
        inflightLatest = sample.delivered
    }

    /// ResetCongestionSignals.
    mutating func resetCongestionSignals() {
        isLossInRound = false
        isMarkInRound = false
        bandwidthLatest = 0
        inflightLatest = 0
    }

    /// UpdateCongestionSignals and AdaptLowerBoundsFromCongestion: once a round.
    mutating func updateCongestionSignals(_ sample: RateSample) {
        guard isLossRoundStart else { return }
        if !isProbingBandwidth, isCongestionInRound(sample) { lowerShortTermBounds() }
        isLossInRound = false
        isMarkInRound = false
        if !isInLossRecovery { isUndoSaved = false }
    }

    /// Whether the round has met congestion. Any loss is a sign of it where a queue is that the flow has not made; in
    /// ProbeBW_DOWN and Drain it may be the flow's own, to which sending more slowly than the path delivers is the
    /// answer already.
    private func isCongestionInRound(_ sample: RateSample) -> Bool {
        guard !isMarkInRound else { return true }
        guard isLossInRound else { return false }
        let isForeignQueue = state == .probeCruise && queueSignal.isQueueing
        return isForeignQueue || isTooMuch(sample.lost, of: sample.inFlightAtSend, isQueueing: false)
    }

    /// InitLowerBounds and LossLowerBounds.
    private mutating func lowerShortTermBounds() {
        // A queue makes a round longer, and so what it delivers more: with a mark, that measures nothing.
        let inflight = isMarkInRound ? min(inflightLatest, bdp) : inflightLatest
        let priorBandwidth = bandwidthShortterm == Self.unbounded ? maxBandwidth : bandwidthShortterm
        let priorInflight = inflightShortterm == Self.unbounded ? unreducedCwnd : inflightShortterm
        bandwidthShortterm = max(bandwidthLatest, Self.beta.of(priorBandwidth))
        inflightShortterm = max(inflight, Self.beta.of(priorInflight))
    }

    /// ResetShortTermModel.
    mutating func resetShortTermModel() {
        bandwidthShortterm = Self.unbounded
        inflightShortterm = Self.unbounded
    }
}
