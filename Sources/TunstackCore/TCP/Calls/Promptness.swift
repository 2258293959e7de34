/// Wishes of the application about when things leave, which are not options of the connection.
extension Stack {
    /// What the application has held back (`SendFlags.more`, `ConnectionOptions.corked`) or what waits for an acknowledgment (RFC 9293
    /// §3.7.4) leaves now, as far as it has been sent by now.
    public mutating func pushHeld(_ id: ConnectionID, at now: Instant) {
        environment.now = now
        guard connections.contains(Int(id.index), generation: id.generation),
            connections[Int(id.index)].queuedBytes > 0
        else { return }
        connections[Int(id.index)].output.holdIsOver = true
        refresh(Int(id.index))
    }

    /// Whether the next segments are acknowledged at once, or their acknowledgments wait for data of ours (RFC 9293 §3.8.6.3). Holds until
    /// the course of the connection suggests otherwise. An acknowledgment that waits leaves if it is to be at once.
    public mutating func setQuickAcknowledgment(_ isQuick: Bool, on id: ConnectionID, at now: Instant) {
        environment.now = now
        guard connections.contains(Int(id.index), generation: id.generation) else { return }
        connections[Int(id.index)].acknowledgments.setQuick(isQuick)
        refresh(Int(id.index))
    }
}
