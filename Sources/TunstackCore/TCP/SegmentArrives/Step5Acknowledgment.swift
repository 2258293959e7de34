import TunstackWire

/// Fifth: check the ACK field (RFC 9293 §3.10.7.4).
extension Connection {
    mutating func checkAcknowledgment(_ segment: Segment, _ environment: inout Environment) -> Disposition {
        guard segment.flags.contains(.ack) else { return .drop(.noAcknowledgment) }
        if !snd.synIsAcknowledged {
            let disposition = acknowledgeSyn(segment, &environment)
            guard disposition == .proceed else { return disposition }
        }
        // RFC 5961 §5.2: neither more than was sent, nor further back than any window ever reached.
        let highest = output.probeIsOutstanding ? snd.nxt + 1 : snd.nxt
        guard segment.ack.isAtOrBefore(highest), segment.ack.isAtOrAfter(snd.una - snd.maximumWindow) else {
            sendChallenge(&environment)
            return .drop(.unacceptableAcknowledgment)
        }
        if segment.ack.isAfter(snd.una) {
            onNewAcknowledgment(segment, &environment)
        } else if isDuplicate(segment) {
            onDuplicateAcknowledgment(&environment)
        }
        updateSendWindow(segment, at: environment.now)
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
        openForData(segment, &environment)
        return .proceed
    }

    /// Our SYN is acknowledged. Data that came with the peer's was kept; from now on it is read (RFC 9293 §3.10.7.2,
    /// §3.10.7.3).
    mutating func openForData(_ segment: Segment, _ environment: inout Environment) {
        events.insert(.established)
        output.syn = false
        congestion = NewRenoCongestion(maximumSegmentSize: effectiveSendMSS)
        if retransmissions > 0 {
            rtt.onHandshakeRetransmitted()
            congestion.onHandshakeRetransmitted()
        }
        armKeepAlive(at: environment.now)
        let held = receiveBuffer.advance()
        if held > 0 {
            rcv.nxt += held
            events.insert(.readable)
            acknowledgments.oweNow()
        }
        takePeerFinIfReached(&environment)
    }

    /// RFC 5681 §2: the definition of a duplicate acknowledgment.
    @inline(__always)
    private func isDuplicate(_ segment: Segment) -> Bool {
        segment.ack == snd.una && snd.outstanding > 0 && segment.len == 0
            && segment.wnd(shift: negotiated.sendWindowShift) == snd.wnd
    }

    private mutating func onDuplicateAcknowledgment(_ environment: inout Environment) {
        let flight = snd.outstanding
        switch recovery.onDuplicate(una: snd.una, nxt: snd.nxt, maximumSegmentSize: effectiveSendMSS) {
        case .counted: break
        case .fastRetransmit:
            environment.counters.fastRetransmissions &+= 1
            congestion.onFastRetransmit(flightSize: flight)
            timedSegment = nil
        case .inRecovery:
            congestion.onDuplicateInRecovery()
        }
    }

    private mutating func onNewAcknowledgment(_ segment: Segment, _ environment: inout Environment) {
        let kept = sendBuffer.count
        // cwnd grows only on data that had filled it.
        let wasLimited = congestion.isInSlowStart || snd.una.isBefore(filledTo)
        sampleRoundTrip(segment, at: environment.now)
        acknowledge(to: segment.ack, &environment)
        let acknowledged = kept - sendBuffer.count

        switch recovery.onAcknowledged(una: snd.una, maximumSegmentSize: effectiveSendMSS) {
        case .ordinary:
            if wasLimited { congestion.onAcknowledged(acknowledged, afterTimeout: recovery.phase == .afterTimeout) }
        case .partial: congestion.onPartialAcknowledgment(acknowledged)
        case .complete: congestion.onRecovered(flightSize: snd.outstanding)
        }
        restartTimers(at: environment.now)
        growSendBuffer(environment)
        noteRoom()
        // The acknowledgment of a SYN alone is none of anything that the application has sent.
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

    /// RFC 6298 §5.2, §5.3.
    private mutating func restartTimers(at now: Instant) {
        timers.cancel(.retransmission)
        if snd.outstanding > 0 { armRetransmission(at: now) }
        armUserTimeout(at: now)
    }

    /// One round trip, from the segment being timed, or from the echoed timestamp where retransmission makes that ambiguous
    /// (Karn's rule, RFC 6298 §3; RFC 7323 §4).
    private mutating func sampleRoundTrip(_ segment: Segment, at now: Instant) {
        if let timed = timedSegment {
            guard segment.ack.isAtOrAfter(timed.end) else { return }
            timedSegment = nil
            rtt.onSample(now - timed.sentAt)
        } else if negotiated.timestamps, let echoed = segment.options.timestamps?.echoReply, echoed != 0 {
            guard let elapsed = timestampClock.elapsed(since: echoed, at: now) else { return }
            rtt.onSample(elapsed)
        }
    }

    /// SND.WL1 and SND.WL2 keep an old segment from setting the window.
    private mutating func updateSendWindow(_ segment: Segment, at now: Instant) {
        guard segment.ack.isAtOrAfter(snd.una),
            snd.wl1.isBefore(segment.seq) || (snd.wl1 == segment.seq && snd.wl2.isAtOrBefore(segment.ack))
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
            // MUST-37: a peer that keeps its window shut but answers is alive. Where no application waits any more, RFC 6429 §3
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
