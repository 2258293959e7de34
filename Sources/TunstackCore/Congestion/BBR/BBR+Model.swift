import TunstackWire

/// The path's model: rounds, bandwidth, round trip, aggregation [Updating Network Path Model Parameters].
extension BBR {
    /// SMSS, in bytes.
    var segment: Int { Int(maximumSegmentSize) }
    /// MinPipeCwnd.
    var minPipeCwnd: Int { 4 * segment }
    /// BBR.max_bw, in bytes per second.
    var maxBandwidth: Int { max(cycleBandwidth, priorCycleBandwidth) }
    /// BBR.bw.
    var bandwidth: Int { min(maxBandwidth, bandwidthShortterm) }
    /// BBR.bdp.
    var bdp: Int { bdpMultiple(of: bandwidth, gain: Ratio(1)) }

    /// BDPMultiple.
    func bdpMultiple(of rate: Int, gain: Ratio) -> Int {
        guard minRTT < Self.noRoundTrip else { return Int(initialWindow) }
        return gain.of(Self.product(rate, Int(minRTT.nanoseconds), over: Self.nanosecondsPerSecond))
    }

    // MARK: Rounds

    /// UpdateRound.
    mutating func updateRound(_ sample: RateSample) {
        isRoundStart = sample.hasData && sample.priorDelivered >= nextRoundDelivered
        guard isRoundStart else { return }
        startRound()
        roundCount &+= 1
        roundsSinceProbeUp &+= 1
    }

    /// StartRound.
    mutating func startRound() { nextRoundDelivered = delivered }

    // MARK: Bandwidth

    /// UpdateMaxBw.
    mutating func updateMaxBandwidth(_ sample: RateSample) {
        guard sample.rate > 0, sample.rate >= maxBandwidth || !sample.isApplicationLimited else { return }
        cycleBandwidth = max(cycleBandwidth, sample.rate)
    }

    /// AdvanceMaxBwFilter; a cycle that measured nothing does not push out one that did.
    mutating func advanceMaxBandwidthFilter() {
        guard cycleBandwidth > 0 else { return }
        priorCycleBandwidth = cycleBandwidth
        cycleBandwidth = 0
    }

    // MARK: Aggregation

    /// UpdateACKAggregation.
    mutating func updateAckAggregation(_ news: AcknowledgmentNews) {
        guard news.delivered > 0 else { return }
        let interval = news.now - extraAckedIntervalStart
        var expected = Self.product(bandwidth, Int(interval.nanoseconds), over: Self.nanosecondsPerSecond)
        if extraAckedDelivered <= expected {
            extraAckedDelivered = 0
            extraAckedIntervalStart = news.now
            expected = 0
        }
        extraAckedDelivered = min(extraAckedDelivered + news.delivered, Self.limit)
        // In Startup, one round is remembered.
        if roundCount &- extraAckedWindowStart >= (isFullBandwidthReached ? Self.extraAckedHalfWindow : 1) {
            extraAckedWindowStart = roundCount
            priorExtraAcked = isFullBandwidthReached ? extraAcked : 0
            extraAcked = 0
        }
        extraAcked = max(extraAcked, min(extraAckedDelivered - expected, cwnd))
    }
}
