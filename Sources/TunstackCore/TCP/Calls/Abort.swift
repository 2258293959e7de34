import TunstackWire

/// ABORT (RFC 9293 §3.9.1.6, §3.10.5).
extension Stack {
    /// Ends the connection at once: everything queued is thrown away, and the peer is told by a reset.
    public mutating func abort(_ id: ConnectionID, at now: Instant) {
        environment.now = now
        let index = Int(id.index)
        guard connections.contains(index, generation: id.generation) else { return }
        if connections[index].bookkeeping.isInTimeWait, connections[index].state == .timeWait,
            let record = timeWaitRecord(of: connections[index].key)
        {
            endTimeWait(record, because: .abort)
            return
        }
        connections[index].abort(&environment)
        refresh(index)
    }

    /// Aborts every connection that there is a handle of, or was before it was released. Half-open entries, and TIME-WAIT records of
    /// connections that were released, stay.
    public mutating func abortAll(at now: Instant) {
        for index in connections.indices where connections.isOccupied(index) { abort(id(of: index), at: now) }
    }
}

extension Connection {
    mutating func abort(_ environment: inout Environment) {
        switch state {
        case .closed, .listen, .timeWait:
            return
        case .synReceived, .established, .finWait1, .finWait2, .closeWait:
            resetPeer(&environment)
        case .closing, .lastAck:
            // These begin here when the application closes, which may be before everything has been sent.
            if !sendBuffer.isEmpty || !finWasSent { resetPeer(&environment) }
        case .synSent:
            break
        }
        receiveBuffer.discard(pool: &environment.pool)
        end(.aborted, because: .abort, &environment)
    }

    /// <SEQ=SND.NXT><CTL=RST>, with the ACK that lets a peer in doubt check it.
    ///
    /// It carries timestamps like any other segment of the connection, though no receiver heeds them (RFC 7323 §3.2).
    func resetPeer(_ environment: inout Environment) {
        var reset = ReplySegment(
            key: key, seq: snd.nxt, ack: rcv.nxt, flags: [.rst, .ack],
            timeToLive: options.timeToLive, differentiatedServices: options.differentiatedServices)
        if negotiated.timestamps {
            reset.options.timestamps = TCPTimestamps(
                value: timestampClock.value(at: environment.now), echoReply: timestampRecent)
        }
        environment.counters.resetsSent &+= 1
        environment.reply(.segment(reset))
        guard output.probeIsOutstanding else { return }
        // The peer may have taken the byte of a window probe, and heeds only the exact number (RFC 5961 §3.2).
        reset.seq += 1
        environment.counters.resetsSent &+= 1
        environment.reply(.segment(reset))
    }

    /// Ends a connection whose application leaves without having read everything: the peer must not believe that somebody
    /// did (RFC 9293 §3.6.1, SHLD-3), whether both directions are closed already or not.
    mutating func abortUnread(_ environment: inout Environment) {
        if state == .closing || state == .lastAck, sendBuffer.isEmpty, finWasSent { resetPeer(&environment) }
        abort(&environment)
    }
}
