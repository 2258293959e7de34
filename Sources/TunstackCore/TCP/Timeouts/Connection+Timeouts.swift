import TunstackWire

/// TIMEOUTS (RFC 9293 §3.10.8): what happens when a deadline of the timer table passes. The 2 MSL timeout is the stack's, since
/// TIME-WAIT has no TCB.
extension Connection {
    /// Handles every deadline that is due.
    mutating func fireTimers(_ environment: inout Environment) {
        let now = environment.now
        for kind in TimerKind.allCases where timers.takeDue(kind, at: now) {
            switch kind {
            case .reordering: onReorderingTimeout(&environment)
            case .lossProbe: onLossProbeTimeout(&environment)
            case .retransmission: onRetransmissionTimeout(&environment)
            // What may leave now is read off the block.
            case .pacing: break
            case .persist: onPersistTimeout(&environment)
            case .delayedAcknowledgment: acknowledgments.onDelayExpired()
            case .keepAlive: onKeepAliveTimeout(&environment)
            case .finWait2: end(.finWait2Timeout, because: .finWait2Timeout, &environment)
            case .userTimeout: end(.userTimeout, because: .userTimeout, &environment)
            case .hold:
                output.holdIsOver = true
                // That it said so is long ago.
                moreFollows = false
            case .aftermath: onAftermathTimeout(at: now)
            }
        }
    }
}

// MARK: - Zero window and silly window

extension Connection {
    /// RFC 9293 §3.8.6.1: the first probe after one RTO, then at growing gaps, for as long as the peer answers (MUST-36,
    /// MUST-37, SHLD-29, SHLD-30), also where the peer has drawn its edge back (MUST-35). With a window that is merely small, the
    /// override of §3.8.6.2.1.
    private mutating func onPersistTimeout(_ environment: inout Environment) {
        guard queuedBytes > 0 || (finIsQueued && !finWasSent) else { return }
        if snd.usableWindow > 0 {
            output.overridesSillyWindow = true
            return
        }
        countUnansweredProbe()
        // With gaps up to a minute R2 can pass over one lost probe, which proves nothing about the peer.
        // Where the application has let go, answers alone do not keep the connection (RFC 6429 §3).
        let silence = environment.now - (isReleased ? progressAt : max(progressAt, lastReceivedAt))
        guard silence < options.dataTimeout || (!isReleased && retransmissions < Self.leastUnansweredProbes) else {
            end(.timedOut, because: .retransmissionTimeout, &environment)
            return
        }
        output.windowProbe = true
        probes = probes == .max ? .max : probes + 1
        timers[.persist] = environment.now + persistInterval
    }

    /// Window probes in a row without an answer before R2 may end the connection: no fewer than R1 is worth (RFC 9293 §3.8.3,
    /// SHLD-10).
    private static let leastUnansweredProbes: UInt8 = 3

    /// A probe that nobody answers counts like a retransmission: nothing has arrived since it left.
    private mutating func countUnansweredProbe() {
        guard lastReceivedAt < max(lastSentAt, lastProbedAt) else {
            retransmissions = 0
            return
        }
        retransmissions = retransmissions == .max ? .max : retransmissions + 1
        if retransmissions == options.retransmissionThreshold { events.insert(.retransmissionThreshold) }
    }

    /// The RTO, doubled for every probe that did not open the window.
    @inline(__always)
    private var persistInterval: Interval {
        min(rtt.rto * (1 << Int64(min(probes, 16))), options.maximumRTO)
    }

    /// Something waits to be sent, the windows do not let it, and no acknowledgment is on its way that could change that.
    mutating func armPersistIfBlocked(at now: Instant) {
        guard state.isSynchronized, snd.synIsAcknowledged, snd.outstanding == 0, !timers.isArmed(.persist),
            queuedBytes > 0 || (finIsQueued && !finWasSent)
        else { return }
        timers[.persist] = now + persistInterval
    }
}

// MARK: - Keep-alive

extension Connection {
    /// Starts the clock of RFC 9293 §3.8.4 (MAY-5), if the application has asked for it.
    mutating func armKeepAlive(at now: Instant) {
        guard let keepAlive = options.keepAlive, state.isSynchronized, state != .timeWait else {
            timers.cancel(.keepAlive)
            return
        }
        timers[.keepAlive] = now + keepAlive.idle
    }

    /// Probes only a connection that has nothing in flight and from which nothing has arrived for the interval (MUST-26); the peer is
    /// dead when the last of several probes goes unanswered (MUST-29).
    private mutating func onKeepAliveTimeout(_ environment: inout Environment) {
        guard let keepAlive = options.keepAlive else { return }
        let silence = environment.now - lastReceivedAt
        if silence < keepAlive.idle || snd.outstanding > 0 {
            let quietSince = snd.outstanding > 0 ? environment.now : lastReceivedAt
            timers[.keepAlive] = quietSince + keepAlive.idle
            return
        }
        guard keepAliveProbesUnanswered < max(1, keepAlive.probes) else {
            if keepAlive.resetsPeer { resetPeer(&environment) }
            end(.keepAliveTimeout, because: .keepAliveTimeout, &environment)
            return
        }
        keepAliveProbesUnanswered += 1
        output.keepAliveProbe = true
        timers[.keepAlive] = environment.now + keepAlive.interval
    }
}

// MARK: - FIN-WAIT-2 and the user timeout

extension Connection {
    /// RFC 9293 waits without limit. Once the application has let go, that would let a peer hold our memory, so there is a
    /// limit that can be taken away.
    mutating func armFinWait2(at now: Instant) {
        guard state == .finWait2, isReleased, let timeout = options.finWait2Timeout else { return }
        timers[.finWait2] = now + timeout
    }

    /// Counts from the last progress for as long as anything is not acknowledged.
    mutating func armUserTimeout(at now: Instant) {
        guard let timeout = options.userTimeout, state != .closed, snd.outstanding > 0 || queuedBytes > 0 else {
            timers.cancel(.userTimeout)
            return
        }
        timers[.userTimeout] = now + timeout
    }
}
