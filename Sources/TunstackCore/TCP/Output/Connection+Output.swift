import TunstackWire

/// A segment that is about to leave.
struct OutgoingSegment {
    var seq: SequenceNumber
    var textLength = 0
    var flags: TCPFlags = .ack
    var purpose = Purpose.ordinary

    enum Purpose {
        /// New text, a FIN, or a bare acknowledgment.
        case ordinary
        /// Something sent before.
        case retransmission
        /// One number beyond a closed window.
        case windowProbe
        /// An old number that makes a living peer answer.
        case keepAliveProbe
    }

    /// Sequence numbers it takes up.
    var length: Int { textLength + (flags.contains(.syn) ? 1 : 0) + (flags.contains(.fin) ? 1 : 0) }
}

/// What to send, read off the control block. Repairs come before new data, data before probes and bare acknowledgments, which any
/// segment carries along (RFC 9293 §3.10.7.4, MUST-58).
extension Connection {
    /// The next segment to leave now, or nil if there is none.
    mutating func nextSegment(at now: Instant) -> OutgoingSegment? {
        switch state {
        case .closed, .listen, .timeWait:
            return nil
        case .synSent:
            return output.syn ? OutgoingSegment(seq: snd.iss, flags: .syn, purpose: synPurpose) : nil
        case .synReceived:
            if output.syn { return OutgoingSegment(seq: snd.iss, flags: [.syn, .ack], purpose: synPurpose) }
            return acknowledgments.debt == .now ? OutgoingSegment(seq: snd.nxt) : nil
        case .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck:
            if output.syn { return OutgoingSegment(seq: snd.iss, flags: [.syn, .ack], purpose: synPurpose) }
            return nextRetransmission() ?? nextNewData(at: now) ?? nextProbe() ?? nextAcknowledgment()
        }
    }

    @inline(__always)
    private var synPurpose: OutgoingSegment.Purpose { snd.nxt == snd.iss ? .ordinary : .retransmission }

    /// Room for text beside the options of this very segment.
    @inline(__always)
    private var textRoom: Int { max(1, effectiveSendMSS - sackBytes) }

    @inline(__always)
    private func nextRetransmission() -> OutgoingSegment? {
        guard recovery.hasResend, snd.synIsAcknowledged else { return nil }
        // After a time-out slow start paces the repair; the window may have shrunk, but the first segment always goes (SHLD-16).
        let sentAlready = recovery.resendNext - snd.una
        if recovery.phase == .afterTimeout, sentAlready > 0 {
            guard sentAlready < congestion.cwnd, sentAlready < snd.wnd else { return nil }
        }
        let seq = recovery.resendNext
        let length = min(textRoom, max(0, sendBuffer.end - seq), recovery.resendEnd - seq)
        var segment = OutgoingSegment(seq: seq, textLength: length, purpose: .retransmission)
        if finWasSent, seq + length == sendBuffer.end { segment.flags.insert(.fin) }
        return marked(segment)
    }

    /// New text as cwnd and the peer's window allow, then the FIN.
    private mutating func nextNewData(at now: Instant) -> OutgoingSegment? {
        let queued = queuedBytes
        let finIsDue = finIsQueued && !finWasSent
        guard queued > 0 || finIsDue, !recovery.hasResend else { return nil }
        resetWindowAfterIdle(at: now)
        let usable = snd.usableWindow
        let room = min(usable, congestion.cwnd + recovery.limitedTransmit(effectiveSendMSS) - flightSize)
        let length = min(queued, room, textRoom)
        guard length > 0 || (queued == 0 && finIsDue && usable > 0) else { return nil }
        var segment = OutgoingSegment(seq: snd.nxt, textLength: max(0, length))
        if finIsDue, segment.textLength == queued, usable > queued { segment.flags.insert(.fin) }
        guard segment.flags.contains(.fin) || isWorthSending(length, queued: queued) else { return nil }
        return marked(segment)
    }

    /// Silly-window avoidance at the sender (RFC 9293 §3.8.6.2.1, MUST-38) and Nagle's algorithm (§3.7.4, SHLD-7).
    @inline(__always)
    private func isWorthSending(_ length: Int, queued: Int) -> Bool {
        if length >= textRoom { return true }
        if length == queued, holdsPartialSegment { return false }
        if length == queued, !smallSegmentIsOutstanding || options.noDelay || output.holdIsOver { return true }
        if snd.outstanding == 0, length * 2 >= snd.maximumWindow { return true }
        return output.overridesSillyWindow
    }

    /// RFC 5681 §4.1: after a pause longer than an RTO begin again with a small window.
    private mutating func resetWindowAfterIdle(at now: Instant) {
        if snd.outstanding == 0, now - lastSentAt > rtt.rto { congestion.onIdle() }
    }

    @inline(__always)
    private func nextProbe() -> OutgoingSegment? {
        if output.windowProbe, queuedBytes > 0 {
            return marked(OutgoingSegment(seq: snd.nxt, textLength: 1, purpose: .windowProbe))
        }
        if output.windowProbe, finIsQueued, !finWasSent {
            return OutgoingSegment(seq: snd.nxt, flags: [.ack, .fin], purpose: .windowProbe)
        }
        if output.keepAliveProbe {
            // Without text (SHLD-12): the old number alone makes a peer answer.
            return OutgoingSegment(seq: snd.nxt - 1, purpose: .keepAliveProbe)
        }
        return nil
    }

    @inline(__always)
    private func nextAcknowledgment() -> OutgoingSegment? {
        acknowledgments.debt == .now ? OutgoingSegment(seq: snd.nxt) : nil
    }

    /// Sets PSH on the segment that empties the send buffer (MUST-61), and URG while urgent data lies ahead.
    @inline(__always)
    private func marked(_ segment: OutgoingSegment) -> OutgoingSegment {
        var segment = segment
        if segment.textLength > 0, segment.seq + segment.textLength == sendBuffer.end { segment.flags.insert(.psh) }
        if snd.up.isAfter(segment.seq) { segment.flags.insert(.urg) }
        return segment
    }
}

// MARK: - After a segment has left

extension Connection {
    mutating func onSent(_ segment: OutgoingSegment, _ environment: inout Environment) {
        onAcknowledgmentSent(withText: segment.textLength > 0)
        environment.counters.segmentsSent &+= 1
        guard segment.length > 0 else {
            output.keepAliveProbe = false
            return
        }
        switch segment.purpose {
        case .ordinary: onNewDataSent(segment, at: environment.now)
        case .retransmission:
            environment.counters.segmentsRetransmitted &+= 1
            if segment.flags.contains(.syn) {
                output.syn = false
                timedSegment = nil
            } else {
                recovery.onResent(segment.length)
            }
        case .windowProbe:
            output.windowProbe = false
            output.probeIsOutstanding = true
        case .keepAliveProbe:
            output.keepAliveProbe = false
        }
        if segment.purpose != .windowProbe, !timers.isArmed(.retransmission) {
            armRetransmission(at: environment.now)
        }
        lastSentAt = environment.now
    }

    private mutating func onNewDataSent(_ segment: OutgoingSegment, at now: Instant) {
        if snd.outstanding == 0 {
            progressAt = now
            retransmissions = 0
        }
        snd.nxt += segment.length
        noteSize(of: segment, isFull: segment.textLength >= textRoom)
        if flightSize + effectiveSendMSS > congestion.cwnd { filledTo = snd.nxt }
        output.syn = false
        output.probeIsOutstanding = false
        output.overridesSillyWindow = false
        timers.cancel(.persist)
        if !timers.isArmed(.userTimeout) { armUserTimeout(at: now) }
        if timedSegment == nil, recovery.phase == .open {
            timedSegment = (end: snd.nxt, sentAt: now)
        }
        // A SYN or a FIN is no answer to anything.
        guard segment.textLength > 0 else { return }
        acknowledgments.onDataSent(
            sinceLastReceived: now - lastTextReceivedAt, delay: options.delayedAcknowledgment)
    }

    private mutating func onAcknowledgmentSent(withText: Bool) {
        acknowledgments.onAcknowledgmentSent(withText: withText)
        timers.cancel(.delayedAcknowledgment)
        lastAcknowledgmentSent = rcv.nxt
    }
}
