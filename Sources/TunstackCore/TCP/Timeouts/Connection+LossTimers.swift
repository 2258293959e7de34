import TunstackWire

/// The timers that find losses: retransmission (RFC 6298 §5), tail loss probe and reordering (RFC 8985 §8).
extension Connection {
    /// RFC 6298 §5.4 to §5.6, and the thresholds R1 and R2 of RFC 9293 §3.8.3 (MUST-20).
    mutating func onRetransmissionTimeout(_ environment: inout Environment) {
        guard snd.outstanding > 0 else { return }
        environment.counters.retransmissionTimeouts &+= 1
        let isHandshake = !snd.synIsAcknowledged
        guard environment.now - progressAt < giveUpInterval else {
            if isHandshake { environment.counters.failedOpens &+= 1 }
            end(isHandshake ? .establishmentTimedOut : .timedOut, because: .retransmissionTimeout, &environment)
            return
        }
        retransmissions = retransmissions == .max ? .max : retransmissions + 1
        if retransmissions == options.retransmissionThreshold { events.insert(.retransmissionThreshold) }
        timedSegment = nil
        if state != .synSent || retransmissions > options.linearSynRetransmissions { rtt.backOff() }
        if isHandshake {
            output.syn = true
        } else {
            recovery.segments.cutSuperSegments()
            recovery.onTimeout(
                una: snd.una, nxt: snd.nxt, isFirst: retransmissions == 1, smoothed: rtt.srtt,
                usesSelective: negotiated.selectiveAcknowledgment, &congestion, at: environment.now)
            watchForBlackHole(&environment)
            timers.cancel(.reordering)
            timers.cancel(.lossProbe)
        }
        armRetransmission(at: environment.now)
    }

    /// Starts the retransmission timer (RFC 6298 §5.1), or lets it be as if it had started before. R2 is met exactly, not at the
    /// next time-out after it.
    mutating func armRetransmission(at now: Instant, asOf start: Instant? = nil) {
        timers[.retransmission] = max(now, min((start ?? now) + rtt.rto, progressAt + giveUpInterval))
    }

    /// R2: for our SYN, or for data.
    private var giveUpInterval: Interval {
        snd.synIsAcknowledged ? options.dataTimeout : options.establishmentTimeout
    }

    /// After a segment has left: the retransmission timer runs while anything is outstanding (RFC 6298 §5.1); new data puts off the
    /// probe (RFC 8985 §7.2), and the repair of the oldest segment the time-out.
    mutating func armLossTimers(after segment: OutgoingSegment, at now: Instant) {
        if segment.purpose == .ordinary, mayProbeForLoss {
            armLossProbe(at: now)
        } else if segment.seq == snd.una || !(timers.isArmed(.retransmission) || timers.isArmed(.lossProbe)) {
            armRetransmission(at: now)
        }
    }

    /// After an acknowledgment (RFC 6298 §5.2, §5.3): from the start, if it was of something new.
    mutating func restartLossTimers(hasAdvanced: Bool, at now: Instant) {
        guard snd.outstanding > 0 else {
            timers.cancel(.retransmission)
            timers.cancel(.lossProbe)
            timers.cancel(.reordering)
            return
        }
        if mayProbeForLoss {
            if hasAdvanced { armLossProbe(at: now) }
        } else if hasAdvanced {
            timers.cancel(.lossProbe)
            armRetransmission(at: now)
        } else if timers.isArmed(.lossProbe) {
            // The time-out comes when it would have come without the probe in its place.
            timers.cancel(.lossProbe)
            armRetransmission(at: now, asOf: progressAt)
        }
    }
}

// MARK: - Tail loss probe and reordering

extension Connection {
    /// RFC 8985 §7.2: with selective acknowledgment, nothing reported missing, and no probe out already.
    @inline(__always)
    private var mayProbeForLoss: Bool {
        options.tailLossProbes && negotiated.selectiveAcknowledgment && snd.synIsAcknowledged && recovery.phase == .open
            && recovery.probe.end == nil && recovery.segments.receivedCount == 0 && !recovery.segments.isEmpty
    }

    /// The probe comes instead of the time-out, and no later than that would, which new data does not put off (RFC 6298 §5.1).
    private mutating func armLossProbe(at now: Instant) {
        let timeout = TailLossProbe.timeout(smoothed: rtt.srtt, isSingleSegment: recovery.segments.isSingle)
        timers[.lossProbe] = min(now + timeout, max(now, progressAt + rtt.rto))
        timers.cancel(.retransmission)
    }

    mutating func onLossProbeTimeout(_ environment: inout Environment) {
        guard snd.outstanding > 0 else { return }
        output.lossProbe = mayProbeForLoss
        timedSegment = nil
        armRetransmission(at: environment.now)
    }

    mutating func onReorderingTimeout(_ environment: inout Environment) {
        guard snd.outstanding > 0 else { return }
        recovery.segments.cutSuperSegments()
        let outcome = recovery.onReorderingTimeout(
            una: snd.una, nxt: snd.nxt, smoothed: rtt.srtt, segmentSize: effectiveSendMSS, &congestion,
            at: environment.now)
        noteRecovery(outcome, &environment)
    }

    /// What the outcome of an acknowledgment or a time-out means for timers and counters.
    mutating func noteRecovery(_ outcome: AcknowledgmentOutcome, _ environment: inout Environment) {
        noteSizeProbe(isDelivered: outcome.hasDeliveredSizeProbe, at: environment.now)
        timers[.reordering] = outcome.reorderingTimeout.map { environment.now + $0 }
        if outcome.wasSpurious { environment.counters.spuriousRecoveries &+= 1 }
        if outcome.duplicate != nil { environment.counters.duplicatesReported &+= 1 }
        guard outcome.hasBegunRecovery else { return }
        environment.counters.fastRetransmissions &+= 1
        timedSegment = nil
        timers.cancel(.lossProbe)
        armRetransmission(at: environment.now)
    }
}
