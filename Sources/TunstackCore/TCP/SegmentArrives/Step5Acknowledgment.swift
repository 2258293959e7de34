import TunstackWire

/// Fifth: check the ACK field (RFC 9293 §3.10.7.4).
extension Connection {
    mutating func checkAcknowledgment(_ segment: Segment, _ environment: inout Environment) -> Disposition {
        guard segment.flags.contains(.ack) else { return .drop(.noAcknowledgment) }
        if !snd.synIsAcknowledged {
            let disposition = acknowledgeSyn(segment, &environment)
            guard disposition == .proceed else { return disposition }
        }
        // RFC 5961 §5.2, RFC 9293 MAY-12: neither more than was sent, nor further back than any window ever reached.
        let highest = output.probeIsOutstanding ? snd.nxt + 1 : snd.nxt
        guard segment.ack.isAtOrBefore(highest), segment.ack.isAtOrAfter(snd.una - snd.maximumWindow) else {
            sendChallenge(answering: segment, &environment)
            return .drop(.unacceptableAcknowledgment)
        }
        let isNew = segment.ack.isAfter(snd.una)
        // With nothing outstanding the report of a duplicate still tells whether a repair or a probe was needed.
        if snd.outstanding > 0 || isNew || !segment.options.sackBlocks.isEmpty || recovery.probe.end != nil {
            takeAcknowledgment(segment, &environment)
        }
        updateSendWindow(segment, isNew: isNew, at: environment.now)
        return closeByAcknowledgment(segment, &environment)
    }

    /// In SYN-RECEIVED (or FIN-WAIT-1, if the application closed there) the acknowledgment of our SYN, and nothing else, opens
    /// the connection.
    private mutating func acknowledgeSyn(_ segment: Segment, _ environment: inout Environment) -> Disposition {
        guard segment.ack.isAfter(snd.una), segment.ack.isAtOrBefore(snd.nxt) else {
            environment.sendReset(answering: segment)
            return .drop(.unacceptableAcknowledgment)
        }
        if state == .synReceived {
            transition(to: .established, because: .ackOfSynArrived, &environment)
            // A CLOSE that has waited for the data before it (RFC 9293 §3.10.4).
            if finIsQueued { transition(to: .finWait1, because: .close, &environment) }
        }
        snd.synIsAcknowledged = true
        sampleRoundTrip(segment, at: environment.now)
        openForData(segment, &environment)
        return .proceed
    }

    /// Our SYN is acknowledged. Data that came with the peer's was kept; from now on it is read (RFC 9293 §3.10.7.2,
    /// §3.10.7.3).
    mutating func openForData(_ segment: Segment, _ environment: inout Environment) {
        events.insert(.established)
        output.syn = false
        lastTextReceivedAt = environment.now
        beginPathMTUSearch()
        congestion = options.congestion.makeController(
            maximumSegmentSize: effectiveSendMSS, roundTrip: rtt.srtt,
            usesSelective: negotiated.selectiveAcknowledgment, rules: WindowRules(options),
            seed: snd.iss.rawValue)
        pacer = Pacer(unpacedBytes: congestion.cwnd)
        if retransmissions > 0 {
            rtt.onHandshakeRetransmitted()
            congestion.onHandshakeRetransmitted()
        }
        armKeepAlive(at: environment.now)
        let held = receiveBuffer.advance()
        if held > 0 {
            rcv.advance(by: held)
            events.insert(.readable)
            acknowledgments.oweNow()
        }
        takePeerFinIfReached(&environment)
    }

    /// RFC 5681 §2: the definition of a duplicate acknowledgment. A probe may be answered when all is acknowledged.
    @inline(__always)
    private func isDuplicate(_ segment: Segment) -> Bool {
        segment.ack == snd.una && (snd.outstanding > 0 || recovery.probe.end != nil) && segment.len == 0
            && segment.wnd(shift: negotiated.sendWindowShift) == snd.wnd
    }

    /// An acknowledgment within what is outstanding: moves SND.UNA, and tells loss recovery and the congestion controller.
    private mutating func takeAcknowledgment(_ segment: Segment, _ environment: inout Environment) {
        let hasAdvanced = segment.ack.isAfter(snd.una)
        let priorUna = snd.una
        let kept = sendBuffer.count
        let isDuplicate = isDuplicate(segment)
        // cwnd grows only on data that had filled it.
        let hadFilledWindow = snd.una.isBefore(filledTo)
        let isWindowLimited = hadFilledWindow || recovery.inFlight * 2 > congestion.cwnd
        if hasAdvanced {
            if priorUna != snd.iss, !options.timesEverySegment { sampleRoundTrip(segment, at: environment.now) }
            acknowledge(to: segment.ack, &environment)
        }
        // An older one that comes late may still tell of what has arrived beyond a gap.
        guard segment.ack.isAtOrAfter(priorUna) || !segment.options.sackBlocks.isEmpty else { return }
        output.lossProbe = false
        // More is said than that everything up to a number has arrived.
        if isDuplicate || !segment.options.sackBlocks.isEmpty {
            recovery.segments.cutSuperSegments()
        }
        let outcome = recovery.onAcknowledged(
            IncomingAcknowledgment(
                now: environment.now, priorUna: priorUna, una: snd.una, nxt: snd.nxt,
                blocks: segment.options.sackBlocks, usesSelective: negotiated.selectiveAcknowledgment,
                echo: echo(in: segment), clock: timestampClock,
                isDuplicate: isDuplicate, segmentSize: effectiveSendMSS, smoothed: rtt.srtt,
                canSendNew: queuedBytes > 0 && snd.usableWindow > 0, isWindowLimited: isWindowLimited,
                hadFilledWindow: hadFilledWindow, number: segment.ack,
                isMarked: isEcho(segment, &environment.counters)),
            &congestion)
        if sendBuffer.isEmpty { recovery.segments.releaseIfEmpty(to: &environment.pool) }
        if options.timesEverySegment, hasAdvanced || outcome.oldestOriginalSentAt != nil, priorUna != snd.iss {
            sampleRoundTrip(segment, outcome, at: environment.now)
        }
        noteRecovery(outcome, &environment)
        restartLossTimers(hasAdvanced: hasAdvanced, at: environment.now)
        guard hasAdvanced else { return }
        if moreFollows, !options.corked, !options.holdsAcrossAcknowledgments, queuedBytes > 0 {
            output.holdIsOver = true
        }
        armUserTimeout(at: environment.now)
        growSendBuffer(environment)
        noteRoom()
        // The acknowledgment of a SYN alone is none of anything that the application has sent.
        let acknowledged = kept - sendBuffer.count
        if finIsQueued ? finIsAcknowledged : sendBuffer.isEmpty && acknowledged > 0 {
            events.insert(.sendsAcknowledged)
        }
    }

    /// Moves SND.UNA and lets go of what it passed.
    private mutating func acknowledge(to number: SequenceNumber, _ environment: inout Environment) {
        snd.una = number
        sendBuffer.acknowledge(to: number, pool: &environment.pool)
        if number.isAfter(snd.nxt) {
            snd.nxt = number
            output.probeIsOutstanding = false
            output.windowProbe = false
        }
        if snd.up.isBefore(number) { snd.up = number }
        filledTo = SequenceNumber.max(filledTo, number)
        retransmissions = 0
        progressAt = environment.now
    }

    /// The timestamp of ours that a segment echoes; zero echoes nothing (RFC 7323 §3.2).
    @inline(__always)
    private func echo(in segment: Segment) -> UInt32? {
        guard negotiated.timestamps, let echoed = segment.options.timestamps?.echoReply, echoed != 0 else { return nil }
        return echoed
    }

    /// One round trip, from the segment being timed, or from the echoed timestamp where none is: after a retransmission, of which only an
    /// echo tells which copy arrived (Karn's rule, RFC 6298 §3; RFC 7323 §4.1), and at the end of a flight (RFC 7323 §4.2).
    private mutating func sampleRoundTrip(_ segment: Segment, at now: Instant) {
        if let timed = timedSegment {
            guard segment.ack.isAtOrAfter(timed.end) else { return }
            timedSegment = nil
            rtt.onSample(now - timed.sentAt)
        } else if let echoed = echo(in: segment), !recovery.rack.hasSeenReordering || recovery.phase == .open {
            guard let elapsed = timestampClock.elapsed(since: echoed, at: now) else { return }
            rtt.onSample(elapsed)
        }
    }

    /// The round trip of the oldest segment of those that are newly known to have arrived and were sent once; or else from the echo.
    private mutating func sampleRoundTrip(_ segment: Segment, _ outcome: AcknowledgmentOutcome, at now: Instant) {
        timedSegment = nil
        if let sentAt = outcome.oldestOriginalSentAt {
            rtt.onSample(now - sentAt)
        } else if let echoed = echo(in: segment), let elapsed = timestampClock.elapsed(since: echoed, at: now) {
            rtt.onSample(elapsed)
        }
    }

    /// SND.WL1 and SND.WL2 keep an old segment from setting the window. One that acknowledges something new cannot be old, whatever its
    /// own number: without its window the old one would reach as far beyond what the peer allows as SND.UNA has moved.
    private mutating func updateSendWindow(_ segment: Segment, isNew: Bool, at now: Instant) {
        guard segment.ack.isAtOrAfter(snd.una),
            isNew || snd.wl1.isBefore(segment.seq) || (snd.wl1 == segment.seq && snd.wl2.isAtOrBefore(segment.ack))
        else { return }
        let wasShut = snd.wnd == 0
        snd.wnd = segment.wnd(shift: negotiated.sendWindowShift)
        snd.wl1 = segment.seq
        snd.wl2 = segment.ack
        snd.maximumWindow = max(snd.maximumWindow, snd.wnd)
        if snd.wnd > 0 {
            // The override of a merely small window goes on waiting.
            if wasShut { timers.cancel(.persist) }
            probes = 0
            output.windowProbe = false
        } else if !isReleased {
            // MUST-37, SHLD-17: a peer that keeps its window shut but answers is alive. Where no application waits any more, RFC 6429 §3
            // allows giving up.
            progressAt = now
        }
    }

    /// The states in which an acknowledgment of our FIN changes something.
    private mutating func closeByAcknowledgment(
        _ segment: Segment, _ environment: inout Environment
    ) -> Disposition {
        guard finIsAcknowledged else { return .proceed }
        switch state {
        case .finWait1:
            // If the segment brings the peer's FIN too, the eighth step goes straight to TIME-WAIT.
            if segment.flags.contains(.fin) { return .proceed }
            transition(to: .finWait2, because: .ackOfFinArrived, &environment)
            armFinWait2(at: environment.now)
            return .proceed
        case .closing:
            enterTimeWait(because: .ackOfFinArrived, &environment)
            return .consumed
        case .lastAck:
            end(.closed, because: .ackOfFinArrived, &environment)
            return .consumed
        case .finWait2, .established, .closeWait, .closed, .listen, .synSent, .synReceived, .timeWait:
            return .proceed
        }
    }
}
