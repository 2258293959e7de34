import TunstackWire

/// Puts segments into IP packets.
extension Connection {
    /// Appends the next segment as a whole IP packet; false if there is none to send now.
    mutating func transmit(into packet: inout OutputRawSpan, _ environment: inout Environment) -> Bool {
        guard let segment = nextSegment(at: environment.now, &environment.pool) else {
            if !armHoldIfHolding(at: environment.now) { armPersistIfBlocked(at: environment.now) }
            return false
        }
        let header = header(for: segment, at: environment.now)
        var textSum = InternetChecksum()
        sendBuffer.add(segment.textLength, from: textStart(of: segment), to: &textSum)
        packet.append(
            header, between: key, textSum: textSum, textLength: segment.textLength,
            timeToLive: options.timeToLive, differentiatedServices: options.differentiatedServices,
            ecn: mayCarryMark(segment) ? ECNCodepoint.capable0 : ECNCodepoint.notCapable)
        sendBuffer.copy(segment.textLength, from: textStart(of: segment), into: &packet)
        onSent(segment, &environment)
        if !duplicate.isEmpty, !header.options.sackBlocks.isEmpty {
            duplicate.clear()
            environment.counters.duplicateReportsSent &+= 1
        }
        return true
    }

    @inline(__always)
    private func textStart(of segment: OutgoingSegment) -> SequenceNumber {
        segment.textLength == 0 ? sendBuffer.start : segment.seq
    }

    private mutating func header(for segment: OutgoingSegment, at now: Instant) -> TCPHeader {
        let isSyn = segment.flags.contains(.syn)
        let window = isSyn ? UInt16(clamping: SynWindow.size(options)) : offerWindow()
        let urgentPointer = segment.flags.contains(.urg) ? UInt16(clamping: snd.up - segment.seq) : 0
        return TCPHeader(
            sourcePort: key.local.port, destinationPort: key.remote.port,
            sequenceNumber: segment.seq,
            acknowledgmentNumber: segment.flags.contains(.ack) ? rcv.nxt : SequenceNumber(0),
            flags: flagsOnWire(of: segment), window: window, urgentPointer: urgentPointer,
            options: isSyn ? synOptions(at: now) : currentOptions(at: now, besides: segment))
    }

    /// MSS, SACK-permitted, timestamps and window scale: on a SYN what we offer, on a SYN-ACK what the peer offered too.
    @inline(__always)
    private func synOptions(at now: Instant) -> TCPOptions {
        let isAnswer = state != .synSent
        var options = TCPOptions()
        options.maximumSegmentSize = UInt16(clamping: announcedMSS)
        options.sackPermitted =
            isAnswer ? negotiated.selectiveAcknowledgment : self.options.selectiveAcknowledgment
        if isAnswer ? negotiated.timestamps : self.options.timestamps {
            options.timestamps = timestamps(at: now)
        }
        if !isAnswer || negotiated.windowScaling {
            options.windowScale = self.options.windowScale.map { min($0, NegotiatedOptions.largestShift) }
        }
        return options
    }

    @inline(__always)
    private func currentOptions(at now: Instant, besides segment: OutgoingSegment) -> TCPOptions {
        var options = TCPOptions()
        if negotiated.timestamps {
            let isRepair = segment.purpose == .retransmission
            options.timestamps = timestamps(at: isRepair ? recovery.repairStamp(at: now) : now)
        }
        if sackBytes > 0, segment.textLength + sackBytes <= effectiveSendMSS {
            options.sackBlocks = receiveBuffer.reassembly.sackBlocks(
                maximum: sackBlockLimit, duplicate: duplicate.block)
        }
        return options
    }

    @inline(__always)
    private func timestamps(at now: Instant) -> TCPTimestamps {
        TCPTimestamps(value: timestampClock.value(at: now), echoReply: timestampRecent)
    }

    /// Three blocks fit beside timestamps, four without (RFC 2018 §3). One of them may report a duplicate.
    @inline(__always)
    private var sackBlockLimit: Int { negotiated.timestamps ? 3 : 4 }

    /// Bytes that the SACK option of the next segment takes, padding included.
    @inline(__always)
    var sackBytes: Int {
        guard negotiated.selectiveAcknowledgment, !receiveBuffer.reassembly.isEmpty || !duplicate.isEmpty
        else { return 0 }
        let blocks = receiveBuffer.reassembly.ranges.count + (duplicate.isEmpty ? 0 : 1)
        return 4 + 8 * min(sackBlockLimit, blocks)
    }
}

extension OutputRawSpan {
    /// Appends the IP and TCP headers of a segment whose text follows.
    mutating func append(
        _ header: TCPHeader, between key: ConnectionKey, textSum: InternetChecksum, textLength: Int,
        timeToLive: UInt8, differentiatedServices: UInt8, ecn: UInt8 = ECNCodepoint.notCapable
    ) {
        guard let source = key.local.address.v4, let destination = key.remote.address.v4 else {
            preconditionFailure("connections have IPv4 addresses")
        }
        IPv4Header(
            source: source, destination: destination, protocolNumber: .tcp,
            payloadLength: header.headerLength + textLength, timeToLive: timeToLive, dscp: differentiatedServices,
            ecn: ecn
        ).append(to: &self)
        let checksum = header.checksum(
            source: source, destination: destination, payloadChecksum: textSum, payloadLength: textLength)
        header.append(to: &self, checksum: checksum)
    }

    /// Appends a reply that has no TCB behind it.
    mutating func append(_ reply: ReplySegment) {
        let header = TCPHeader(
            sourcePort: reply.key.local.port, destinationPort: reply.key.remote.port,
            sequenceNumber: reply.seq, acknowledgmentNumber: reply.ack, flags: reply.flags, window: reply.window,
            urgentPointer: 0, options: reply.options)
        append(
            header, between: reply.key, textSum: InternetChecksum(), textLength: 0,
            timeToLive: reply.timeToLive, differentiatedServices: reply.differentiatedServices)
    }
}
