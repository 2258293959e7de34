public import TunstackCore
import TunstackWire

/// Cuts a super-segment into packets as a network card does (TSO), and completes checksums: for devices on which the kernel
/// does not.
///
/// Every packet gets a copy of the IP and TCP header in which total length, identification, sequence number and checksums are
/// its own. FIN and PSH are for the last one, CWR for the first (RFC 3168 §6.1.2: one announcement). The text is not copied:
/// it is handed out where it lies, and is read once, for the checksum.
///
/// The headers are trusted: the stack has made them.
public struct SegmentCutter: ~Copyable {
    /// Where the checksum is in a TCP header, in bytes (RFC 9293 §3.1).
    static let checksumOffset = 16

    /// Whether the checksums of the packets are complete, and not left to the device.
    public let fillsChecksums: Bool

    /// The headers of the packet to be handed out: 60 bytes of IP and 60 of TCP at most.
    private var headers = InlineArray<120, UInt8>(repeating: 0)

    /// A cutter for one device.
    ///
    /// - Parameter fillsChecksums: False leaves them to the device, as `TransmitOffload.fillsChecksum` describes.
    public init(fillsChecksums: Bool) {
        self.fillsChecksums = fillsChecksums
    }

    /// Hands out the packets of a super-segment, or the one packet that it is, with its checksum.
    ///
    /// - Parameters:
    ///   - header: IP and TCP header, `metadata.headerLength` bytes. Checksum field and lengths may hold anything.
    ///   - text: What follows, in two pieces.
    ///   - metadata: How long the headers and the text of a segment are.
    ///   - body: Gets headers and text of each packet in turn; they are gone after the call.
    public mutating func cut<Failure: Error>(
        header: RawSpan, text: RawSpan, moreText: RawSpan, metadata: TransmitMetadata,
        _ body: (_ header: RawSpan, _ text: RawSpan, _ moreText: RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(header.byteCount <= headers.count, "a header longer than IP and TCP allow")
        let length = text.byteCount + moreText.byteCount
        let step = metadata.segmentSize > 0 ? metadata.segmentSize : max(1, length)
        let original = Original(header: header)
        var number: UInt16 = 0
        var offset = 0
        repeat {
            let end = min(offset + step, length)
            let first = text.extracting(min(offset, text.byteCount)..<min(end, text.byteCount))
            let second = moreText.extracting(max(0, offset - text.byteCount)..<max(0, end - text.byteCount))
            fill(
                from: header, original, at: offset, number: number, isLast: end == length, text: first, second)
            try body(unsafe headers.span.bytes.extracting(first: header.byteCount), first, second)
            offset = end
            number &+= 1
        } while offset < length
    }
}

extension SegmentCutter {
    /// What is read off the super-segment's headers once.
    private struct Original {
        let ipLength: Int
        let source: IPv4Address
        let destination: IPv4Address
        let identification: UInt16
        let sequenceNumber: UInt32
        let flags: UInt8

        init(header: RawSpan) {
            ipLength = Int(header.byte(at: 0) & 0xF) * 4
            identification = header.bigEndianUInt16(at: Field.identification)
            source = IPv4Address(rawValue: header.bigEndianUInt32(at: Field.source))
            destination = IPv4Address(rawValue: header.bigEndianUInt32(at: Field.destination))
            sequenceNumber = header.bigEndianUInt32(at: ipLength + Field.sequenceNumber)
            flags = header.byte(at: ipLength + Field.flags)
        }

        /// The flags of the segment that begins at `offset` (RFC 9293 §3.1 for their bits).
        func flags(at offset: Int, isLast: Bool) -> UInt8 {
            var flags = flags
            if !isLast { flags &= ~UInt8(truncatingIfNeeded: TCPFlags([.fin, .psh]).rawValue) }
            if offset > 0 { flags &= ~UInt8(truncatingIfNeeded: TCPFlags.cwr.rawValue) }
            return flags
        }
    }

    /// Where the fields that differ are: in the IP header, and in the TCP header.
    private enum Field {
        static let totalLength = 2
        static let identification = 4
        static let headerChecksum = 10
        static let source = 12
        static let destination = 16

        static let sequenceNumber = 4
        static let flags = 13
    }

    /// Makes the headers of the packet that carries the text from `offset` on.
    private mutating func fill(
        from header: RawSpan, _ original: Original, at offset: Int, number: UInt16, isLast: Bool, text: RawSpan,
        _ moreText: RawSpan
    ) {
        if offset == 0 { put(header) }
        let segmentLength = header.byteCount - original.ipLength + text.byteCount + moreText.byteCount
        put(UInt16(original.ipLength + segmentLength), at: Field.totalLength)
        put(original.identification &+ number, at: Field.identification)
        put(0, at: Field.headerChecksum)
        var headerSum = InternetChecksum()
        headerSum.add(unsafe headers.span.bytes.extracting(0..<original.ipLength))
        put(headerSum.finish(), at: Field.headerChecksum)

        let tcp = original.ipLength
        let sequenceNumber = original.sequenceNumber &+ UInt32(offset)
        put(UInt16(sequenceNumber >> 16), at: tcp + Field.sequenceNumber)
        put(UInt16(truncatingIfNeeded: sequenceNumber), at: tcp + Field.sequenceNumber + 2)
        headers[tcp + Field.flags] = original.flags(at: offset, isLast: isLast)
        var sum = InternetChecksum()
        sum.addPseudoHeader(
            source: original.source, destination: original.destination, protocolNumber: IPProtocol.tcp.rawValue,
            length: segmentLength)
        guard fillsChecksums else {
            put(~sum.finish(), at: tcp + Self.checksumOffset)
            return
        }
        put(0, at: tcp + Self.checksumOffset)
        sum.add(unsafe headers.span.bytes.extracting(tcp..<header.byteCount))
        sum.add(text)
        sum.add(moreText)
        put(sum.finish(), at: tcp + Self.checksumOffset)
    }

    private mutating func put(_ header: RawSpan) {
        for offset in 0..<header.byteCount { headers[offset] = header.byte(at: offset) }
    }

    private mutating func put(_ value: UInt16, at offset: Int) {
        headers[offset] = UInt8(value >> 8)
        headers[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}
