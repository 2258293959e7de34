import TunstackWire

/// A segment whose headers have been written; its text is in the send buffer.
struct HeadedSegment {
    let textStart: SequenceNumber
    let textLength: Int
    let metadata: TransmitMetadata
}

/// Puts segments into IP packets.
extension Connection {
    /// Appends the headers of the next segment's IP packet, and counts it as sent; nil if there is none to send now.
    mutating func transmit(into packet: inout OutputRawSpan, _ environment: inout Environment) -> HeadedSegment? {
        guard
            let segment = nextSegment(
                at: environment.now, largestPacket: environment.largestSuperSegment, &environment.pool)
        else {
            burst.end()
            if !armHoldIfHolding(at: environment.now) { armPersistIfBlocked(at: environment.now) }
            return nil
        }
        let header = header(for: segment, at: environment.now)
        let textStart = segment.textLength == 0 ? sendBuffer.start : segment.seq
        let isCutBelow = segment.segmentSize > 0
        let isSummedBelow = isCutBelow || environment.configuration.transmitOffload.fillsChecksum
        var checksum = SegmentChecksum.partial
        if !isSummedBelow {
            var textSum = InternetChecksum()
            sendBuffer.add(segment.textLength, from: textStart, to: &textSum)
            checksum = .complete(textSum: textSum)
        }
        packet.append(
            header, between: key, checksum: checksum, textLength: segment.textLength,
            timeToLive: options.timeToLive, differentiatedServices: options.differentiatedServices,
            ecn: mayCarryMark(segment) ? ECNCodepoint.capable0 : ECNCodepoint.notCapable,
            route: negotiated.routeBytes > 0 ? environment.routes[key] : nil)
        onSent(segment, &environment)
        noteRoom()
        if !duplicate.isEmpty, !header.options.sackBlocks.isEmpty {
            duplicate.clear()
            environment.counters.duplicateReportsSent &+= 1
        }
        let internetHeaderLength = IPv4Header.minimumLength + Int(negotiated.routeBytes)
        return HeadedSegment(
            textStart: textStart, textLength: segment.textLength,
            metadata: TransmitMetadata(
                segmentSize: segment.segmentSize,
                headerLength: internetHeaderLength + header.headerLength,
                checksumStart: isSummedBelow ? internetHeaderLength : nil))
    }

    private mutating func header(for segment: OutgoingSegment, at now: Instant) -> TCPHeader {
        let isSyn = segment.flags.contains(.syn)
        let window = isSyn ? UInt16(clamping: SynWindow.size(options)) : offerWindow()
        // What the pointer cannot tell yet a later segment will (MUST-31).
        let urgentPointer = segment.flags.contains(.urg) ? UInt16(clamping: snd.up - segment.seq) : 0
        return TCPHeader(
            sourcePort: key.local.port, destinationPort: key.remote.port,
            sequenceNumber: segment.seq,
            acknowledgmentNumber: segment.flags.contains(.ack) ? rcv.nxt : SequenceNumber(0),
            flags: flagsOnWire(of: segment), window: window, urgentPointer: urgentPointer,
            options: isSyn ? synOptions(at: now) : currentOptions(at: now, besides: segment))
    }

    /// MSS, SACK-permitted, timestamps and window scale: on a SYN what we offer, on a SYN-ACK what the peer offered too. The MSS is on
    /// every SYN (RFC 9293 §3.7.1, MUST-14, SHLD-5, MAY-3) and on nothing else (MUST-65).
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

    private mutating func currentOptions(at now: Instant, besides segment: OutgoingSegment) -> TCPOptions {
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

/// What goes into the checksum field of a segment.
enum SegmentChecksum {
    /// The checksum; the sum over the text is known.
    case complete(textSum: InternetChecksum)
    /// The sum over the pseudo-header, for the layer below to go on with.
    case partial
}

extension OutputRawSpan {
    /// Appends the IP and TCP headers of a segment whose text follows, with the checksum (MUST-2), and the DSCP as it was given (SHLD-22).
    mutating func append(
        _ header: TCPHeader, between key: ConnectionKey, checksum: SegmentChecksum, textLength: Int,
        timeToLive: UInt8, differentiatedServices: UInt8, ecn: UInt8 = ECNCodepoint.notCapable, route: SourceRoute?
    ) {
        guard let source = key.local.address.v4, let destination = key.remote.address.v4 else {
            preconditionFailure("connections have IPv4 addresses")
        }
        let ip = IPv4Header(
            source: source, destination: destination, protocolNumber: .tcp,
            payloadLength: header.headerLength + textLength, timeToLive: timeToLive, dscp: differentiatedServices,
            ecn: ecn)
        if let route { ip.append(to: &self, by: route) } else { ip.append(to: &self) }
        let field =
            switch checksum {
            case .complete(let textSum):
                header.checksum(
                    source: source, destination: destination, payloadChecksum: textSum, payloadLength: textLength)
            case .partial:
                TCPHeader.pseudoHeaderSum(
                    source: source, destination: destination, segmentLength: header.headerLength + textLength)
            }
        header.append(to: &self, checksum: field)
    }

    /// Appends a reply that has no TCB behind it.
    mutating func append(_ reply: ReplySegment) {
        let header = TCPHeader(
            sourcePort: reply.key.local.port, destinationPort: reply.key.remote.port,
            sequenceNumber: reply.seq, acknowledgmentNumber: reply.ack, flags: reply.flags, window: reply.window,
            urgentPointer: 0, options: reply.options)
        append(
            header, between: reply.key, checksum: .complete(textSum: InternetChecksum()), textLength: 0,
            timeToLive: reply.timeToLive, differentiatedServices: reply.differentiatedServices, route: reply.route)
    }
}
