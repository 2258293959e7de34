import TunstackWire

/// A segment that is about to leave.
struct OutgoingSegment {
    var seq: SequenceNumber
    var textLength = 0
    /// Of a super-segment: text in each of the segments that it is to be cut into; 0 for a segment.
    var segmentSize = 0
    /// It is larger than the path is known to carry, and finds out (RFC 4821).
    var isSizeProbe = false
    var flags: TCPFlags = .ack
    var purpose = Purpose.ordinary
    /// It is the last of several that leave together, and carries PSH for that alone.
    var endsBurst = false
    /// It ends where the application wants a segment to end.
    var endsRecord = false

    enum Purpose {
        /// New text, a FIN, or a bare acknowledgment.
        case ordinary
        /// Something that was lost.
        case retransmission
        /// The last segment again, to provoke an acknowledgment.
        case lossProbe
        /// One number beyond a closed window.
        case windowProbe
        /// An old number that makes a living peer answer.
        case keepAliveProbe
    }

    /// What its end means when it is sent again.
    var marks: SentSegment.Marks {
        var marks: SentSegment.Marks = flags.contains(.psh) && !endsBurst ? .isPushed : []
        if endsBurst { marks.insert(.endsBurst) }
        if endsRecord { marks.insert(.endsRecord) }
        return marks
    }

    /// Segments on the wire.
    var segmentCount: Int { segmentSize == 0 ? 1 : (textLength + segmentSize - 1) / segmentSize }

    /// Sequence numbers it takes up.
    var length: Int { textLength + (flags.contains(.syn) ? 1 : 0) + (flags.contains(.fin) ? 1 : 0) }
}

/// What to send, read off the control block. Repairs come before new data, data before probes and bare acknowledgments, which any
/// segment carries along (RFC 9293 §3.10.7.4, MUST-58); it comes when all that has arrived was taken in (MUST-59).
extension Connection {
    /// The next segment to leave now, or nil if there is none.
    mutating func nextSegment(at now: Instant, largestPacket: Int, _ pool: inout BufferPool) -> OutgoingSegment? {
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
            // With F-RTO new data asks first; repairs go if none may leave to ask with (RFC 5682 §2.1 step 2).
            if recovery.prefersNewData, let segment = nextNewData(at: now, largestPacket, &pool) { return segment }
            return nextRetransmission(at: now) ?? nextNewData(at: now, largestPacket, &pool) ?? nextLossProbe(&pool)
                ?? nextProbe() ?? nextAcknowledgment()
        }
    }

    @inline(__always)
    private var synPurpose: OutgoingSegment.Purpose { snd.nxt == snd.iss ? .ordinary : .retransmission }

    /// Room for text beside the options of this very segment.
    @inline(__always)
    var textRoom: Int { max(1, effectiveSendMSS - sackBytes) }

    /// A repair, as the windows allow. The first goes whatever they say (SHLD-16, MAY-7), and so may what the peer's window covered before it
    /// shrank. It gives no room to a SACK option, for it must go as it went before.
    private mutating func nextRetransmission(at now: Instant) -> OutgoingSegment? {
        guard recovery.hasMissing, !recovery.prefersNewData || recovery.inFlight == 0 else { return nil }
        let length = min(recovery.repairLength(atMost: effectiveSendMSS), effectiveSendMSS)
        let seq = recovery.segments[recovery.segments.missing.first].start
        if !recovery.owesRepair {
            guard recovery.inFlight + length <= congestionWindow, seq - snd.una < max(1, snd.wnd), paceAllows(at: now)
            else { return nil }
        }
        let textLength = min(length, max(0, sendBuffer.end - seq))
        var segment = OutgoingSegment(seq: seq, textLength: textLength, purpose: .retransmission)
        if textLength < length { segment.flags.insert(.fin) }
        segment = marked(segment)
        if recovery.repairIsPushed(length: length) { segment.flags.insert(.psh) }
        if options.pushesBursts {
            let continues = recovery.repairContinues(window: congestionWindow)
            if burst.nextRepair(from: seq, to: seq + length, continues: continues, limit: largestBurst) {
                segment.flags.insert(.psh)
            }
        }
        return segment
    }

    /// New text as cwnd and the peer's window allow, in full segments where there is enough of it (SHLD-28), then the FIN. Nothing new goes
    /// while the peer's edge is behind what was sent (SHLD-15).
    private mutating func nextNewData(
        at now: Instant, _ largestPacket: Int, _ pool: inout BufferPool
    ) -> OutgoingSegment? {
        let queued = queuedBytes
        let finIsDue = finIsQueued && !finWasSent
        guard queued > 0 || finIsDue else {
            noteLackOfData()
            return nil
        }
        guard !recovery.hasMissing || recovery.prefersNewData else { return nil }
        let usable = snd.usableWindow
        if usable > 0 { resetWindowAfterIdle(at: now) }
        let room = min(usable, congestionWindow - recovery.inFlight)
        let record = marks?.nextRecord
        if let probe = sizeProbeLength(at: now, &pool) {
            // Without room for it the next acknowledgment makes some.
            guard room >= probe, paceAllows(at: now) else { return nil }
            return marked(OutgoingSegment(seq: snd.nxt, textLength: probe, isSizeProbe: true))
        }
        let piece = record.map { $0 - snd.nxt } ?? queued
        let length = min(piece, room, textRoom)
        guard length > 0 || (queued == 0 && finIsDue && usable > 0) else { return nil }
        let finFits = finIsDue && usable > queued
        guard
            finFits && length == queued || (length == piece && piece < queued)
                || isWorthSending(length, queued: queued),
            paceAllows(at: now), recovery.segments.reserve(pool: &pool)
        else { return nil }
        var segment = OutgoingSegment(seq: snd.nxt, textLength: max(0, length))
        if marks == nil, length == textRoom, queued > length {
            let limits = SuperSegmentLimits(queued: queued, room: room, finFits: finFits, largestPacket: largestPacket)
            widen(&segment, limits, at: now, &pool)
        }
        if finFits, segment.textLength == queued { segment.flags.insert(.fin) }
        segment = marked(segment)
        segment.endsRecord = record != nil && length == piece
        push(&segment, room: room, queued: piece)
        return segment
    }

    /// Sets PSH for what leaves together, and for pushes that are kept: at the end of the burst that they are in.
    @inline(__always)
    private mutating func push(_ segment: inout OutgoingSegment, room: Int, queued: Int) {
        guard segment.textLength > 0 else { return }
        var isInside = false
        if options.pushesBursts {
            let partial = queued % effectiveSendMSS
            let leaves =
                segment.endsRecord || !holdsPartialSegment && (options.noDelay || !smallSegmentIsOutstanding)
            // A part of a segment leaves because it is the end, not because the windows have no more room.
            let fitting = room < queued ? room - room % effectiveSendMSS : leaves ? queued : queued - partial
            switch burst.next(size: burstSize(of: min(room, fitting))) {
            case .alone: break
            case .inside: isInside = true
            case .last:
                segment.endsBurst = !segment.flags.contains(.psh)
                segment.flags.insert(.psh)
            }
        }
        if !isInside, let marks, marks.isPushed(before: segment.seq + segment.textLength) {
            segment.endsBurst = false
            segment.flags.insert(.psh)
        }
    }

    /// The delivery rate measured from now on is the application's, not the path's.
    private mutating func noteLackOfData() {
        if !recovery.hasMissing, recovery.inFlight < congestionWindow {
            recovery.rate.onApplicationLimited(inFlight: recovery.inFlight)
        }
    }

    /// Whether the pacing rate lets a segment go now. If not, the timer says when. One segment into an empty network is no
    /// burst, and must not wait for a rate that stems from a round trip that was mistaken.
    @inline(__always)
    private mutating func paceAllows(at now: Instant) -> Bool {
        guard options.pacing, let rate = congestion.pacingRate else { return true }
        guard snd.outstanding > 0 else {
            pacer.forgive(at: now)
            return true
        }
        guard !pacer.allows(rate: rate, segmentSize: effectiveSendMSS, at: now) else { return true }
        timers[.pacing] = pacer.paidAt
        return false
    }

    /// Silly-window avoidance at the sender (RFC 9293 §3.8.6.2.1, MUST-38) and Nagle's algorithm (§3.7.4, SHLD-7).
    private mutating func isWorthSending(_ length: Int, queued: Int) -> Bool {
        if length >= textRoom { return true }
        if length == queued, holdsPartialSegment { return false }
        if length == queued, !smallSegmentIsOutstanding || options.noDelay || output.holdIsOver { return true }
        if snd.outstanding == 0, length * 2 >= snd.maximumWindow { return true }
        return output.overridesSillyWindow
    }

    /// RFC 5681 §4.1: after a pause longer than an RTO begin again with a small window.
    private mutating func resetWindowAfterIdle(at now: Instant) {
        guard options.restartsAfterIdle else { return }
        let pause = now - lastSentAt
        if snd.outstanding == 0, pause > rtt.rto { congestion.onIdle(for: pause, rto: rtt.rto) }
    }

    /// The segment that provokes an acknowledgment (RFC 8985 §7.3): new text if there is some, or else the last segment again.
    private mutating func nextLossProbe(_ pool: inout BufferPool) -> OutgoingSegment? {
        guard output.lossProbe, !recovery.segments.isEmpty else { return nil }
        let length = min(queuedBytes, snd.usableWindow, textRoom)
        if length > 0, recovery.segments.reserve(pool: &pool) {
            return marked(OutgoingSegment(seq: snd.nxt, textLength: length))
        }
        recovery.segments.cutSuperSegments()
        let last = recovery.segments[recovery.segments.last]
        let textLength = min(Int(last.length), effectiveSendMSS, max(0, sendBuffer.end - last.start))
        var segment = OutgoingSegment(seq: last.start, textLength: textLength, purpose: .lossProbe)
        if textLength < Int(last.length), finWasSent { segment.flags.insert(.fin) }
        if last.marks.contains(.isPushed), textLength == Int(last.length) { segment.flags.insert(.psh) }
        return marked(segment)
    }

    @inline(__always)
    private func nextProbe() -> OutgoingSegment? {
        if output.windowProbe, !options.windowProbesCarryText {
            return OutgoingSegment(seq: snd.una - 1, purpose: .windowProbe)
        }
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

    /// Sets PSH on the segment that empties the send buffer (MUST-61), whatever pushes went before (SHLD-27), unless the application has
    /// said that more follows and could still add to it, and URG while urgent data lies ahead.
    @inline(__always)
    private func marked(_ segment: OutgoingSegment) -> OutgoingSegment {
        var segment = segment
        let endsBuffer = segment.textLength > 0 && segment.seq + segment.textLength == sendBuffer.end
        if endsBuffer, !moreFollows || finIsQueued || sendBuffer.free == 0 { segment.flags.insert(.psh) }
        if snd.up.isAfter(segment.seq) { segment.flags.insert(.urg) }
        return segment
    }
}

// MARK: - After a segment has left

extension Connection {
    /// No small segment is among what leaves.
    @inline(__always)
    private func isFull(_ segment: OutgoingSegment) -> Bool {
        segment.segmentSize > 0
            ? segment.textLength % segment.segmentSize == 0 : segment.textLength >= textRoom
    }

    mutating func onSent(_ segment: OutgoingSegment, _ environment: inout Environment) {
        onAcknowledgmentSent(withText: segment.textLength > 0)
        environment.counters.segmentsSent &+= UInt64(segment.segmentCount)
        guard segment.length > 0 else {
            output.keepAliveProbe = false
            if segment.purpose == .windowProbe {
                output.windowProbe = false
                lastProbedAt = environment.now
            }
            return
        }
        switch segment.purpose {
        case .ordinary:
            onNewDataSent(segment, &environment)
            if output.lossProbe { onLossProbeSent(isRetransmission: false, &environment) }
        case .retransmission:
            environment.counters.segmentsRetransmitted &+= 1
            if segment.flags.contains(.syn) {
                output.syn = false
                timedSegment = nil
            } else {
                onRepairSent(segment, at: environment.now)
            }
        case .lossProbe:
            environment.counters.segmentsRetransmitted &+= 1
            recovery.onSentAgain(recovery.segments.last, stamp: environment.now, at: environment.now)
            onLossProbeSent(isRetransmission: true, &environment)
        case .windowProbe:
            output.windowProbe = false
            output.probeIsOutstanding = true
        case .keepAliveProbe:
            output.keepAliveProbe = false
        }
        if segment.purpose != .windowProbe { armLossTimers(after: segment, at: environment.now) }
        lastSentAt = environment.now
    }

    private mutating func onNewDataSent(_ segment: OutgoingSegment, _ environment: inout Environment) {
        let now = environment.now
        if snd.outstanding == 0 {
            progressAt = now
            retransmissions = 0
        }
        if !segment.flags.contains(.syn) {
            congestion.onSent(segment.length, inFlight: recovery.inFlight, at: now)
            if segment.isSizeProbe {
                onSizeProbeSent(segment, &environment)
            } else if segment.segmentSize > 0 {
                recovery.onSuperSegmentSent(
                    segment.seq, length: segment.length, segmentSize: segment.segmentSize, at: now)
            } else {
                recovery.onSent(segment.seq, length: segment.length, at: now)
            }
            if !segment.isSizeProbe { recovery.note(segment.marks) }
            pay(for: segment, at: now)
        }
        snd.nxt += segment.length
        marks?.forget(before: snd.nxt, wasPushed: segment.flags.contains(.psh))
        noteSize(of: segment, isFull: isFull(segment))
        if recovery.inFlight + effectiveSendMSS > congestionWindow { filledTo = snd.nxt }
        output.syn = false
        output.probeIsOutstanding = false
        output.overridesSillyWindow = false
        timers.cancel(.persist)
        if !timers.isArmed(.userTimeout) { armUserTimeout(at: now) }
        if timedSegment == nil, recovery.phase == .open {
            // Of a super-segment the first, since the peer need not wait for the others to acknowledge it.
            timedSegment = (end: segment.segmentSize > 0 ? segment.seq + segment.segmentSize : snd.nxt, sentAt: now)
        }
        if mayCarryMark(segment) { recovery.untoldReduction = nil }
        // A SYN or a FIN is no answer to anything.
        guard segment.textLength > 0 else { return }
        acknowledgments.onDataSent(
            sinceLastReceived: now - lastTextReceivedAt, delay: options.delayedAcknowledgment)
    }

    private mutating func onRepairSent(_ segment: OutgoingSegment, at now: Instant) {
        congestion.onSent(segment.length, inFlight: recovery.inFlight, at: now)
        recovery.onRepairSent(length: segment.length, at: now)
        pay(for: segment, at: now)
    }

    private mutating func onLossProbeSent(isRetransmission: Bool, _ environment: inout Environment) {
        output.lossProbe = false
        environment.counters.tailLossProbes &+= 1
        recovery.probe.onSent(nxt: snd.nxt, isRetransmission: isRetransmission)
    }

    @inline(__always)
    private mutating func pay(for segment: OutgoingSegment, at now: Instant) {
        guard let rate = congestion.pacingRate else { return }
        pacer.onSent(segment.length, rate: rate, segmentSize: effectiveSendMSS, at: now)
    }

    private mutating func onAcknowledgmentSent(withText: Bool) {
        acknowledgments.onAcknowledgmentSent(withText: withText)
        timers.cancel(.delayedAcknowledgment)
        lastAcknowledgmentSent = rcv.nxt
    }
}
