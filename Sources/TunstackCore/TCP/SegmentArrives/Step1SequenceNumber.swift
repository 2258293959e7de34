import TunstackWire

/// First: check the sequence number (RFC 9293 §3.10.7.4), with the timestamp check that RFC 7323 §5.2 and §5.3 put before it.
extension Connection {
    mutating func checkSequenceNumber(_ segment: inout Segment, _ environment: inout Environment) -> Disposition {
        trimRepeatedSyn(&segment)
        if let refusal = checkTimestamp(segment, at: environment.now) { return refuse(segment, refusal, &environment) }
        guard rcv.accepts(segment.seq, length: segment.len) || isAllowance(segment) else {
            return refuse(segment, .outsideWindow, &environment)
        }
        if isKeepAliveProbe(segment), !segment.ack.isAfter(snd.una) { acknowledgments.oweNow() }
        lastReceivedAt = environment.now
        keepAliveProbesUnanswered = 0
        return .proceed
    }

    /// The SYN-ACK of a simultaneous open repeats a SYN that has been taken in (RFC 9293 §3.5, Figure 7): what is left of it
    /// is the acknowledgment, whether the application has closed in the meantime or not.
    private mutating func trimRepeatedSyn(_ segment: inout Segment) {
        if !snd.synIsAcknowledged, segment.seq == rcv.irs, segment.flags.isSuperset(of: [.syn, .ack]) {
            noteRepeatedSyn(segment)
            segment.removeSyn()
        }
    }

    /// What RFC 9293 §3.10.7.4 allows beyond its table (MUST-66):
    ///
    /// - anything at the left edge of a closed window; the text step finds no room;
    /// - a bare ACK at the right edge, where the numbers of a peer are that has filled our window;
    /// - a bare ACK one before the window: a keep-alive probe, or a peer that does not count its window probe yet.
    @inline(__always)
    private func isAllowance(_ segment: Segment) -> Bool {
        if rcv.wnd == 0, segment.seq == rcv.nxt { return true }
        guard segment.len == 0, segment.flags.contains(.ack), !segment.flags.contains(.rst) else { return false }
        return segment.seq == rcv.nxt + rcv.wnd || segment.seq == rcv.nxt - 1
    }

    /// An unacceptable segment is answered with an ACK, unless it is a reset.
    private mutating func refuse(
        _ segment: Segment, _ reason: DropReason, _ environment: inout Environment
    ) -> Disposition {
        guard !segment.flags.contains(.rst), reason != .missingTimestamp else { return .drop(reason) }
        // Bare ACKs that miss each other's windows could bounce for ever; those are held to the rates of challenges.
        if segment.len > 0 {
            acknowledgments.oweNow()
            noteRepeatedText(below: segment)
        } else {
            sendChallenge(answering: segment, &environment)
        }
        return .drop(reason)
    }

    /// One number before the window, without text: a peer asks whether we are there (RFC 9293 §3.8.4). Some send one old byte
    /// instead (MAY-6), which is refused and answered like any other.
    @inline(__always)
    private func isKeepAliveProbe(_ segment: Segment) -> Bool { segment.seq == rcv.nxt - 1 && segment.len == 0 }
}

// MARK: - Timestamps

extension Connection {
    /// RFC 7323 §5.5: a TS.Recent older than 24 days is no guide any more.
    private static let timestampLifetime = Interval.seconds(24 * 86_400)

    @inline(__always)
    private func checkTimestamp(_ segment: Segment, at now: Instant) -> DropReason? {
        let refusal = negotiated.refusal(ofTimestampIn: segment, recent: timestampRecent)
        if refusal == .missingTimestamp, options.acceptsMissingTimestamps { return nil }
        let isOutdated = now - timestampRecentAt > Self.timestampLifetime
        return refusal == .pawsRejected && isOutdated ? nil : refusal
    }

    /// RFC 7323 §4.3 and §5.3 R3: the segment that covers what was acknowledged last sets TS.Recent. Done only once the acknowledgment
    /// has been checked too, or a blind segment could move TS.Recent beyond everything that the peer will send.
    mutating func recordTimestamp(_ segment: Segment, at now: Instant) {
        guard negotiated.timestamps, let timestamps = segment.options.timestamps,
            segment.seq.isAtOrBefore(lastAcknowledgmentSent)
        else { return }
        timestampRecent = timestamps.value
        timestampRecentAt = now
    }
}

extension NegotiatedOptions {
    /// PAWS (RFC 7323 §5.3 R1), and the rule of §3.2 that every segment but a reset carries the option once it is agreed on.
    @inline(__always)
    func refusal(ofTimestampIn segment: Segment, recent: UInt32) -> DropReason? {
        guard timestamps, !segment.flags.contains(.rst) else { return nil }
        guard let timestamps = segment.options.timestamps else { return .missingTimestamp }
        return Int32(bitPattern: timestamps.value &- recent) < 0 ? .pawsRejected : nil
    }
}
