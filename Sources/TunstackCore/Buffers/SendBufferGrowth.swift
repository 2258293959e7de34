/// The send buffer follows the congestion window, so that it never is what keeps a path from being full.
extension Connection {
    /// Makes the send buffer hold twice what may be in flight: a whole congestion window that waits for its
    /// acknowledgment, and as much again that the application can write meanwhile. What the peer's window has never
    /// allowed needs no room.
    ///
    /// Only the limit grows; memory follows when the application fills it.
    @inline(__always)
    mutating func growSendBuffer(_ environment: borrowing Environment) {
        guard !environment.pool.isScarce else { return }
        let inFlight = min(congestion.cwnd, snd.maximumWindow)
        sendBuffer.grow(toHold: min(2 * inFlight, options.maximumSendBufferBytes))
    }
}
