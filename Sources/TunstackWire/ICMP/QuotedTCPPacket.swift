/// What an ICMP error quotes of the TCP packet that caused it: enough to find the connection (RFC 792, RFC 5927 §4.1).
///
/// Routers may have changed the quoted header and quote little of the data, so neither its checksum nor its total
/// length is asked for; the sequence number tells a forgery from an error about a segment that was sent.
public struct QuotedTCPPacket: Equatable, Sendable {
    /// Who sent the quoted packet: the host that the ICMP error goes to.
    public var source: Endpoint
    /// Whom the quoted packet was for; at the end of its source route, if it had one.
    public var destination: Endpoint
    /// The quoted segment's sequence number.
    public var sequenceNumber: SequenceNumber

    /// How many bytes of TCP an ICMP error quotes at least: ports and sequence number.
    private static let quotedLength = 8

    /// Reads the bytes after an ICMP error's first eight: an IPv4 header and at least 8 bytes of TCP.
    ///
    /// - Throws: `truncated`, `badVersion`, `badHeaderLength`; `unexpectedProtocol` if TCP is not what is quoted;
    ///   `laterFragment` if the quoted part does not begin with a TCP header.
    public init(parsing bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount >= IPv4Header.minimumLength else { throw .truncated }
        let first = bytes.byte(at: IPv4Field.versionAndLengths)
        guard first >> 4 == 4 else { throw .badVersion }
        let headerLength = Int(first & 0xF) * 4
        guard headerLength >= IPv4Header.minimumLength else { throw .badHeaderLength }
        guard bytes.byteCount >= headerLength + Self.quotedLength else { throw .truncated }
        guard bytes.byte(at: IPv4Field.protocolNumber) == IPProtocol.tcp.rawValue else { throw .unexpectedProtocol }
        let fragment = bytes.bigEndianUInt16(at: IPv4Field.flagsAndFragmentOffset)
        guard fragment & IPv4Field.fragmentOffsetMask == 0 else { throw .laterFragment }

        let ports = bytes.bigEndianUInt32(at: headerLength + TCPField.ports)
        source = Endpoint(
            IPv4Address(rawValue: bytes.bigEndianUInt32(at: IPv4Field.source)),
            Port(UInt16(truncatingIfNeeded: ports >> 16)))
        let next = IPv4Address(rawValue: bytes.bigEndianUInt32(at: IPv4Field.destination))
        destination = Endpoint(
            SourceRoute.end(of: bytes, headerLength: headerLength) ?? next, Port(UInt16(truncatingIfNeeded: ports)))
        sequenceNumber = SequenceNumber(bytes.bigEndianUInt32(at: headerLength + TCPField.sequenceNumber))
    }
}
