import TunstackWire

/// SEGMENT ARRIVES in SYN-RECEIVED after a passive open (RFC 9293 §3.10.7.4), as far as it can be handled without a control block.
/// An acceptable ACK makes one, and the segment goes through all the steps there.
extension Stack {
    mutating func segmentArrivesAtHalfOpen(
        _ segment: Segment, text: RawSpan, entry: EntryReference
    ) -> Disposition {
        let index = entry.index
        let halfOpen = halfOpens[index]
        let options = listeners[Int(halfOpen.listener.index)].connectionOptions
        let rcv = halfOpen.receiveVariables(options)

        // The SYN again: our SYN-ACK was lost.
        if segment.seq == halfOpen.irs, segment.flags.isDisjoint(with: [.rst, .ack]), segment.flags.contains(.syn) {
            halfOpens[index].isAmbiguous = true
            // RFC 3168 §6.1.1.1: a peer that asks no more has doubts about the path.
            if !segment.flags.isECNSetup { halfOpens[index].negotiated.ecn.remove(.sends) }
            sendSynAck(index)
            return .consumed
        }
        // The timestamp, which comes before all else: a segment that the control block would refuse must not make one.
        if let refusal = halfOpen.negotiated.refusal(ofTimestampIn: segment, recent: halfOpen.timestampRecent),
            refusal != .missingTimestamp || !options.acceptsMissingTimestamps
        {
            if refusal == .pawsRejected { challenge(index, rcv, answering: segment) }
            return .drop(refusal)
        }
        // First, the sequence number.
        guard rcv.accepts(segment.seq, length: segment.len) else {
            if !segment.flags.contains(.rst) { challenge(index, rcv, answering: segment) }
            return .drop(.outsideWindow)
        }
        // Second, a reset: back to LISTEN, and the application never knew (MUST-11). Inexact ones are challenged.
        if segment.flags.contains(.rst) {
            guard segment.seq == rcv.nxt else {
                challenge(index, rcv, answering: segment)
                return .drop(.challengedReset)
            }
            removeHalfOpen(index, because: .resetArrived)
            return .consumed
        }
        // Fourth, another SYN: back to LISTEN too.
        guard !segment.flags.contains(.syn) else {
            removeHalfOpen(index, because: .synArrived)
            return .consumed
        }
        // Fifth, the ACK, which must be of our SYN.
        guard segment.flags.contains(.ack) else { return .drop(.noAcknowledgment) }
        guard segment.ack == halfOpen.iss + 1 else {
            environment.sendReset(answering: segment)
            return .drop(.unacceptableAcknowledgment)
        }
        guard !listeners[Int(halfOpen.listener.index)].acceptQueueIsFull else { return .drop(.acceptQueueFull) }
        return promote(entry, with: segment, text: text)
    }

    /// The handshake is complete: the entry becomes a connection, and the segment is processed as the first of it.
    private mutating func promote(
        _ entry: EntryReference, with segment: Segment, text: RawSpan
    ) -> Disposition {
        // Of a new incarnation nothing of the old connection is left.
        let displaced = halfOpens[entry.index].displacedTimeWait
        if displaced >= 0 { endTimeWait(Int(displaced), because: .newIncarnation) }
        let halfOpen = halfOpens.remove(entry.index)
        timers.free(halfOpen.timer)
        heldSynBytes -= halfOpen.heldText.count
        let listener = Int(halfOpen.listener.index)
        listeners[listener].halfOpenCount -= 1

        let connection = Connection(
            promoting: halfOpen, options: listeners[listener].connectionOptions, &environment)
        let index = insert(connection, replacing: entry)
        environment.counters.passiveOpens &+= 1
        let disposition = connections[index].segmentArrives(segment, text: text, &environment)
        refresh(index)
        return disposition
    }

    /// The ordinary ACK of this state, at the rate of challenges (RFC 5961 §7).
    private mutating func challenge(_ index: Int, _ rcv: ReceiveVariables, answering segment: Segment) {
        guard halfOpens[index].refusals.allow(segment, at: environment.now), environment.allowsChallenge()
        else { return }
        let halfOpen = halfOpens[index]
        let options = listeners[Int(halfOpen.listener.index)].connectionOptions
        let window = SynWindow.size(options) >> Int(halfOpen.negotiated.receiveWindowShift)
        var reply = ReplySegment(
            key: halfOpen.key, seq: halfOpen.iss + 1, ack: rcv.nxt, flags: .ack, window: UInt16(clamping: window),
            timeToLive: options.timeToLive, differentiatedServices: options.differentiatedServices)
        reply.options.timestamps = timestamps(of: halfOpen)
        environment.reply(.segment(reply))
    }

    private func timestamps(of halfOpen: HalfOpen) -> TCPTimestamps? {
        guard halfOpen.negotiated.timestamps else { return nil }
        return TCPTimestamps(
            value: halfOpen.timestampClock.value(at: environment.now), echoReply: halfOpen.timestampRecent)
    }

    /// Sends the SYN-ACK, for the first time or again, and waits for the answer.
    mutating func sendSynAck(_ index: Int) {
        let halfOpen = halfOpens[index]
        let options = listeners[Int(halfOpen.listener.index)].connectionOptions
        var reply = ReplySegment(
            key: halfOpen.key, seq: halfOpen.iss, ack: halfOpen.irs + 1, flags: [.syn, .ack],
            window: UInt16(clamping: SynWindow.size(options)),
            timeToLive: options.timeToLive, differentiatedServices: options.differentiatedServices)
        reply.options.maximumSegmentSize = UInt16(
            clamping: MaximumSegmentSize.announced(
                mtu: environment.configuration.mtu, option: options.maximumSegmentSize))
        reply.options.sackPermitted = halfOpen.negotiated.selectiveAcknowledgment
        reply.options.timestamps = timestamps(of: halfOpen)
        if halfOpen.negotiated.ecn.contains(.sends) { reply.flags.insert(.ece) }
        if halfOpen.negotiated.windowScaling { reply.options.windowScale = halfOpen.negotiated.receiveWindowShift }
        environment.reply(.segment(reply))
        halfOpens[index].sentAt = environment.now
        let deadline = min(
            environment.now + halfOpen.timeout(options), halfOpen.startedAt + options.establishmentTimeout)
        timers.arm(halfOpen.timer, at: deadline)
    }

    /// No ACK came: the SYN-ACK again, with back-off, until R2 (RFC 9293 §3.8.3, MUST-22, MUST-23).
    mutating func halfOpenTimeout(_ index: Int) {
        let halfOpen = halfOpens[index]
        let options = listeners[Int(halfOpen.listener.index)].connectionOptions
        guard environment.now - halfOpen.startedAt < options.establishmentTimeout else {
            removeHalfOpen(index, because: .retransmissionTimeout)
            return
        }
        halfOpens[index].retransmissions = min(halfOpen.retransmissions, .max - 1) + 1
        halfOpens[index].isAmbiguous = true
        environment.counters.segmentsRetransmitted &+= 1
        sendSynAck(index)
    }

    /// The entry's way back to LISTEN, or to the TIME-WAIT that it came from.
    mutating func removeHalfOpen(_ index: Int, because cause: TransitionCause) {
        let halfOpen = halfOpens.remove(index)
        environment.record(StateTransition(.synReceived, .listen, cause), of: halfOpen.key)
        if halfOpen.displacedTimeWait >= 0 {
            returnToTimeWait(Int(halfOpen.displacedTimeWait), fromHalfOpen: index)
        } else {
            forget(EntryReference(.halfOpen, index), of: halfOpen.key)
        }
        timers.free(halfOpen.timer)
        heldSynBytes -= halfOpen.heldText.count
        listeners[Int(halfOpen.listener.index)].halfOpenCount -= 1
    }

    /// An ICMP error about our SYN-ACK. Only a hard one counts: there is no application yet to be told of others.
    mutating func icmpArrives(
        _ error: SoftError, atHalfOpen index: Int, about number: SequenceNumber
    ) -> DropReason? {
        guard number == halfOpens[index].iss else { return .unmatchedICMP }
        guard case .unreachable(let code) = error, ICMPCode.isHard(code) else { return .ignoredICMP }
        removeHalfOpen(index, because: .hardError)
        return nil
    }
}

extension Connection {
    /// The control block that a half-open entry stands for, in SYN-RECEIVED.
    fileprivate init(
        promoting halfOpen: borrowing HalfOpen, options: ConnectionOptions, _ environment: inout Environment
    ) {
        self.init(
            key: halfOpen.key, origin: .passive, state: .synReceived, iss: halfOpen.iss, irs: halfOpen.irs,
            options: options, environment: environment)
        negotiated = halfOpen.negotiated
        rcv = halfOpen.receiveVariables(options)
        snd.nxt = halfOpen.iss + 1
        snd.wnd = Int(halfOpen.peerWindow)
        snd.wl1 = halfOpen.irs
        snd.wl2 = halfOpen.iss
        snd.maximumWindow = snd.wnd
        timestampRecent = halfOpen.timestampRecent
        retransmissions = halfOpen.retransmissions
        if !halfOpen.isAmbiguous { timedSegment = (end: snd.nxt, sentAt: halfOpen.sentAt) }
        bookkeeping.acceptor = halfOpen.listener
        guard !halfOpen.heldText.isEmpty || halfOpen.holdsFin else { return }
        let start = rcv.nxt
        let insertion = halfOpen.heldText.withRawSpan { text in
            receiveBuffer.insert(
                text, at: start, rangeLimit: environment.configuration.limits.reassemblyRanges,
                pool: &environment.pool)
        }
        if insertion == .stored, halfOpen.holdsFin { peerFin = rcv.nxt + halfOpen.heldText.count }
    }
}
