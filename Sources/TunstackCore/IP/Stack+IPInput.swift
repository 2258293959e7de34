import TunstackWire

/// Whether the device has looked at the checksum of a packet's payload.
public enum ChecksumStatus: Sendable {
    /// Nobody has; the stack verifies it.
    case unverified
    /// The device, or the host that never put the packet on a wire, vouches for it.
    case verified
}

extension Stack {
    /// Takes a packet from the device.
    ///
    /// - Parameters:
    ///   - packet: one IP packet; bytes beyond its total length are ignored.
    ///   - checksum: whether the TCP checksum needs verifying.
    ///   - now: the time.
    /// - Returns: why the packet, or the segment in it, was dropped; nil if it was used.
    @discardableResult
    public mutating func receive(
        _ packet: RawSpan, checksum: ChecksumStatus = .unverified, at now: Instant
    ) -> DropReason? {
        environment.now = now
        environment.counters.packetsReceived &+= 1
        let reason = receiveIP(packet, checksum: checksum)
        if let reason { environment.counters.count(reason) }
        return reason
    }

    private mutating func receiveIP(_ packet: RawSpan, checksum: ChecksumStatus) -> DropReason? {
        guard packet.byteCount > 0, packet.byte(at: 0) >> 4 == 4 else { return .unsupportedIPVersion }
        let header: IPv4Header
        do throws(WireError) {
            header = try IPv4Header(parsing: packet)
        } catch {
            return error == .badChecksum ? .badIPChecksum : .malformedIP
        }
        guard !header.isFragment else { return .fragment }
        let isToGroup = header.destination.isMulticast || addresses.isBroadcast(header.destination)
        guard isToGroup || addresses.contains(header.destination) else { return .notForUs }
        guard addresses.isPossiblePeer(header.source) else { return .invalidSource }
        guard header.headerLength > IPv4Header.minimumLength else {
            return deliver(packet, header, checksum: checksum, isToGroup: isToGroup)
        }
        if let refusal = noteRoute(of: packet, header) { return refusal }
        defer { environment.arrivingRoute = nil }
        return deliver(packet, header, checksum: checksum, isToGroup: isToGroup)
    }

    /// A source route must have come to its end here, and be welcome (RFC 9293 §3.9.2.1).
    private mutating func noteRoute(of packet: RawSpan, _ header: IPv4Header) -> DropReason? {
        switch SourceRoute.received(in: packet, header: header) {
        case .none: return nil
        case .completed(let route) where environment.configuration.acceptsSourceRoutes:
            environment.arrivingRoute = route
            return nil
        case .completed, .unfinished: return .sourceRoute
        }
    }

    private mutating func deliver(
        _ packet: RawSpan, _ header: IPv4Header, checksum: ChecksumStatus, isToGroup: Bool
    ) -> DropReason? {
        let payload = packet.extracting(header.headerLength..<header.totalLength)
        switch header.protocolNumber {
        case .tcp:
            return isToGroup ? .notUnicast : receiveTCP(payload, header: header, checksum: checksum)
        case .icmp:
            return receiveICMP(payload, header: header, isToGroup: isToGroup)
        default:
            if !isToGroup { sendUnreachable(answering: packet, header: header) }
            return .unsupportedProtocol
        }
    }
}
