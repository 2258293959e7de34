import TunstackWire

/// What is in the network, what is lost, and where a repair stands. One struct for all the ways to find a loss: RACK-TLP (RFC 8985)
/// over the scoreboard of selective acknowledgments (RFC 2018 §5.1, RFC 6675, RFC 5681 §4.3), NewReno (RFC 6582) for peers without
/// them, and the retransmission timer (RFC 6298) when nothing else tells.
///
/// How much to slow down is the congestion controller's business, which is told here of every loss, recovery and delivery.
struct LossRecovery {
    enum Phase: UInt8 {
        /// Nothing is known to be lost.
        case open
        /// The window is being reduced without a repair: the network has marked a segment, or a probe has repaired the only loss.
        case reducing
        /// Losses are being repaired, until `recover` is acknowledged.
        case fastRecovery
        /// A time-out is being repaired, until `recover` is acknowledged.
        case afterTimeout
    }

    /// RFC 5681 §3.2; DupThresh of RFC 6675.
    static let duplicateThreshold = 3

    var phase = Phase.open
    /// The end of what was outstanding when the last recovery began (RFC 6582 §3.2 "recover", RFC 6675 "RecoveryPoint").
    var recover: SequenceNumber
    var segments = SentSegments()
    var rack: RACK
    var probe = TailLossProbe()
    var reduction = ProportionalRateReduction()
    var spurious = SpuriousRecovery()
    var rate = DeliveryRateSampler()
    var minimumRoundTrip = MinimumRoundTrip()
    /// The blocks of the last acknowledgment: only what goes beyond them is new.
    var reported = SACKBlocks()
    /// Without selective acknowledgment: duplicates in a row, and the bytes that they stand for.
    var duplicates: UInt8 = 0
    var duplicateBytes = 0
    /// A repair is due whatever the window says: the first after a loss was found or the timer fired.
    var owesRepair = false
    /// Why the window has been reduced since the peer was last told of that, by CWR on new text (RFC 3168 §6.1.2).
    var untoldReduction: CongestionSignal?
    /// The latest time that a retransmission's timestamp told.
    var lastRepairStamp = Instant.origin
    /// Segments that have left again so far.
    var totalRetransmissions: UInt32 = 0
    /// A probe for a larger path MTU was lost; the connection takes note.
    var hasLostSizeProbe = false

    init(iss: SequenceNumber) {
        recover = iss
        rack = RACK(iss: iss)
    }

    /// Bytes believed to be in the network, for comparison with cwnd (RFC 6675 "pipe").
    var inFlight: Int { max(0, segments.flight.bytes - duplicateBytes) }
    /// The time that the timestamp of a repair tells, on a path that reorders a little in the past. The receiver refuses what was
    /// held back while a repair with a newer timestamp overtook it and closed a gap (RFC 7323 §5.3): that would be a loss, and
    /// another recovery, for nothing. Originals that count as lost are older by a round trip at least, so Eifel still tells
    /// them apart (docs/adr/0014-timestamps-of-repairs.md).
    @inline(__always)
    func repairStamp(at now: Instant) -> Instant {
        max(lastRepairStamp, now - rack.repairStampLag(minimumRoundTrip: minimumRoundTrip.value))
    }
    /// Whether something waits to be sent again.
    var hasMissing: Bool { !segments.missing.isEmpty }
    /// Whether something is missing that tells of congestion. The loss of a probe for a larger path MTU does not (RFC
    /// 4821 §7.6.2).
    @inline(__always)
    var hasLosses: Bool {
        var serial = segments.missing.first
        while serial != SentSegments.none {
            if !segments[serial].isSizeProbe { return true }
            serial = segments[serial].next
        }
        return false
    }
    /// A time-out may have been a mistake; new data finds out, so repairs wait (RFC 5682 §3.1).
    var prefersNewData: Bool { spurious.suspicion == .probing }
}

// MARK: - What leaves

extension LossRecovery {
    /// A segment leaves for the first time.
    mutating func onSent(_ start: SequenceNumber, length: Int, isSizeProbe: Bool = false, at now: Instant) {
        var segment = SentSegment(start: start, length: Int32(length), sentAt: now)
        segment.isSizeProbe = isSizeProbe
        rate.stamp(&segment, inFlight: inFlight, at: now)
        segments.append(segment)
        reduction.onSent(length)
    }

    /// A super-segment leaves for the first time. While nothing is known to be lost it is one record.
    mutating func onSuperSegmentSent(_ start: SequenceNumber, length: Int, segmentSize: Int, at now: Instant) {
        guard keepsSuperSegmentsWhole else {
            return onSentInPieces(start, length: length, segmentSize: segmentSize, isSizeProbe: false, at: now)
        }
        var segment = SentSegment(start: start, length: Int32(length), sentAt: now)
        segment.segmentSize = UInt16(segmentSize)
        rate.stamp(&segment, inFlight: inFlight, at: now)
        segments.append(segment)
        reduction.onSent(length)
    }

    /// Every acknowledgment is expected to be cumulative.
    private var keepsSuperSegmentsWhole: Bool {
        phase == .open && segments.isInOrder && duplicates == 0
    }

    /// What is special about the segment that has just left for the first time.
    mutating func note(_ marks: SentSegment.Marks) {
        if !marks.isEmpty { segments[segments.last].marks = marks }
    }

    /// Whether the next repair leaves together with the one after it: they left together before, and the window allows both.
    func repairContinues(window: Int) -> Bool {
        let serial = segments.missing.first
        guard serial != segments.last, !segments[serial].marks.contains(.endsBurst) else { return false }
        let next = segments.following(serial)
        return segments[next].place == .missing
            && inFlight + Int(segments[serial].length) + Int(segments[next].length) <= window
    }

    /// A probe for a larger path MTU leaves. It is recorded as segments of the size that passes, and repaired as such.
    mutating func onSizeProbeSent(_ start: SequenceNumber, length: Int, segmentSize: Int, at now: Instant) {
        onSentInPieces(start, length: length, segmentSize: segmentSize, isSizeProbe: true, at: now)
    }

    private mutating func onSentInPieces(
        _ start: SequenceNumber, length: Int, segmentSize: Int, isSizeProbe: Bool, at now: Instant
    ) {
        var sent = 0
        while sent < length {
            let piece = min(segmentSize, length - sent)
            onSent(start + sent, length: piece, isSizeProbe: isSizeProbe, at: now)
            sent += piece
        }
    }

    /// A segment leaves again; its timestamp tells the time `stamp`.
    mutating func onSentAgain(_ serial: SentSegments.Serial, stamp: Instant, at now: Instant) {
        lastRepairStamp = max(lastRepairStamp, stamp)
        totalRetransmissions &+= 1
        segments.moveToEndOfFlight(serial)
        rate.stamp(&segments[serial], inFlight: inFlight - Int(segments[serial].length), at: now)
        segments[serial].sentAt = now
        segments[serial].isRetransmitted = true
        segments[serial].isSizeProbe = false
        reduction.onSent(Int(segments[serial].length))
        spurious.onRetransmitted(upTo: segments[serial].end, stamp: stamp)
    }

    /// The segments that a repair of at most `size` bytes takes along: the first that is missing, and those missing that follow it
    /// without a gap. Their bytes.
    @inline(__always)
    func repairLength(atMost size: Int) -> Int {
        var serial = segments.missing.first
        var length = Int(segments[serial].length)
        while serial != segments.last, !segments[serial].marks.contains(.endsRecord) {
            serial = segments.following(serial)
            guard segments[serial].place == .missing, length + Int(segments[serial].length) <= size else { break }
            length += Int(segments[serial].length)
        }
        return length
    }

    /// Whether a repair of `length` bytes ends with a segment that carries PSH.
    func repairIsPushed(length: Int) -> Bool {
        var serial = segments.missing.first
        var left = length
        while true {
            left -= Int(segments[serial].length)
            if left <= 0 { return left == 0 && segments[serial].marks.contains(.isPushed) }
            guard serial != segments.last else { return false }
            serial = segments.following(serial)
        }
    }

    /// A repair of `length` bytes has left. What is cut off by a smaller path MTU counts as sent; it will be found missing again.
    mutating func onRepairSent(length: Int, at now: Instant) {
        owesRepair = false
        let stamp = repairStamp(at: now)
        var left = length
        while left > 0, hasMissing {
            left -= Int(segments[segments.missing.first].length)
            onSentAgain(segments.missing.first, stamp: stamp, at: now)
        }
    }
}

// MARK: - Losses

extension LossRecovery {
    /// One segment is lost; its bytes.
    mutating func lose(_ serial: SentSegments.Serial, _ controller: inout some CongestionController, at now: Instant) {
        let segment = segments[serial]
        segments.moveToMissing(serial)
        guard !segment.isSizeProbe else {
            hasLostSizeProbe = true
            return
        }
        rate.onLost(Int(segment.length))
        controller.onLost(
            LostSegment(
                length: Int(segment.length), inFlightAtSend: Int(segment.inFlight), lostSince: rate.lostSince(segment),
                priorDelivered: segment.delivered, isApplicationLimited: segment.isApplicationLimited),
            at: now)
    }

    /// RFC 8985 §6.2 step 5: what is overdue is lost. Until the next segment would be overdue, if one may be; nil otherwise.
    mutating func loseOverdue(
        smoothed: Interval, _ controller: inout some CongestionController, at now: Instant
    ) -> Interval? {
        let isCertain =
            phase == .fastRecovery || phase == .afterTimeout
            || segments.receivedCount >= Self.duplicateThreshold
        let window = rack.reorderingWindow(
            isCertain: isCertain, minimumRoundTrip: minimumRoundTrip.value, smoothed: smoothed)
        while !segments.flight.isEmpty {
            let serial = segments.flight.first
            let segment = segments[serial]
            guard rack.isAfter(segment.sentAt, segment.end) else { return nil }
            let remaining = segment.sentAt + rack.roundTrip + window - now
            guard remaining <= .zero else { return remaining }
            lose(serial, &controller, at: now)
        }
        return nil
    }

    /// The retransmission timer fired. Everything that the peer has not reported counts as lost, but for what has only just left
    /// (RFC 8985 §6.3). If the peer has reported the very segment it should acknowledge, it has thrown its reports away
    /// (RFC 2018 §8), and they count no more.
    mutating func onTimeout(
        una: SequenceNumber, nxt: SequenceNumber, isFirst: Bool, smoothed: Interval, usesSelective: Bool,
        _ controller: inout some CongestionController, at now: Instant
    ) {
        let flight = inFlight
        let wasOpen = phase == .open || phase == .reducing
        if !segments.isEmpty {
            if segments[segments.first].place == .receiver {
                segments.markAllMissing()
                reported = SACKBlocks()
            } else if segments[segments.first].place == .flight {
                lose(segments.first, &controller, at: now)
            }
        }
        let overdue = usesSelective ? rack.roundTrip + (minimumRoundTrip.value ?? smoothed) / 4 : .zero
        while !segments.flight.isEmpty, segments[segments.flight.first].sentAt + overdue <= now {
            lose(segments.flight.first, &controller, at: now)
        }
        duplicates = 0
        duplicateBytes = 0
        if wasOpen || isFirst { spurious.beginTimeout(una: una, isFirst: isFirst && wasOpen) }
        probe.cancel()
        phase = .afterTimeout
        owesRepair = true
        untoldReduction = untoldReduction ?? .loss
        recover = nxt
        controller.onTimeout(inFlight: flight, isFirst: isFirst, at: now)
    }

    /// Everything outstanding was too big for the path and has to be cut anew. No sign of congestion (RFC 1191 §6.5), so cwnd stays.
    mutating func onPathMTULowered(segmentSize: Int, nxt: SequenceNumber, pool: inout BufferPool) {
        segments.resegment(to: segmentSize, pool: &pool)
        reported = SACKBlocks()
        duplicates = 0
        duplicateBytes = 0
        probe.cancel()
        spurious.end()
        phase = .afterTimeout
        owesRepair = true
        recover = nxt
    }
}
