import TunstackWire

/// SEGMENT ARRIVES in SYN-SENT (RFC 9293 §3.10.7.3).
extension Connection {
    mutating func segmentArrivesInSynSent(
        _ segment: Segment, text: RawSpan, _ environment: inout Environment
    ) -> Disposition {
        // First, the ACK bit: an acknowledgment of anything but our SYN comes from another time.
        let acknowledgesSyn = segment.flags.contains(.ack)
        if acknowledgesSyn, segment.ack.isAtOrBefore(snd.iss) || segment.ack.isAfter(snd.nxt) {
            environment.sendReset(answering: segment)
            return .drop(.unacceptableAcknowledgment)
        }
        // Second, the RST bit: only one that acknowledges our SYN can be an answer to it.
        if segment.flags.contains(.rst) {
            guard acknowledgesSyn else { return .drop(.unexpectedInSynSent) }
            environment.counters.failedOpens &+= 1
            end(.refused, because: .resetArrived, &environment)
            return .consumed
        }
        // Third, security: the stack has no compartments. Fourth, the SYN bit.
        guard segment.flags.contains(.syn) else { return .drop(.unexpectedInSynSent) }
        adoptPeerSyn(segment, at: environment.now)
        if acknowledgesSyn {
            return completeActiveOpen(segment, text: text, &environment)
        }
        return openSimultaneously(segment, text: text, &environment)
    }

    /// Takes over what the peer's SYN says: its numbers, its window and its options.
    private mutating func adoptPeerSyn(_ segment: Segment, at now: Instant) {
        rcv = ReceiveVariables(irs: segment.seq)
        rcv.edge = rcv.nxt + SynWindow.size(options)
        rcv.announced = rcv.edge
        receiveBuffer = ReceiveBuffer(start: rcv.nxt, limit: options.receiveBufferBytes)
        receiveTuning = ReceiveAutotuning(at: now, start: rcv.nxt)
        lastAcknowledgmentSent = rcv.nxt
        negotiated = NegotiatedOptions(offered: options, peer: segment.options, flags: segment.flags)
        negotiated.makeRoom(for: options.sourceRoute)
        // RFC 3168 §6.1.1: who has sent a SYN without the question sets no ECT, though an earlier one asked and is answered now.
        if !asksForECN { negotiated.ecn.remove(.sends) }
        if let timestamps = segment.options.timestamps {
            timestampRecent = timestamps.value
            timestampRecentAt = now
        }
        // The window field of a SYN is never scaled (RFC 7323 §2.2).
        snd.wnd = segment.wnd(shift: 0)
        snd.maximumWindow = snd.wnd
        snd.wl1 = segment.seq
        snd.wl2 = segment.ack
        lastReceivedAt = now
    }

    private mutating func completeActiveOpen(
        _ segment: Segment, text: RawSpan, _ environment: inout Environment
    ) -> Disposition {
        sampleHandshake(at: environment.now)
        transition(to: .established, because: .synAckArrived, &environment)
        openForData(segment, &environment)
        snd.una = segment.ack
        snd.synIsAcknowledged = true
        retransmissions = 0
        progressAt = environment.now
        timers.cancel(.retransmission)
        timers.cancel(.userTimeout)
        armUserTimeout(at: environment.now)
        acknowledgments.oweNow()
        return continueAfterAcknowledgment(segment, text: text, &environment)
    }

    /// Both ends opened at once (RFC 9293 §3.5, Figure 7, MUST-10): one connection, and our SYN again with the
    /// acknowledgment of theirs. Text and FIN are kept until it is established.
    private mutating func openSimultaneously(
        _ segment: Segment, text: RawSpan, _ environment: inout Environment
    ) -> Disposition {
        transition(to: .synReceived, because: .synArrived, &environment)
        output.syn = true
        return continueAfterAcknowledgment(segment, text: text, &environment)
    }

    /// The SYN's round trip, unless it was sent more than once (Karn).
    private mutating func sampleHandshake(at now: Instant) {
        guard let timed = timedSegment else { return }
        timedSegment = nil
        rtt.onSample(now - timed.sentAt)
    }
}
