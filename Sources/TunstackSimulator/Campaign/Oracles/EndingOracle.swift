import TunstackCore

/// Every connection ends with a reason; and where the network does no worse than to lose a packet now and then, and
/// nobody leaves in the middle, the reason is that both have closed.
struct EndingOracle: Oracle {
    let name = "ending"

    mutating func finish(_ run: FinishedRun, _ verdicts: inout Verdicts) {
        for socket in run.sockets where socket.reason == nil && !socket.isForgotten {
            let state = socket.core.host.stack.status(socket.core.id).map { "\($0.state)" } ?? "unknown"
            verdicts.find(self, socket.core.host.id, at: run.time, "\(socket.core.key) is still \(state)")
        }
        for refusal in run.refusals {
            verdicts.find(self, refusal.host, at: refusal.time, "an OPEN was refused: \(refusal.why)")
        }
        guard run.severity.isMild, run.severity.healedAt == .origin else { return }
        for socket in run.sockets where run.plan.flows[socket.flow].leaver == nil {
            guard let reason = socket.reason, reason != .closed else { continue }
            verdicts.find(self, socket.core.host.id, at: run.time, "\(socket.core.key) has ended: \(reason)")
        }
        let accepted = run.sockets.count { !$0.isClient }
        let opened = run.sockets.count { $0.isClient && $0.reason == .closed }
        if accepted < opened {
            verdicts.find(
                self, nil, at: run.time, "\(opened) connections were closed normally, but \(accepted) were accepted")
        }
    }
}
