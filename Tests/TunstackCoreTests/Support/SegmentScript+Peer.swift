import Testing
import TunstackCore
import TunstackWire

/// What the peer and the network do.
extension SegmentScript {
    /// From now on the peer is the one at this port of the same address; it begins with fresh numbers if it is new.
    func connect(fromPort port: UInt16) {
        key = ConnectionKey(local: key.local, remote: Endpoint(key.remote.address, Port(port)))
    }

    /// The peer sends a segment.
    ///
    /// - Parameters:
    ///   - flags: the control bits.
    ///   - text: the text; or `length` for so many bytes of `StreamBytes`, numbered from the peer's first.
    ///   - seq: nil for the next number that the peer has not used.
    ///   - ack: nil for everything that the stack has sent; counts only with ACK among the flags.
    ///   - win: the window field as it stands in the header.
    ///   - urg: the urgent pointer.
    ///   - ecn: the ECN field of the IP header.
    func peer(
        _ flags: TCPFlags, _ text: String = "", seq: UInt32? = nil, ack: UInt32? = nil, win: UInt16 = 65_535,
        urg: UInt16 = 0, length: Int = 0, options: TCPOptions = TCPOptions(), ecn: UInt8 = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let start = seq.map(SequenceNumber.init) ?? flow.peerNext
        let offset = start - SequenceNumber(Self.irs + 1)
        let bytes = text.isEmpty ? StreamBytes.at(offset, count: length) : Array(text.utf8)
        let isAcknowledgment = flags.contains(.ack)
        let header = TCPHeader(
            sourcePort: key.remote.port, destinationPort: key.local.port, sequenceNumber: start,
            acknowledgmentNumber: isAcknowledgment
                ? ack.map(SequenceNumber.init) ?? flow.stackNext : SequenceNumber(0),
            flags: flags, window: win, urgentPointer: urg, options: options)
        note(header, textLength: bytes.count)
        inject(tcp: header, text: bytes, ecn: ecn, sourceLocation: sourceLocation)
    }

    /// Moves on what the peer would send next: past what it sends in order.
    private func note(_ header: TCPHeader, textLength: Int) {
        guard !header.flags.contains(.rst) else { return }
        let start = header.sequenceNumber
        let end = start + textLength + (header.flags.contains(.syn) ? 1 : 0) + (header.flags.contains(.fin) ? 1 : 0)
        if header.flags.contains(.syn) || start.isAtOrBefore(flow.peerNext) && end.isAfter(flow.peerNext) {
            flow.peerNext = end
        }
    }

    /// A segment with any header arrives between the current sockets.
    func inject(
        tcp header: TCPHeader, text: [UInt8] = [], ecn: UInt8 = 0, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard let source = key.remote.address.v4, let destination = key.local.address.v4 else { return }
        inject(
            Packets.tcp(header, from: source, to: destination, text: text, ecn: ecn), sourceLocation: sourceLocation)
    }

    /// Any bytes arrive from the device.
    func inject(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        lastDrop = bytes.withRawSpan { stack.receive($0, at: now) }
        drain(sourceLocation: sourceLocation)
    }

    /// An ICMP message arrives from the peer's address.
    func icmp(
        _ message: ICMPv4Message, payload: [UInt8] = [], from source: IPv4Address = SegmentScript.peerAddress,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        inject(
            Packets.icmp(message, from: source, to: Self.localAddress, payload: payload),
            sourceLocation: sourceLocation)
    }

    /// An ICMP error arrives that quotes a segment of ours with this number.
    func icmp(
        _ message: ICMPv4Message, quoting seq: UInt32, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard let source = key.local.address.v4, let destination = key.remote.address.v4 else { return }
        let header = TCPHeader(
            sourcePort: key.local.port, destinationPort: key.remote.port, sequenceNumber: SequenceNumber(seq),
            flags: .ack, window: 0)
        let quoted = Packets.tcp(header, from: source, to: destination)
        icmp(message, payload: Array(quoted.prefix(28)), sourceLocation: sourceLocation)
    }
}
