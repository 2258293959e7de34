import TunstackWire

/// Measuring the round trip of an empty path [ProbeRTT].
extension BBR {
    /// UpdateMinRTT.
    mutating func updateMinRTT(_ roundTrip: Interval?, at now: Instant) {
        let isExpired = now > probeRTTMinStamp + Self.probeRTTInterval
        isProbeRTTDue = isExpired
        if let roundTrip, roundTrip > .zero, isExpired || roundTrip <= probeRTTMinDelay {
            // The path has shown the shortest round trip again by itself.
            if roundTrip <= probeRTTMinDelay { isProbeRTTDue = false }
            probeRTTMinDelay = roundTrip
            probeRTTMinStamp = now
        }
        if probeRTTMinDelay <= minRTT || now > minRTTStamp + Self.minRTTFilterLength {
            minRTT = probeRTTMinDelay
            minRTTStamp = probeRTTMinStamp
        }
    }

    /// CheckProbeRTT.
    mutating func checkProbeRTT(_ news: AcknowledgmentNews) {
        if state != .probeRTT, isProbeRTTDue, !isIdleRestart {
            saveCwnd()
            state = .probeRTT
            probeRTTDoneStamp = nil
            ackPhase = .probeStopping
            startRound()
        }
        if state == .probeRTT { handleProbeRTT(news) }
        if news.delivered > 0 { isIdleRestart = false }
    }

    /// HandleProbeRTT.
    private mutating func handleProbeRTT(_ news: AcknowledgmentNews) {
        probeRTTSamplesEnd = news.totalDelivered + news.inFlight
        if probeRTTDoneStamp != nil {
            if isRoundStart { isProbeRTTRoundDone = true }
            if isProbeRTTRoundDone { checkProbeRTTDone(at: news.now) }
        } else if news.inFlight <= probeRTTCwnd {
            probeRTTDoneStamp = news.now + Self.probeRTTDuration
            isProbeRTTRoundDone = false
            startRound()
        }
    }

    /// CheckProbeRTTDone.
    mutating func checkProbeRTTDone(at now: Instant) {
        guard let done = probeRTTDoneStamp, now > done else { return }
        probeRTTMinStamp = now
        restoreCwnd()
        resetShortTermModel()
        if isFullBandwidthReached {
            // The flight is below the BDP already.
            startProbeDown(at: now)
            startProbeCruise()
        } else {
            enterStartup()
        }
    }

    /// ProbeRTTCwnd.
    var probeRTTCwnd: Int { max(bdpMultiple(of: bandwidth, gain: Self.probeRTTCwndGain), minPipeCwnd) }
}
