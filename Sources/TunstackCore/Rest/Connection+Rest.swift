import TunstackWire

/// The way to rest and back. Both are exact: what is not in the record has to have the value that a waking connection begins with.
extension Connection {
    /// The small form; nil if the connection has something to do or to remember that does not fit in it.
    ///
    /// - Parameter keep: keeps a controller that does not fit in the record, and says where.
    @inline(__always)
    mutating func resting(_ keep: (CongestionControl) -> UInt32) -> RestingConnection? {
        guard isIdle, isUpToDate, let snd = snd.resting, let recovery = recovery.resting,
            let sendLimit = Int32(exactly: sendBuffer.limit), let receiveLimit = Int32(exactly: receiveBuffer.limit),
            !timers.isArmed(.keepAlive) || !timers.isArmed(.finWait2), let congestion = congestion.resting(keep)
        else { return nil }
        return RestingConnection(
            timestampRecentAt: timestampRecentAt, lastSentAt: lastSentAt, lastReceivedAt: lastReceivedAt,
            lastTextReceivedAt: lastTextReceivedAt, deadline: timers.earliest, recovery: recovery, rtt: rtt.memory,
            keepAliveProbesUnanswered: keepAliveProbesUnanswered, softError: softError, receiveTuning: receiveTuning,
            congestion: congestion, flags: restingFlags, pacer: pacer, pathMTUSearch: pathMTUSearch,
            acknowledgments: acknowledgments, refusals: refusals, negotiated: negotiated,
            announcedMSS: UInt16(announcedMSS),
            pathMTU: UInt16(pathMTU), snd: snd, rcv: rcv, sendLimit: sendLimit, receiveLimit: receiveLimit,
            timestampRecent: timestampRecent, timestampOffset: timestampClock.offset,
            lastAcknowledgmentSent: lastAcknowledgmentSent, origin: origin, state: state)
    }

    @inline(__always)
    private var restingFlags: RestingConnection.Flags {
        var flags: RestingConnection.Flags = []
        if peerFin != nil { flags.insert(.peerHasClosed) }
        if finIsQueued { flags.insert(.hasClosed) }
        if moreFollows { flags.insert(.moreFollows) }
        if echoesCongestion { flags.insert(.echoesCongestion) }
        if isReleased { flags.insert(.isReleased) }
        if output.holdIsOver { flags.insert(.holdIsOver) }
        if timers.isArmed(.finWait2) { flags.insert(.deadlineIsFinWait2) }
        return flags
    }

    /// Nothing is in flight, queued, unread, owed or to be told.
    @inline(__always)
    private var isIdle: Bool {
        switch state {
        case .established, .closeWait, .finWait2: break
        case .closed, .listen, .synSent, .synReceived, .finWait1, .closing, .lastAck, .timeWait: return false
        }
        return snd.outstanding == 0 && sendBuffer.isEmpty && receiveBuffer.isAtRest && acknowledgments.isSettled
            && events.isEmpty && !senderWaits && duplicate.isEmpty && output.isEmpty && recovery.isIdle
            && timers.isIdle && bookkeeping.isIdle
    }

    /// The marks that move along with SND.UNA and RCV.NXT have done so.
    @inline(__always)
    private var isUpToDate: Bool {
        !smallSegmentEnd.isAfter(snd.una) && !filledTo.isAfter(snd.una) && progressAt <= lastReceivedAt
            && lastProbedAt <= lastReceivedAt && marks?.isEmpty ?? true
            && sendBuffer.start == snd.una - (finIsQueued ? 1 : 0)
            && receiveBuffer.end == rcv.nxt - (peerFin == nil ? 0 : 1) && timedSegment == nil && retransmissions == 0
            && probes == 0
    }
}

// MARK: - The aftermath

extension Connection {
    /// All that keeps the connection from resting is what a later report could be about. Such a report comes within a round trip or so;
    /// after an RTO the window begins anew anyway (RFC 5681 §4.1), and there is nothing left to undo. Whether a deadline was set.
    mutating func awaitAftermath(at now: Instant) -> Bool {
        guard recovery.hasAftermath, !timers.isArmed(.aftermath), isIdle else { return false }
        timers[.aftermath] = now + Self.aftermath(rtt)
        return true
    }

    /// Two RTOs: the probe or the repair may just have left, and its report be held up on the way.
    private static func aftermath(_ rtt: RTTEstimator) -> Interval { rtt.rto * 2 }

    mutating func onAftermathTimeout(at now: Instant) {
        guard snd.outstanding == 0, recovery.isIdle,
            now - max(lastSentAt, lastReceivedAt) >= Self.aftermath(rtt)
        else { return }
        recovery.forgetAftermath()
        congestion.forgetUndo()
    }
}

extension PendingOutput {
    /// Nothing is pending; that what was held back may go is no more than a permission.
    @inline(__always)
    fileprivate var isEmpty: Bool {
        !(syn || lossProbe || windowProbe || overridesSillyWindow || keepAliveProbe || probeIsOutstanding)
    }
}

extension Bookkeeping {
    /// The connection is in the table and nowhere else.
    @inline(__always)
    fileprivate var isIdle: Bool {
        isInTable && acceptor == nil
            && !(isInTransmitQueue || isInEventQueue || isWaitingForMemory || isInTimeWait)
    }
}
