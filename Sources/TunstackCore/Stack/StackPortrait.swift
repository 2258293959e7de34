import TunstackWire

/// Everything that decides what a stack does next, as numbers, with times counted from now: two stacks with the same portrait do the same
/// whatever happens to them, if they have the same configuration.
///
/// Left out is what cannot matter while all text in the network fits one segment and only the timers take time: the congestion window,
/// the estimates of rates and of the least round trip, the generator of random numbers, and how much is left of the stack's limits on the
/// rate of answers. Selective acknowledgment, timestamps, pacing and path MTU probes must be off.
package struct StackPortrait: Hashable {
    /// The numbers.
    package private(set) var words: [Int64] = []

    init() {}

    fileprivate mutating func add(_ numbers: Int...) { for number in numbers { words.append(Int64(number)) } }

    /// So many bits of what holds or does not.
    fileprivate mutating func add(bits: Bool...) {
        words.append(bits.reduce(1) { $0 << 1 | ($1 ? 1 : 0) })
    }

    fileprivate mutating func add(_ numbers: SequenceNumber...) {
        for number in numbers { words.append(Int64(number.rawValue)) }
    }

    fileprivate mutating func add(_ instant: Instant?, from now: Instant) {
        guard let instant, instant != .distantFuture else { return words.append(.min) }
        words.append((instant - now).nanoseconds)
    }
}

extension Stack {
    /// What the stack is like at `now`.
    package func portrait(at now: Instant) -> StackPortrait {
        var portrait = StackPortrait()
        for index in listeners.indices where listeners.isOccupied(index) {
            portrait.add(1, listeners[index].halfOpenCount, listeners[index].acceptQueue.count)
        }
        for index in halfOpens.indices where halfOpens.isOccupied(index) {
            let entry = halfOpens[index]
            portrait.add(2, Int(entry.retransmissions), entry.heldText.count)
            portrait.add(Int(entry.refusals.millisecondsLeft(at: now)))
            portrait.add(bits: entry.isAmbiguous, entry.holdsFin, entry.displacedTimeWait >= 0)
            portrait.add(entry.iss, entry.irs)
            portrait.add(entry.startedAt, from: now)
            portrait.add(timers.deadline(of: entry.timer), from: now)
        }
        for index in connections.indices where connections.isOccupied(index) {
            connections[index].draw(in: &portrait, at: now)
        }
        for index in timeWaits.indices where timeWaits.isOccupied(index) {
            let record = timeWaits[index]
            portrait.add(4, Int(record.windowField), Int(record.refusals.millisecondsLeft(at: now)))
            portrait.add(bits: record.displacedBy >= 0, record.connection != nil)
            portrait.add(record.sndNxt, record.rcvNxt)
            portrait.add(timers.deadline(of: record.timer), from: now)
        }
        return portrait
    }

    /// When something is really due, and not only when the wheel wants to be turned; nil if nothing is.
    package var earliestTimer: Instant? {
        var earliest = Instant.distantFuture
        for index in halfOpens.indices where halfOpens.isOccupied(index) {
            earliest = min(earliest, timers.deadline(of: halfOpens[index].timer))
        }
        for index in connections.indices where connections.isOccupied(index) {
            earliest = min(earliest, connections[index].timers.earliest)
        }
        for index in timeWaits.indices where timeWaits.isOccupied(index) {
            earliest = min(earliest, timers.deadline(of: timeWaits[index].timer))
        }
        return earliest == .distantFuture ? nil : earliest
    }

    /// Something waits for what a timer must bring about, and has none: the peer's answer may be lost, and time alone does nothing.
    package var lacksTimer: Bool {
        for index in halfOpens.indices where halfOpens.isOccupied(index) {
            if timers.deadline(of: halfOpens[index].timer) == .distantFuture { return true }
        }
        for index in connections.indices where connections.isOccupied(index) {
            if connections[index].waitsForAnswer, connections[index].timers.earliest == .distantFuture { return true }
        }
        for index in timeWaits.indices where timeWaits.isOccupied(index) && timeWaits[index].displacedBy < 0 {
            if timers.deadline(of: timeWaits[index].timer) == .distantFuture { return true }
        }
        return false
    }

    /// The state of a four-tuple: of what has it, or else LISTEN if somebody listens there.
    package func state(of key: ConnectionKey) -> State {
        switch find(key) {
        case .none: listener(for: key.local) == nil ? .closed : .listen
        case .some(let entry):
            switch entry.kind {
            case .connection: connections[entry.index].state
            case .halfOpen: .synReceived
            case .timeWait: .timeWait
            }
        }
    }
}

extension Connection {
    /// A SYN, text or a FIN is to be sent or acknowledged, or the peer is owed an acknowledgment.
    fileprivate var waitsForAnswer: Bool {
        guard state != .closed, state != .timeWait else { return false }
        return snd.outstanding > 0 || queuedBytes > 0 || (finIsQueued && !finWasSent) || acknowledgments.debt != .none
    }

    fileprivate func draw(in portrait: inout StackPortrait, at now: Instant) {
        portrait.add(3, Int(state.rawValue), Int(events.rawValue), Int(refusals.millisecondsLeft(at: now)))
        portrait.add(
            bits: origin == .active, finIsQueued, isReleased, closeReason != nil, senderWaits, moreFollows,
            bookkeeping.isInTable, bookkeeping.isInTimeWait, bookkeeping.acceptor != nil)
        guard state != .closed else { return }
        draw(numbersIn: &portrait)
        draw(outputIn: &portrait, at: now)
        for kind in TimerKind.allCases { portrait.add(timers[kind], from: now) }
        // How long ago matters only to what waits for an answer, or may ride along with one.
        portrait.add(snd.outstanding > 0 || queuedBytes > 0 ? progressAt : nil, from: now)
        let isJudged = timers.isArmed(.persist) || timers.isArmed(.aftermath)
        portrait.add(isJudged ? lastReceivedAt : nil, from: now)
        portrait.add(isJudged ? max(lastSentAt, lastProbedAt) : nil, from: now)
        portrait.add(bits: now - lastTextReceivedAt < options.delayedAcknowledgment)
    }

    private func draw(numbersIn portrait: inout StackPortrait) {
        portrait.add(snd.una, snd.nxt, snd.up, snd.wl1, snd.wl2, snd.iss)
        portrait.add(rcv.nxt, rcv.up, rcv.irs, rcv.edge, rcv.announced, lastAcknowledgmentSent)
        portrait.add(sendBuffer.start, sendBuffer.end, receiveBuffer.readNext, receiveBuffer.end, smallSegmentEnd)
        portrait.add(snd.wnd, snd.maximumWindow, peerFin.map { Int($0.rawValue) } ?? -1)
        for range in receiveBuffer.reassembly.ranges { portrait.add(range.start, range.end) }
    }

    private func draw(outputIn portrait: inout StackPortrait, at now: Instant) {
        portrait.add(Int(retransmissions), Int(probes), Int(rtt.rto.nanoseconds))
        portrait.add(
            bits: output.syn, output.lossProbe, output.windowProbe, output.overridesSillyWindow, output.keepAliveProbe,
            output.probeIsOutstanding, output.holdIsOver, snd.synIsAcknowledged, recovery.owesRepair,
            acknowledgments.isInteractive, acknowledgments.hasReceivedData)
        portrait.add(
            Int(acknowledgments.debt.rawValue), Int(acknowledgments.quickLeft), Int(acknowledgments.duplicatesOwed),
            Int(acknowledgments.unacknowledgedBytes))
        portrait.add(timedSegment?.sentAt, from: now)
        if let timedSegment { portrait.add(timedSegment.end) }
        portrait.add(Int(recovery.phase.rawValue), Int(recovery.spurious.suspicion.rawValue))
        portrait.add(Int(recovery.duplicates), recovery.duplicateBytes)
        portrait.add(recovery.recover)
        var serial = recovery.segments.first
        for _ in 0..<recovery.segments.count {
            let segment = recovery.segments[serial]
            portrait.add(segment.start)
            portrait.add(Int(segment.length), Int(segment.place.rawValue))
            portrait.add(bits: segment.isRetransmitted)
            serial = recovery.segments.following(serial)
        }
    }
}
