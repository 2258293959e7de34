import TunstackWire

/// Finding the bandwidth, and draining the queue that this made [Startup, Drain].
extension BBR {
    /// ResetFullBW.
    mutating func resetFullBandwidth(to baseline: Int = 0) {
        fullBandwidth = baseline
        fullBandwidthCount = 0
        isFullBandwidthNow = false
    }

    /// CheckFullBWReached: three rounds of pressing on without a quarter more fill the pipe.
    mutating func checkFullBandwidthReached(_ sample: RateSample) {
        guard sample.hasData, !isFullBandwidthNow, isRoundStart, !sample.isApplicationLimited else { return }
        if sample.rate >= Self.fullBandwidthGrowth.of(fullBandwidth) {
            resetFullBandwidth(to: sample.rate)
            return
        }
        fullBandwidthCount += 1
        isFullBandwidthNow = fullBandwidthCount >= Self.fullBandwidthRounds
        if isFullBandwidthNow { isFullBandwidthReached = true }
    }

    /// CheckStartupDone.
    mutating func checkStartupDone(_ sample: RateSample, isInRecovery: Bool) {
        checkStartupHighLoss(sample, isInRecovery: isInRecovery)
        if state == .startup, isFullBandwidthReached { enterDrain() }
    }

    /// CheckStartupHighLoss [Exiting Startup Based on Packet Loss].
    private mutating func checkStartupHighLoss(_ sample: RateSample, isInRecovery: Bool) {
        if isLossPending {
            isLossPending = false
            lossEventsInRound = min(lossEventsInRound + 1, Self.startupFullLossCount)
        }
        let isHigh: Bool
        if hasSelectiveAcknowledgments {
            isHigh =
                isLossRoundStart && lossEventsInRound >= Self.startupFullLossCount
                && isInflightTooHigh(lost: sample.lost, inFlightAtSend: sample.inFlightAtSend)
        } else {
            isHigh = lossEventsInRound > 0
        }
        if isLossRoundStart { lossEventsInRound = 0 }
        if state == .startup, isInRecovery, isHigh { endStartupByCongestion() }
    }

    /// The path is full, and this much fits into it.
    mutating func endStartupByCongestion() {
        undoState = .startup
        isFullBandwidthReached = true
        inflightLongterm = max(bdp, inflightLatest)
        enterDrain()
    }

    /// EnterStartup.
    mutating func enterStartup() { state = .startup }

    /// EnterDrain.
    private mutating func enterDrain() {
        state = .drain
        drainStartRound = roundCount
    }

    /// CheckDrainDone.
    mutating func checkDrainDone(_ news: AcknowledgmentNews) {
        guard state == .drain else { return }
        let isDrained = news.inFlight <= inflight(of: bandwidth)
        if isDrained || roundCount &- drainStartRound > Self.drainRounds { startProbeDown(at: news.now) }
    }
}
