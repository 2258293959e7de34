/// What a connection can wait for. One connection has at most one deadline of each kind.
enum TimerKind: Int, CaseIterable {
    /// When a segment that others have overtaken counts as lost (RFC 8985 §6.2).
    case reordering
    /// When to provoke an acknowledgment that stays away (RFC 8985 §7).
    case lossProbe
    /// When to send the oldest unacknowledged segment again (RFC 6298 §5).
    case retransmission
    /// When the pacing rate lets the next segment go.
    case pacing
    /// When to probe a window that the peer has closed, or to override silly-window avoidance (RFC 9293 §3.8.6).
    case persist
    /// When a held-back acknowledgment has to go out (RFC 9293 §3.8.6.3).
    case delayedAcknowledgment
    /// When to ask a silent peer whether it is still there (RFC 9293 §3.8.4).
    case keepAlive
    /// When to stop waiting for the FIN of a peer whose connection the application has let go of.
    case finWait2
    /// When undelivered data has waited longer than the application allows (RFC 9293 §3.10.8).
    case userTimeout
    /// When a partial segment that the application holds back has waited long enough.
    case hold
    /// When no later news can be about what has been sent: the connection may rest.
    case aftermath
}

/// The deadlines of one connection: a fixed table, so that arming is a store and the next one a minimum.
struct TimerTable {
    private var deadlines = InlineArray<11, Instant>(repeating: .distantFuture)

    /// When `kind` fires; nil while it is not armed.
    subscript(kind: TimerKind) -> Instant? {
        get {
            let deadline = deadlines[kind.rawValue]
            return deadline == .distantFuture ? nil : deadline
        }
        set { deadlines[kind.rawValue] = newValue ?? .distantFuture }
    }

    /// Whether `kind` is waiting.
    func isArmed(_ kind: TimerKind) -> Bool { deadlines[kind.rawValue] != .distantFuture }

    mutating func cancel(_ kind: TimerKind) { deadlines[kind.rawValue] = .distantFuture }

    mutating func cancelAll() { deadlines = InlineArray(repeating: .distantFuture) }

    /// Nothing is armed that belongs to something under way: at most what a connection at rest may wait for.
    var isIdle: Bool {
        for kind in TimerKind.allCases where isArmed(kind) {
            switch kind {
            case .keepAlive, .finWait2: continue
            case .reordering, .lossProbe, .retransmission, .pacing, .persist, .delayedAcknowledgment, .userTimeout,
                .hold,
                .aftermath:
                return false
            }
        }
        return true
    }

    /// The earliest deadline of all kinds, `.distantFuture` if none is armed.
    var earliest: Instant {
        var earliest = deadlines[0]
        for index in 1..<deadlines.count where deadlines[index] < earliest { earliest = deadlines[index] }
        return earliest
    }

    /// Disarms `kind` and says so if it is due.
    mutating func takeDue(_ kind: TimerKind, at now: Instant) -> Bool {
        guard deadlines[kind.rawValue] <= now else { return false }
        cancel(kind)
        return true
    }
}
