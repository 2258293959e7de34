import TunstackWire

/// The drain of packets. Replies go first; then the connections take turns, a packet each, so that none starves the others.
///
/// What to send is decided in one place, which writes the headers; the text stays in the send buffer until the caller takes it from
/// there. By then the packet counts as sent: one that the device does not take is lost, like any other that the network loses.
extension Stack {
    /// Hands out the next IP packet for the device in pieces: headers that are made for it, and text where it lies in the send
    /// buffer. Nothing is copied.
    ///
    /// - Parameters:
    ///   - header: where the headers are appended; needs room for one packet of the MTU, for a reply without a connection comes whole
    ///     in it.
    ///   - now: the time.
    ///   - send: gets the headers, the text in two pieces, either of which may be empty, and what the device has to know. The
    ///     pieces are gone when it returns. If it throws, the packet counts as sent all the same, and the error is passed on.
    /// - Returns: false when there is nothing to send at this time; then `send` was not called.
    public mutating func nextTransmit<Failure: Error>(
        header: inout OutputRawSpan, at now: Instant,
        _ send: (_ header: RawSpan, _ text: RawSpan, _ moreText: RawSpan, _ metadata: TransmitMetadata) throws(Failure)
            -> Void
    ) throws(Failure) -> Bool {
        let start = header.byteCount
        guard let packet = appendHeaders(to: &header, at: now) else { return false }
        let headers = header.bytes.extracting(droppingFirst: start)
        switch packet {
        case .reply:
            try send(headers, RawSpan(), RawSpan(), TransmitMetadata())
        case .segment(let index, let segment):
            try connections[index].sendBuffer.withPieces(of: segment.textLength, from: segment.textStart) {
                text, moreText throws(Failure) in
                try send(headers, text, moreText, segment.metadata)
            }
        }
        return true
    }

    /// Appends the next IP packet for the device, whole and with its checksums.
    ///
    /// - Precondition: no transmit offload is configured.
    /// - Parameters:
    ///   - output: needs room for one packet of the MTU.
    ///   - now: the time.
    /// - Returns: false when there is nothing to send at this time.
    public mutating func nextTransmit(into output: inout OutputRawSpan, at now: Instant) -> Bool {
        precondition(
            environment.configuration.transmitOffload == TransmitOffload(), "a packet that has to be cut or summed")
        switch appendHeaders(to: &output, at: now) {
        case nil: return false
        case .reply: break
        case .segment(let index, let segment):
            connections[index].sendBuffer.copy(segment.textLength, from: segment.textStart, into: &output)
        }
        return true
    }
}

extension Stack {
    /// A packet whose headers have been written.
    private enum HeadedPacket {
        /// It is complete.
        case reply
        /// The text of a connection's segment follows.
        case segment(connection: Int, HeadedSegment)
    }

    private mutating func appendHeaders(to output: inout OutputRawSpan, at now: Instant) -> HeadedPacket? {
        precondition(output.freeCapacity >= environment.configuration.mtu, "the output has no room for a packet")
        environment.now = now
        guard let packet = transmitReply(into: &output) ?? transmitSegment(into: &output) else { return nil }
        environment.counters.packetsSent &+= 1
        return packet
    }

    private mutating func transmitReply(into output: inout OutputRawSpan) -> HeadedPacket? {
        // Mostly there is none, and then not even room for one is to be copied.
        guard !environment.replies.isEmpty, let reply = environment.replies.popFirst() else { return nil }
        switch reply {
        case .segment(let segment):
            environment.counters.segmentsSent &+= 1
            output.append(segment)
        case .packet(let bytes):
            bytes.withRawSpan { output.append(bytes: $0) }
        }
        return .reply
    }

    private mutating func transmitSegment(into output: inout OutputRawSpan) -> HeadedPacket? {
        while let id = transmitQueue.popFirst() {
            let index = Int(id.index)
            guard connections.contains(index, generation: id.generation) else { continue }
            let segment = connections[index].transmit(into: &output, &environment)
            connections[index].bookkeeping.isInTransmitQueue = segment != nil
            if segment != nil { transmitQueue.append(id) }
            queueEvents(index)
            armTimer(index)
            if let segment { return .segment(connection: index, segment) }
            restIfIdle(index)
        }
        return nil
    }
}
