import TunstackCore
import TunstackWire

/// Whoever waits for an acknowledgment does something about it in time; and on a path that loses little, that helps.
struct ProgressOracle: Oracle {
    let name = "progress"
    private let severity: PlanSeverity
    /// On a mild path the same segment is lost so many times in a row in one of 10^12 cases.
    private static let mostRetransmissions = 9

    init(_ severity: PlanSeverity) {
        self.severity = severity
    }

    mutating func judge(_ socket: ObservedSocket, _ verdicts: inout Verdicts) {
        let status = socket.status
        guard status.owesProgress, let end = socket.end, let owesSince = socket.book.owesSince else { return }
        // Retransmissions and window probes come at least so often (RFC 6298 §2.5, RFC 9293 §3.8.6.1), counted from the
        // last acknowledgment (RFC 6298 §5.3); a clock may run slow.
        let patience = socket.plan.options.maximumRTO * 5 / 4 + .seconds(1)
        let silence = socket.time - max(end.lastSentAt, owesSince, socket.book.progressAt)
        if silence > patience {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "\(status.state), waits for an acknowledgment, and has sent nothing for \(silence.words)")
        }
        let stalled = socket.time - max(socket.book.progressAt, owesSince, severity.healedAt)
        // Where the peer's window is closed, its reader decides.
        let isBlocked = status.sendWindow < status.maximumSegmentSize
        if severity.isMild, status.retransmissions > Self.mostRetransmissions, severity.healedAt == .origin {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "sends \(status.sendUnacknowledged) for the \(status.retransmissions + 1)th time on a mild path")
        } else if severity.isMild, stalled > socket.plan.options.maximumRTO * 8, !isBlocked {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "no acknowledgment for \(stalled.words), though the path is open")
        }
    }
}

extension ConnectionStatus {
    /// Whether something was sent, or waits to be sent, that the peer has not acknowledged.
    var owesProgress: Bool {
        switch state {
        case .synSent, .synReceived, .finWait1, .closing, .lastAck: true
        case .established, .closeWait: unacknowledgedBytes > 0
        case .closed, .listen, .finWait2, .timeWait: false
        }
    }
}

extension Interval {
    /// Milliseconds, or seconds if there are many.
    var words: String {
        nanoseconds < 10_000_000_000 ? "\(nanoseconds / 1_000_000) ms" : "\(nanoseconds / 1_000_000_000) s"
    }
}
