import TunstackWire

/// SEGMENT ARRIVES (RFC 9293 §3.10.7): finds out in which state the connection is.
extension Stack {
    mutating func receiveTCP(_ bytes: RawSpan, header ip: IPv4Header, checksum: ChecksumStatus) -> DropReason? {
        let header: TCPHeader
        do throws(WireError) {
            header = try TCPHeader(parsing: bytes)
        } catch {
            return .malformedTCP
        }
        // MUST-3: nothing in a segment counts before its checksum does.
        guard
            checksum == .verified
                || TCPHeader.verifyChecksum(bytes, source: ip.source, destination: ip.destination)
        else { return .badTCPChecksum }
        let text = bytes.extracting(header.headerLength..<bytes.byteCount)
        let key = ConnectionKey(
            local: Endpoint(ip.destination, header.destinationPort), remote: Endpoint(ip.source, header.sourcePort))
        let segment = Segment(
            header: header, key: key, textLength: text.byteCount,
            hasExperiencedCongestion: ip.ecn == ECNCodepoint.congestionExperienced)
        let headerLength = ip.headerLength + header.headerLength
        return segmentArrives(segment, text: text, headerLength: headerLength).dropReason
    }

    private mutating func segmentArrives(_ segment: Segment, text: RawSpan, headerLength: Int) -> Disposition {
        guard let entry = find(segment.key) else {
            guard let listener = listener(for: segment.key.local) else {
                return segmentArrivesInClosed(segment)
            }
            return segmentArrivesInListen(segment, text: text, listener: listener)
        }
        switch entry.kind {
        case .connection:
            return segmentArrives(segment, text: text, headerLength: headerLength, at: entry.index)
        case .halfOpen:
            return segmentArrivesAtHalfOpen(segment, text: text, entry: entry)
        case .timeWait:
            return segmentArrivesInTimeWait(segment, text: text, entry: entry)
        }
    }

    /// A segment for a connection that has a block.
    mutating func segmentArrives(_ segment: Segment, text: RawSpan, headerLength: Int, at index: Int) -> Disposition {
        let disposition = connections[index].segmentArrives(segment, text: text, &environment)
        if segment.textLength >= Placement.leastText {
            let isInOrder = disposition == .consumed && connections[index].rcv.nxt.isAtOrAfter(segment.finSequence)
            placement.note(id(of: index), headerLength: headerLength, isInOrder: isInOrder)
        }
        refresh(index)
        return disposition
    }

    /// The listener of a socket: one at the very address comes before one at any address (RFC 9293 §3.9.1.1, MUST-43).
    @inline(__always)
    func listener(for local: Endpoint) -> ListenerID? {
        listenTable[local] ?? listenTable[Endpoint(IPAddress.unspecified, local.port)]
    }
}
