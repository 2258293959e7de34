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
    func refusal(by listener: ListenerID) -> DropReason? {
        guard environment.quietTimeLeft == nil else { return .quietTime }
        guard !listeners[Int(listener.index)].synQueueIsFull else { return .synQueueFull }
        // With a full accept queue the handshake could not be completed; the peer tries again.
        guard !listeners[Int(listener.index)].acceptQueueIsFull else { return .acceptQueueFull }
        guard connections.count + halfOpens.count < environment.configuration.limits.connections else {
            return .connectionTableFull
        }
        return nil
    }

    /// Answers a SYN with a SYN-ACK and a half-open entry, if there is room for one. `minimumISS` is the number that a new
    /// incarnation of a connection in TIME-WAIT must exceed.
    mutating func openHalf(
        _ segment: Segment, text: RawSpan, listener id: ListenerID, minimumISS: SequenceNumber? = nil
    ) -> Disposition {
        if let refusal = refusal(by: id) { return .drop(refusal) }
        let listener = Int(id.index)
        let options = listeners[listener].connectionOptions
        var halfOpen = HalfOpen(
            key: segment.key, listener: id, iss: initialSequenceNumber(for: segment.key, after: minimumISS),
            irs: segment.seq,
            negotiated: NegotiatedOptions(offered: options, peer: segment.options, flags: segment.flags),
            timestampRecent: segment.options.timestamps?.value ?? 0,
            timestampClock: environment.timestampClock(for: segment.key), peerWindow: UInt16(segment.wnd(shift: 0)),
            startedAt: environment.now, sentAt: environment.now)
        hold(text, fin: segment.flags.contains(.fin), in: &halfOpen, options)
        let index = halfOpens.insert(halfOpen)
        let reference = EntryReference(.halfOpen, index)
        table.insert(reference, hash: segment.key.hash(key: tableKey))
        halfOpens[index].timer = timers.allocate(owner: reference)
        listeners[listener].halfOpenCount += 1
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
