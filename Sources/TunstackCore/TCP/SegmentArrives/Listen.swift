import TunstackWire

/// SEGMENT ARRIVES in LISTEN (RFC 9293 §3.10.7.2).
extension Stack {
    mutating func segmentArrivesInListen(_ segment: Segment, text: RawSpan, listener: ListenerID) -> Disposition {
        // First, a reset: it cannot be meant for anything that exists.
        guard !segment.flags.contains(.rst) else { return .drop(.resetWithoutConnection) }
        // Second, an ACK: nothing has been sent that it could acknowledge.
        guard !segment.flags.contains(.ack) else {
            environment.sendReset(answering: segment)
            return .drop(.noSynToListener)
        }
        // Third, a SYN; fourth, anything else is dropped.
        guard segment.flags.contains(.syn) else { return .drop(.noSynToListener) }
        return openHalf(segment, text: text, listener: listener)
    }

    /// Why a listener cannot answer a SYN at the moment; nil if it can.
    mutating func refusal(by listener: ListenerID) -> DropReason? {
        guard environment.quietTimeLeft == nil else { return .quietTime }
        guard !listeners[Int(listener.index)].synQueueIsFull || overdueHalfOpen(at: listener) != nil else {
            return .synQueueFull
        }
        // With a full accept queue the handshake could not be completed; the peer tries again.
        guard !listeners[Int(listener.index)].acceptQueueIsFull else { return .acceptQueueFull }
        guard connections.count + halfOpens.count < environment.configuration.limits.connections else {
            return .connectionTableFull
        }
        return nil
    }

    /// Answers a SYN with a SYN-ACK and a half-open entry, if there is room for one. It may take the place of a record in TIME-WAIT, as
    /// the new incarnation of its connection; our numbers begin beyond those of the old one.
    mutating func openHalf(
        _ segment: Segment, text: RawSpan, listener id: ListenerID, displacing record: Int? = nil
    ) -> Disposition {
        if let refusal = refusal(by: id) { return .drop(refusal) }
        let listener = Int(id.index)
        if listeners[listener].synQueueIsFull, let oldest = overdueHalfOpen(at: id) {
            environment.counters.synQueueOverflows &+= 1
            removeHalfOpen(oldest, because: .retransmissionTimeout)
        }
        let options = listeners[listener].connectionOptions
        var halfOpen = HalfOpen(
            key: segment.key, listener: id,
            iss: initialSequenceNumber(for: segment.key, after: record.map { timeWaits[$0].sndNxt }),
            irs: segment.seq,
            negotiated: NegotiatedOptions(offered: options, peer: segment.options, flags: segment.flags),
            timestampRecent: segment.options.timestamps?.value ?? 0,
            timestampClock: environment.timestampClock(for: segment.key), peerWindow: UInt16(segment.wnd(shift: 0)),
            startedAt: environment.now, sentAt: environment.now)
        let route = options.sourceRoute ?? environment.arrivingRoute?.reversed
        environment.routes[segment.key] = route
        halfOpen.negotiated.makeRoom(for: route)
        hold(text, fin: segment.flags.contains(.fin), in: &halfOpen, options)
        let index = halfOpens.insert(halfOpen)
        let reference = EntryReference(.halfOpen, index)
        if let record {
            displaceTimeWait(record, byHalfOpen: index)
        } else {
            table.insert(reference, hash: segment.key.hash(key: tableKey))
        }
        halfOpens[index].timer = timers.allocate(owner: reference)
        listeners[listener].halfOpenCount += 1
        forgetEndedHalfOpens(at: listener)
        listeners[listener].halfOpenOrder.append(
            RecordHandle(index: UInt32(index), generation: halfOpens.generation(of: index)))
        environment.record(StateTransition(.listen, .synReceived, .synArrived), of: segment.key)
        sendSynAck(index)
        return .consumed
    }

    private func initialSequenceNumber(for key: ConnectionKey, after minimum: SequenceNumber?) -> SequenceNumber {
        let iss = environment.initialSequenceNumber(for: key)
        guard let minimum, !iss.isAfter(minimum) else { return iss }
        return minimum + 1
    }

    /// Text on a SYN waits until the connection is established. What does not fit the budget is not kept; the SYN-ACK does not
    /// acknowledge it, so the peer sends it again.
    private mutating func hold(
        _ text: RawSpan, fin: Bool, in halfOpen: inout HalfOpen, _ options: ConnectionOptions
    ) {
        guard text.byteCount <= SynWindow.size(options),
            heldSynBytes + text.byteCount <= environment.configuration.limits.heldSynBytes
        else { return }
        halfOpen.holdsFin = fin
        guard !text.isEmpty else { return }
        halfOpen.heldText.append(bytes: text)
        heldSynBytes += text.byteCount
    }
}

// MARK: - A full SYN queue

extension Stack {
    /// Who has not answered for so long gives way (RFC 4987 §3.4). Nearly every round trip is shorter, so that a crowd of honest peers does
    /// not push itself out, whose handshakes would then end in resets. A flood has to send `synBacklog` SYNs in this time to be felt.
    private static var halfOpenPatience: Interval { .milliseconds(250) }

    /// The listener's oldest half-open entry, if it may give way to a new one.
    private mutating func overdueHalfOpen(at listener: ListenerID) -> Int? {
        while let oldest = listeners[Int(listener.index)].halfOpenOrder.first {
            guard halfOpens.contains(Int(oldest.index), generation: oldest.generation) else {
                _ = listeners[Int(listener.index)].halfOpenOrder.popFirst()
                continue
            }
            let age = environment.now - halfOpens[Int(oldest.index)].startedAt
            return age >= Self.halfOpenPatience ? Int(oldest.index) : nil
        }
        return nil
    }

    /// Keeps the order of entries from growing with those that have ended, which need not be in front.
    private mutating func forgetEndedHalfOpens(at listener: Int) {
        guard listeners[listener].halfOpenOrder.count > 2 * max(8, listeners[listener].halfOpenCount) else { return }
        for _ in 0..<listeners[listener].halfOpenOrder.count {
            guard let handle = listeners[listener].halfOpenOrder.popFirst() else { return }
            guard halfOpens.contains(Int(handle.index), generation: handle.generation) else { continue }
            listeners[listener].halfOpenOrder.append(handle)
        }
    }
}
