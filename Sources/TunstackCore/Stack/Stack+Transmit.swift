import TunstackWire

extension Stack {
    /// Appends the next IP packet for the device.
    ///
    /// Replies go first; then the connections take turns, a segment each, so that none starves the others.
    ///
    /// - Parameters:
    ///   - output: needs room for one packet of the MTU.
    ///   - now: the time.
    /// - Returns: false when there is nothing to send at this time.
    public mutating func nextTransmit(into output: inout OutputRawSpan, at now: Instant) -> Bool {
        precondition(output.freeCapacity >= environment.configuration.mtu, "the output has no room for a packet")
        environment.now = now
        guard transmitReply(into: &output) || transmitSegment(into: &output) else { return false }
        environment.counters.packetsSent &+= 1
        return true
    }

    private mutating func transmitReply(into output: inout OutputRawSpan) -> Bool {
        switch environment.replies.popFirst() {
        case nil: return false
        case .segment(let segment):
            environment.counters.segmentsSent &+= 1
            output.append(segment)
        case .packet(let bytes):
            bytes.withRawSpan { output.append(bytes: $0) }
        }
        return true
    }

    private mutating func transmitSegment(into output: inout OutputRawSpan) -> Bool {
        while let id = transmitQueue.popFirst() {
            let index = Int(id.index)
            guard connections.contains(index, generation: id.generation) else { continue }
            let sent = connections[index].transmit(into: &output, &environment)
            connections[index].bookkeeping.isInTransmitQueue = sent
            if sent { transmitQueue.append(id) }
            armTimer(index)
            if sent { return true }
            restIfIdle(index)
        }
        return false
    }
}
