import TunstackCore

/// How long sending was held up, and by what: what TCP_INFO tells as busy time, time limited by the peer's window, and time limited by the
/// send buffer.
struct LimitClock {
    enum Limit { case nothing, network, peerWindow, sendBuffer }

    private var limit = Limit.nothing
    private var since = Instant.origin
    /// Time with anything queued or unacknowledged.
    private(set) var busy = Interval.zero
    private(set) var peerWindow = Interval.zero
    private(set) var sendBuffer = Interval.zero

    /// Counts up to now, and from now on for another limit.
    mutating func change(to next: Limit, at now: Instant) {
        let passed = now - since
        if limit != .nothing { busy = busy + passed }
        if limit == .peerWindow { peerWindow = peerWindow + passed }
        if limit == .sendBuffer { sendBuffer = sendBuffer + passed }
        since = now
        limit = next
    }

    /// What limits a connection.
    static func limit(of status: ConnectionStatus, lacksSpace: Bool) -> Limit {
        guard status.unacknowledgedBytes > 0 else { return .nothing }
        guard status.queuedBytes > 0 else { return lacksSpace ? .sendBuffer : .network }
        let used = status.unacknowledgedBytes - status.queuedBytes
        let next = min(status.queuedBytes, status.maximumSegmentSize)
        guard status.bytesInFlight + next <= status.congestionWindow else { return .network }
        return used + next > status.sendWindow ? .peerWindow : .network
    }
}

extension Session {
    /// Finds out what limits each connection from now on.
    func noteLimits() {
        for (id, socket) in connectedSockets {
            guard let status = stack.status(id) else { continue }
            socket.limits.change(to: LimitClock.limit(of: status, lacksSpace: socket.lacksSpace), at: now)
        }
    }
}
