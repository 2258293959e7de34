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

        switch segmentArrives(segment, text: text) {
        case .proceed, .consumed: return nil
        case .drop(let reason): return reason
        }
    }

    private mutating func segmentArrives(_ segment: Segment, text: RawSpan) -> Disposition {
        guard let entry = find(segment.key) else {
            guard let listener = listener(for: segment.key.local) else {
                return segmentArrivesInClosed(segment)
            }
            return segmentArrivesInListen(segment, text: text, listener: listener)
        }
        switch entry.kind {
        case .connection:
            let disposition = connections[entry.index].segmentArrives(segment, text: text, &environment)
            refresh(entry.index)
            return disposition
        case .halfOpen:
            return segmentArrivesAtHalfOpen(segment, text: text, entry: entry)
        case .timeWait:
            return segmentArrivesInTimeWait(segment, text: text, entry: entry)
        }
    }

    /// The listener of a socket: one at the very address comes before one at any address (RFC 9293 §3.9.1.1, MUST-43).
    @inline(__always)
    func listener(for local: Endpoint) -> ListenerID? {
        listenTable[local] ?? listenTable[Endpoint(IPAddress.unspecified, local.port)]
    }
}
