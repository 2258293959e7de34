import TunstackWire

/// From the model to a pacing rate and a window [Updating Control Parameters].
extension BBR {
    /// BBR.pacing_gain.
    var pacingGain: Ratio {
        switch state {
        case .startup: Self.startupPacingGain
        case .drain: Self.drainPacingGain
        case .probeDown: Self.probeDownPacingGain
        case .probeUp: Self.probeUpPacingGain
        case .probeCruise, .probeRefill, .probeRTT: Ratio(1)
        }
    }

    /// BBR.cwnd_gain.
    private var cwndGain: Ratio {
        switch state {
        case .probeUp: Self.probeUpCwndGain
        case .probeRTT: Self.probeRTTCwndGain
        case .startup, .drain, .probeDown, .probeCruise, .probeRefill: Self.defaultCwndGain
        }
    }

    // MARK: Rate

    /// InitPacingRate, in bytes per second.
    static func initialPacingRate(window: Int, roundTrip: Interval) -> Int {
        startupPacingGain.of(product(window, nanosecondsPerSecond, over: Int(roundTrip.nanoseconds)))
    }

    /// SetPacingRateWithGain; never zero, so that a segment leaves some day.
    mutating func setPacingRate(gain: Ratio) {
        let rate = Self.pacingMargin.of(gain.of(bandwidth))
        if (isFullBandwidthReached && rate > 0) || rate > pacing { pacing = rate }
    }

    /// C.send_quantum: a millisecond's worth, between two segments and 64 KiB.
    var sendQuantum: Int { max(min(pacing / 1000, 65_536), 2 * segment) }

    // MARK: Window

    /// Inflight, at the gain 1.
    func inflight(of rate: Int) -> Int { quantized(bdpMultiple(of: rate, gain: Ratio(1))) }

    /// QuantizationBudget.
    private func quantized(_ inflight: Int) -> Int {
        let budgeted = max(inflight, 3 * sendQuantum, minPipeCwnd)
        return state == .probeUp ? budgeted + 2 * segment : budgeted
    }

    /// SetCwnd.
    mutating func setCwnd(newlyAcked: Int, totalDelivered: Int) {
        let grown = min(cwnd + min(newlyAcked, Self.largestWindow), Self.largestWindow)
        let aggregation = max(extraAcked, priorExtraAcked)
        let maxInflight = quantized(bdpMultiple(of: bandwidth, gain: cwndGain) + aggregation)
        if isFullBandwidthReached {
            cwnd = min(grown, maxInflight)
        } else if cwnd < maxInflight || totalDelivered < Int(initialWindow) {
            cwnd = grown
        }
        boundCwnd()
    }

    /// BoundCwndForProbeRTT and BoundCwndForModel.
    mutating func boundCwnd() {
        cwnd = max(cwnd, minPipeCwnd)
        if state == .probeRTT { cwnd = min(cwnd, probeRTTCwnd) }
        let bound =
            switch state {
            case .probeCruise, .probeRTT: inflightWithHeadroom
            case .probeDown, .probeRefill, .probeUp: inflightLongterm
            case .startup, .drain: Self.unbounded
            }
        cwnd = min(cwnd, max(min(bound, inflightShortterm), minPipeCwnd))
    }

    /// SaveCwnd.
    mutating func saveCwnd() {
        priorCwnd = isInLossRecovery || state == .probeRTT ? max(priorCwnd, cwnd) : cwnd
    }

    /// cwnd, or what it will be again: after a time-out it is small for a while, and tells nothing of the path.
    var unreducedCwnd: Int { isInLossRecovery ? max(cwnd, priorCwnd) : cwnd }

    /// RestoreCwnd.
    mutating func restoreCwnd() { cwnd = max(cwnd, priorCwnd) }
}
