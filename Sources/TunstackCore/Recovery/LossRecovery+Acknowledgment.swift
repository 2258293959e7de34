import TunstackWire

/// An acknowledgment as loss recovery sees it.
struct IncomingAcknowledgment {
    let now: Instant
    /// SND.UNA before it and after it, and SND.NXT.
    let priorUna: SequenceNumber
    let una: SequenceNumber
    let nxt: SequenceNumber
    let blocks: SACKBlocks
    /// Both ends do selective acknowledgment.
    let usesSelective: Bool
    /// The timestamp that it echoes, if that means something.
    let echo: UInt32?
    let clock: TimestampClock
    /// It is a duplicate acknowledgment (RFC 5681 §2).
    let isDuplicate: Bool
    let segmentSize: Int
    /// SRTT before it.
    let smoothed: Interval
    /// There is new data, and room for it in the peer's window.
    let canSendNew: Bool
    let isWindowLimited: Bool
    let hadFilledWindow: Bool
    /// The acknowledgment number of the segment, which an older segment that comes late has below `una`.
    let number: SequenceNumber
    /// It carries ECE (RFC 3168 §6.1.2), and the peer is to be believed.
    let isMarked: Bool

    var hasAdvanced: Bool { una.isAfter(priorUna) }
}

/// What came of an acknowledgment.
struct AcknowledgmentOutcome {
    /// Bytes newly known to have arrived.
    var delivered = 0
    /// Of what was delivered, when the newest segment left that never left twice.
    var newestOriginalSentAt: Instant?
    /// The same for the oldest.
    var oldestOriginalSentAt: Instant?
    /// Something was delivered that left before the recovery and only once.
    var hasDeliveredOriginal = false
    /// The segment to measure the delivery rate by.
    var newest: SentSegment?
    /// A duplicate that the peer reports (RFC 2883).
    var duplicate: SACKBlock?
    /// What it changed.
    var hasBegunRecovery = false
    var wasSpurious = false
    /// A probe for a larger path MTU has arrived.
    var hasDeliveredSizeProbe = false
    /// Until the next segment may be overdue (RFC 8985 §6.2 step 5).
    var reorderingTimeout: Interval?
    /// The newest unambiguous round trip.
    var roundTrip: Interval?
}

extension LossRecovery {
    /// Takes in an acknowledgment: what has arrived, what therefore is lost, and what that means for the window.
    mutating func onAcknowledged(
        _ ack: IncomingAcknowledgment, _ controller: inout some CongestionController
    ) -> AcknowledgmentOutcome {
        let prior = State(inFlight: inFlight, lost: rate.lost, isReducing: isReducing)
        var outcome = AcknowledgmentOutcome()
        takeCumulative(ack, &outcome)
        if ack.usesSelective {
            takeSelective(ack, &outcome)
        } else {
            takeDuplicate(ack, &outcome)
        }
        rack.onAcknowledged(una: ack.una)
        measureRoundTrip(ack, &outcome)

        undoIfSpurious(ack, &controller, &outcome)
        if ack.usesSelective {
            outcome.reorderingTimeout = loseOverdue(smoothed: ack.smoothed, &controller, at: ack.now)
        } else {
            loseByDuplicates(ack, &controller)
        }
        advancePhase(ack, prior, &controller, &outcome)
        tell(&controller, of: ack, outcome, prior)
        return outcome
    }

    /// Where things stood before an acknowledgment.
    private struct State {
        let inFlight: Int
        let lost: Int
        let isReducing: Bool
    }

    @inline(__always)
    private var isReducing: Bool { phase == .fastRecovery || phase == .reducing }

    private mutating func tell(
        _ controller: inout some CongestionController, of ack: IncomingAcknowledgment, _ outcome: AcknowledgmentOutcome,
        _ prior: State
    ) {
        let lost = rate.lost - prior.lost
        let sample = rate.sample(endingWith: outcome.newest, minimumRoundTrip: minimumRoundTrip.value)
        controller.onAcknowledged(
            AcknowledgmentNews(
                now: ack.now, delivered: outcome.delivered, acknowledged: ack.una - ack.priorUna, lost: lost,
                priorInFlight: prior.inFlight, inFlight: inFlight, una: ack.una, nxt: ack.nxt,
                roundTrip: outcome.roundTrip, smoothedRoundTrip: ack.smoothed, rate: sample,
                totalDelivered: rate.delivered, totalLost: rate.lost, isWindowLimited: ack.isWindowLimited,
                hadFilledWindow: ack.hadFilledWindow,
                isInRecovery: prior.isReducing || isReducing, isAfterTimeout: phase == .afterTimeout,
                isMarked: ack.isMarked, isReordered: rack.hasSeenReordering))
        guard isReducing else { return }
        reduction.onAcknowledged(
            delivered: outcome.delivered, inFlight: inFlight, ssthresh: controller.ssthresh,
            segmentSize: ack.segmentSize, isSafe: ack.hasAdvanced && lost == 0,
            isFirst: outcome.hasBegunRecovery && phase == .fastRecovery)
    }
}

// MARK: - What has arrived

extension LossRecovery {
    /// SND.UNA has moved over these segments.
    private mutating func takeCumulative(_ ack: IncomingAcknowledgment, _ outcome: inout AcknowledgmentOutcome) {
        while !segments.isEmpty, segments[segments.first].end.isAtOrBefore(ack.una) {
            let segment = segments[segments.first]
            if segment.place != .receiver { deliver(segment, ack, &outcome) }
            segments.removeFirst()
        }
        guard !segments.isEmpty, segments[segments.first].start.isBefore(ack.una) else { return }
        let first = segments[segments.first]
        if first.place != .receiver, let front = first.front(acknowledgedBy: ack.una) {
            deliver(front, ack, &outcome)
            segments.trimFirst(to: front.end)
            guard front.end != ack.una else { return }
        }
        if segments[segments.first].place != .receiver {
            let bytes = ack.una - segments[segments.first].start
            rate.onDelivered(bytes: bytes, at: ack.now)
            outcome.delivered += bytes
        }
        segments.trimFirst(to: ack.una)
    }

    /// The scoreboard (RFC 2018 §5; RFC 6675 §4 Update): segments that a block covers whole have arrived.
    private mutating func takeSelective(_ ack: IncomingAcknowledgment, _ outcome: inout AcknowledgmentOutcome) {
        outcome.duplicate = ack.duplicateReport
        let runs = ack.runs
        for index in 0..<runs.count { take(runs[index], ack, &outcome) }
        if !ack.blocks.isEmpty || ack.hasAdvanced { reported = runs }
    }

    private mutating func take(
        _ block: SACKBlock, _ ack: IncomingAcknowledgment, _ outcome: inout AcknowledgmentOutcome
    ) {
        // Blocks grow at their ends: what the last acknowledgment reported already is not looked at again.
        var start = block.start
        var end = block.end
        for index in 0..<reported.count where reported[index].end.isAfter(start) && reported[index].start.isBefore(end)
        {
            if reported[index].start.isAtOrBefore(start) { start = reported[index].end }
            if reported[index].end.isAtOrAfter(end) { end = reported[index].start }
        }
        guard start.isBefore(end), var serial = segments.segment(at: start) else { return }
        while segments[serial].start.isBefore(end) {
            let segment = segments[serial]
            if segment.place != .receiver, segment.start.isAtOrAfter(block.start), segment.end.isAtOrBefore(block.end) {
                deliver(segment, ack, &outcome)
                segments.moveToReceiver(serial)
            }
            guard serial != segments.last else { return }
            serial = segments.following(serial)
        }
    }

    private mutating func deliver(
        _ segment: SentSegment, _ ack: IncomingAcknowledgment, _ outcome: inout AcknowledgmentOutcome
    ) {
        outcome.delivered += Int(segment.length)
        if segment.isSizeProbe { outcome.hasDeliveredSizeProbe = true }
        rate.onDelivered(segment, at: ack.now)
        // An original that comes after all tells nothing by when its repair left.
        let isOriginalAfterAll = segment.isRetransmitted && isTooEarly(segment, ack)
        if !isOriginalAfterAll,
            outcome.newest.map({ ($0.delivered, $0.sentAt) <= (segment.delivered, segment.sentAt) }) ?? true
        {
            outcome.newest = segment
        }
        rack.onDelivered(segment, isAmbiguous: segment.isRetransmitted && isAmbiguous(segment, ack), at: ack.now)
        guard !segment.isRetransmitted else { return }
        if outcome.newestOriginalSentAt.map({ $0 < segment.sentAt }) ?? true {
            outcome.newestOriginalSentAt = segment.sentAt
        }
        if outcome.oldestOriginalSentAt.map({ $0 > segment.sentAt }) ?? true {
            outcome.oldestOriginalSentAt = segment.sentAt
        }
        if segment.end.isAtOrBefore(recover) { outcome.hasDeliveredOriginal = true }
    }

    /// Whether what was delivered may have been the original of a retransmission (RFC 8985 §6.2 step 2).
    @inline(__always)
    private func isAmbiguous(_ segment: SentSegment, _ ack: IncomingAcknowledgment) -> Bool {
        // A repair's timestamp may be behind the clock.
        let stamp = segment.sentAt - rack.repairStampLag(minimumRoundTrip: minimumRoundTrip.value)
        if let echo = ack.echo, Int32(bitPattern: echo &- ack.clock.value(at: stamp)) < 0 { return true }
        return isTooEarly(segment, ack)
    }

    /// Whether what was sent last of a segment cannot have been acknowledged yet.
    @inline(__always)
    private func isTooEarly(_ segment: SentSegment, _ ack: IncomingAcknowledgment) -> Bool {
        ack.now - segment.sentAt < minimumRoundTrip.value ?? .zero
    }

    /// Without selective acknowledgment every duplicate says that one segment has arrived (RFC 6582 §3.2, RFC 6937 §3).
    private mutating func takeDuplicate(_ ack: IncomingAcknowledgment, _ outcome: inout AcknowledgmentOutcome) {
        if ack.hasAdvanced {
            // Those that the duplicates stood for have been counted before.
            let counted = min(duplicateBytes, max(0, outcome.delivered - ack.segmentSize))
            duplicateBytes -= phase == .fastRecovery ? counted : duplicateBytes
            outcome.delivered -= counted
            rate.onDelivered(bytes: -counted, at: ack.now)
            duplicates = 0
        } else if ack.isDuplicate {
            duplicates = duplicates == .max ? .max : duplicates + 1
            let room = segments.flight.bytes + segments.missing.bytes - ack.segmentSize - duplicateBytes
            let bytes = min(ack.segmentSize, max(0, room))
            duplicateBytes += bytes
            outcome.delivered += bytes
            rate.onDelivered(bytes: bytes, at: ack.now)
        }
    }

    private mutating func measureRoundTrip(_ ack: IncomingAcknowledgment, _ outcome: inout AcknowledgmentOutcome) {
        guard let sentAt = outcome.newestOriginalSentAt else { return }
        let sample = max(ack.now - sentAt, Interval(nanoseconds: 1))
        outcome.roundTrip = sample
        minimumRoundTrip.onSample(sample, at: ack.now)
    }
}

extension IncomingAcknowledgment {
    /// The blocks that lie within what is outstanding, in the order of sequence: in the order of the option, the most recent first, what
    /// arrived in order would look reordered (RFC 8985 §6.2 step 3).
    fileprivate var runs: SACKBlocks {
        var sorted = InlineArray<4, SACKBlock>(repeating: SACKBlock(start: una, end: una))
        var count = 0
        for index in 0..<blocks.count {
            let block = blocks[index]
            guard block.start.isBefore(block.end), block.start.isAtOrAfter(una), block.end.isAtOrBefore(nxt) else {
                continue
            }
            var place = count
            while place > 0, sorted[place - 1].start.isAfter(block.start) {
                sorted[place] = sorted[place - 1]
                place -= 1
            }
            sorted[place] = block
            count += 1
        }
        var runs = SACKBlocks()
        for index in 0..<count { runs.append(sorted[index]) }
        return runs
    }

    /// A first block that lies below the acknowledgment, or within the second block, reports a duplicate (RFC 2883 §4).
    fileprivate var duplicateReport: SACKBlock? {
        guard blocks.count > 0, blocks[0].start.isBefore(blocks[0].end) else { return nil }
        if blocks[0].start.isBefore(number) { return blocks[0].end.isAtOrBefore(number) ? blocks[0] : nil }
        guard number == una else { return nil }
        guard blocks.count > 1, blocks[0].start.isAtOrAfter(blocks[1].start), blocks[0].end.isAtOrBefore(blocks[1].end)
        else { return nil }
        return blocks[0]
    }
}

// MARK: - What it means

extension LossRecovery {
    /// RFC 6582 §3.2: the third duplicate tells of a loss, and within a recovery every partial acknowledgment of the next.
    private mutating func loseByDuplicates(_ ack: IncomingAcknowledgment, _ controller: inout some CongestionController)
    {
        guard !segments.isEmpty, segments[segments.first].place == .flight else { return }
        switch phase {
        case .open, .reducing:
            // Step 1: not again for losses of a recovery that is over.
            guard Int(duplicates) == Self.duplicateThreshold, ack.una.isAfter(recover) else { return }
            lose(segments.first, &controller, at: ack.now)
        case .fastRecovery:
            // Step 5: the next repair goes at once, for no other acknowledgment may be on its way.
            guard ack.hasAdvanced, ack.una.isBefore(recover) else { return }
            lose(segments.first, &controller, at: ack.now)
            owesRepair = true
        case .afterTimeout: return
        }
    }

    private mutating func advancePhase(
        _ ack: IncomingAcknowledgment, _ prior: State, _ controller: inout some CongestionController,
        _ outcome: inout AcknowledgmentOutcome
    ) {
        let isPlainDuplicate = ack.isDuplicate && ack.blocks.isEmpty
        let hasProbeRepaired = probe.hasRepairedLoss(
            una: ack.una, duplicateEnd: outcome.duplicate?.end, isPlainDuplicate: isPlainDuplicate)
        if phase != .open, ack.una.isAtOrAfter(recover) {
            if phase != .reducing { rack.onRecovered() }
            if phase != .afterTimeout { controller.onRecovered(inFlight: inFlight, at: ack.now) }
            phase = .open
            duplicateBytes = 0
        }
        keepMarksNear(ack.una)
        // The peer echoes until it sees CWR, which is on text beyond `recover`.
        let isNewMark = ack.isMarked && ack.una.isAfter(recover)
        switch phase {
        case .open:
            if hasLosses {
                begin(
                    .fastRecovery, .loss, una: ack.una, nxt: ack.nxt, inFlight: prior.inFlight, &controller, at: ack.now
                )
                outcome.hasBegunRecovery = true
            } else if hasProbeRepaired || isNewMark {
                begin(
                    .reducing, isNewMark ? .mark : .loss, una: ack.una, nxt: ack.nxt, inFlight: prior.inFlight,
                    &controller, at: ack.now)
            }
        case .reducing where hasLosses:
            repairWhileReducing(una: ack.una)
            outcome.hasBegunRecovery = true
        case .reducing, .fastRecovery, .afterTimeout: break
        }
    }

    private mutating func begin(
        _ next: Phase, _ signal: CongestionSignal, una: SequenceNumber, nxt: SequenceNumber, inFlight: Int,
        _ controller: inout some CongestionController, at now: Instant
    ) {
        phase = next
        recover = nxt
        owesRepair = next == .fastRecovery
        untoldReduction = signal
        if next == .fastRecovery { spurious.begin(una: una) } else { spurious.end() }
        probe.cancel()
        reduction.begin(inFlight: inFlight)
        controller.onCongestion(signal, inFlight: inFlight, at: now)
    }

    /// Losses show while the window is being reduced: it has been reduced for this flight already.
    private mutating func repairWhileReducing(una: SequenceNumber) {
        phase = .fastRecovery
        owesRepair = true
        spurious.begin(una: una)
    }

    /// The time is over in which the network may have reordered (RFC 8985 §6.2 step 5): what is overdue is lost.
    mutating func onReorderingTimeout(
        una: SequenceNumber, nxt: SequenceNumber, smoothed: Interval, segmentSize: Int,
        _ controller: inout some CongestionController, at now: Instant
    ) -> AcknowledgmentOutcome {
        let priorInFlight = inFlight
        var outcome = AcknowledgmentOutcome()
        outcome.reorderingTimeout = loseOverdue(smoothed: smoothed, &controller, at: now)
        guard hasLosses, phase == .open || phase == .reducing else { return outcome }
        outcome.hasBegunRecovery = true
        if phase == .reducing {
            repairWhileReducing(una: una)
        } else {
            begin(.fastRecovery, .loss, una: una, nxt: nxt, inFlight: priorInFlight, &controller, at: now)
        }
        reduction.onAcknowledged(
            delivered: 0, inFlight: inFlight, ssthresh: controller.ssthresh, segmentSize: segmentSize, isSafe: false,
            isFirst: true)
        return outcome
    }

    /// The marks move along: numbers can be compared only while they are less than 2^31 apart.
    private mutating func keepMarksNear(_ una: SequenceNumber) {
        guard phase == .open else { return }
        if una.isAfter(recover) { recover = una - 1 }
        spurious.keepMarksNear(una)
    }

    /// The three signs of `SpuriousRecovery`, and what follows: the window is as before, and nothing is missing.
    private mutating func undoIfSpurious(
        _ ack: IncomingAcknowledgment, _ controller: inout some CongestionController,
        _ outcome: inout AcknowledgmentOutcome
    ) {
        if outcome.duplicate != nil { rack.onDuplicateReported(nxt: ack.nxt) }
        let isRepairing = phase == .fastRecovery || phase == .afterTimeout
        var isSpurious = phase == .fastRecovery && spurious.hasBeenOvertaken(hasMissing: hasMissing)
        if isRepairing, ack.hasAdvanced, let echo = ack.echo {
            isSpurious = isSpurious || spurious.isRefuted(byEcho: echo, clock: ack.clock)
        }
        if let duplicate = outcome.duplicate,
            spurious.isRefutedByDuplicate(duplicate, segmentSize: ack.segmentSize)
        {
            isSpurious = true
        }
        if phase == .afterTimeout,
            spurious.isRefutedAfterTimeout(
                hasAdvanced: ack.hasAdvanced, hasDeliveredOriginal: outcome.hasDeliveredOriginal,
                canSendNew: ack.canSendNew && ack.una.isBefore(recover))
        {
            isSpurious = true
        }
        guard isSpurious else { return }
        owesRepair = false
        if untoldReduction == .loss { untoldReduction = nil }
        spurious.end()
        rack.onSpuriousRecovery(afterTimeout: phase == .afterTimeout)
        segments.restoreMissing()
        phase = .open
        outcome.wasSpurious = true
        controller.onSpurious(inFlight: inFlight, at: ack.now)
    }
}
