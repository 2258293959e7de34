import TunstackWire

/// The path MTU: what it means for segments when it changes, and the probes that find it (RFC 4821, RFC 8899).
extension Connection {
    /// The largest packet that the peer takes.
    @inline(__always)
    private var packetLimit: Int { negotiated.peerMaximumSegmentSize + MaximumSegmentSize.headerBytes }

    /// The largest packet that we send.
    @inline(__always)
    private var packetSize: Int { min(pathMTU, packetLimit) }

    /// Smaller segments from now on, and what was too big again, at once. That is no sign of congestion.
    mutating func lowerPathMTU(to mtu: Int, _ environment: inout Environment) {
        setPathMTU(mtu)
        timedSegment = nil
        guard !recovery.segments.isEmpty else { return }
        if recovery.phase == .fastRecovery || recovery.phase == .reducing {
            congestion.onRecovered(inFlight: recovery.inFlight, at: environment.now)
        }
        recovery.onPathMTULowered(segmentSize: effectiveSendMSS, nxt: snd.nxt, pool: &environment.pool)
    }

    private mutating func setPathMTU(_ mtu: Int) {
        pathMTU = mtu
        congestion.setMaximumSegmentSize(effectiveSendMSS)
    }

    /// A router says what its next hop takes (RFC 1191 §3); zero if it is too old to say.
    mutating func takeNextHopMTU(_ mtu: Int, _ environment: inout Environment) {
        // What was too big for a router that does not name a size was the probe, whose loss will show.
        guard mtu > 0 || !pathMTUSearch.isProbing else { return }
        let believed = max(Self.smallestPathMTU, mtu)
        guard believed < pathMTU else {
            pathMTUSearch.onProbeRefused(nextHopMTU: believed, current: packetSize, at: environment.now)
            return
        }
        pathMTUSearch.pause(at: environment.now)
        lowerPathMTU(to: believed, &environment)
    }

    /// With `.always` the connection begins with small segments. The initial window is made of them.
    mutating func beginPathMTUSearch() {
        guard options.pathMTUProbing == .always, negotiated.selectiveAcknowledgment else { return }
        pathMTU = min(
            pathMTU,
            PathMTUSearch.baseText + MaximumSegmentSize.headerBytes + negotiated.lengthOnEverySegment)
    }
}

// MARK: - Probes

extension Connection {
    /// The text of a probe for a larger path MTU, if one is due: nothing is being repaired, and enough text follows
    /// it that its loss shows soon (RFC 4821 §7.4).
    @inline(__always)
    mutating func sizeProbeLength(at now: Instant, _ pool: inout BufferPool) -> Int? {
        guard pathMTUSearch.isDue(above: pathMTU, at: now), options.pathMTUProbing != .off else { return nil }
        return dueSizeProbeLength(at: now, &pool)
    }

    private mutating func dueSizeProbeLength(at now: Instant, _ pool: inout BufferPool) -> Int? {
        guard recovery.phase == .open, !recovery.hasMissing else { return nil }
        guard let size = pathMTUSearch.candidate(above: packetSize, limit: packetLimit) else {
            pathMTUSearch.pause(at: now)
            return nil
        }
        guard negotiated.selectiveAcknowledgment else {
            // A lost probe could not be told from other losses. The larger size is simply believed; time-outs tell if
            // it is wrong.
            pathMTUSearch.pause(at: now)
            setPathMTU(size)
            return nil
        }
        let length = size - MaximumSegmentSize.headerBytes - negotiated.lengthOnEverySegment
        let withFollowing = length + LossRecovery.duplicateThreshold * effectiveSendMSS
        guard queuedBytes >= withFollowing, min(congestionWindow, snd.wnd) >= withFollowing,
            recovery.segments.reserve(length / effectiveSendMSS + 1, pool: &pool)
        else { return nil }
        return length
    }

    /// A segment of new text leaves that is larger than the others.
    mutating func onSizeProbeSent(_ segment: OutgoingSegment, _ environment: inout Environment) {
        recovery.onSizeProbeSent(
            segment.seq, length: segment.length, segmentSize: effectiveSendMSS, at: environment.now)
        pathMTUSearch.onProbeSent(
            size: segment.textLength + MaximumSegmentSize.headerBytes + negotiated.lengthOnEverySegment)
        environment.counters.pathMTUProbes &+= 1
    }

    /// An acknowledgment or a timer has told what became of the probe.
    mutating func noteSizeProbe(isDelivered: Bool, at now: Instant) {
        if isDelivered, let size = pathMTUSearch.onProbeDelivered(), size > packetSize { setPathMTU(size) }
        guard recovery.hasLostSizeProbe else { return }
        recovery.hasLostSizeProbe = false
        timedSegment = nil
        pathMTUSearch.onProbeLost(current: packetSize, limit: packetLimit, at: now)
    }

    /// The retransmission timer has fired, and `recovery` knows of it: perhaps the path swallows large packets (RFC
    /// 2923 §2.1).
    mutating func watchForBlackHole(_ environment: inout Environment) {
        noteSizeProbe(isDelivered: false, at: environment.now)
        guard options.pathMTUProbing != .off, recovery.hasMissing else { return }
        let text = min(recovery.repairLength(atMost: effectiveSendMSS), effectiveSendMSS)
        let packet = text + MaximumSegmentSize.headerBytes + negotiated.lengthOnEverySegment
        let mtu = pathMTUSearch.onTimeout(
            count: Int(retransmissions), packet: packet, current: packetSize,
            usesProbes: negotiated.selectiveAcknowledgment, at: environment.now)
        guard let mtu else { return }
        guard mtu < pathMTU else { return setPathMTU(mtu) }
        environment.counters.pathMTUReductions &+= 1
        lowerPathMTU(to: mtu, &environment)
    }
}
