/// Describes packets in a line each, in the words of `tcpdump -n`.
///
/// The describer remembers where the sequence numbers of each conversation began (of the latest 4096) and from then on
/// shows how far from there they are, as tcpdump does without its option `-S`. Any bytes will do as a packet; a broken
/// one gets a line that says so.
public struct PacketDescriber: Sendable {
    /// How sequence and acknowledgment numbers are shown.
    public enum Numbering: Sendable {
        /// Absolute at the start of a conversation, afterwards counted from there.
        case relative
        /// As they are on the wire, tcpdump's `-S`.
        case absolute
    }

    private let numbering: Numbering
    private var table = SequenceOriginTable()

    /// Makes a describer that has seen no packets.
    public init(numbering: Numbering = .relative) {
        self.numbering = numbering
    }

    /// Describes one IP packet.
    public mutating func describe(_ packet: RawSpan) -> String {
        guard !packet.isEmpty else { return "IP [|ip]" }
        switch packet.byte(at: 0) >> 4 {
        case 4: return "IP " + describeIPv4(packet)
        case 6: return "IP6 " + Self.describeIPv6(packet)
        case let version: return "IP" + String(version) + " wrong version"
        }
    }

    private mutating func describeIPv4(_ packet: RawSpan) -> String {
        let header: IPv4Header
        do {
            header = try IPv4Header(trusting: packet)
        } catch {
            return Self.describe(error, in: packet)
        }
        let payload = packet.extracting(header.headerLength..<header.totalLength)
        let addresses = "\(header.source) > \(header.destination):"
        guard header.fragmentOffset == 0 else { return addresses + " ip-proto-\(header.protocolNumber.rawValue)" }
        switch header.protocolNumber {
        case .tcp:
            return describeTCP(payload, of: header)
        case .udp:
            return Self.describeUDP(payload, of: header)
        case .icmp:
            return addresses + " " + Self.describeICMP(payload)
        default:
            return addresses + "  ip-proto-\(header.protocolNumber.rawValue) \(payload.byteCount)"
        }
    }

    private mutating func describeTCP(_ segment: RawSpan, of packet: IPv4Header) -> String {
        let header: TCPHeader
        do {
            header = try TCPHeader(parsing: segment)
        } catch {
            return Self.describeBrokenTCP(segment, of: packet)
        }
        let source = Endpoint(packet.source, header.sourcePort)
        let destination = Endpoint(packet.destination, header.destinationPort)
        var origins = SequenceOrigins.absolute
        var optionOrigins = SequenceOrigins.absolute
        if numbering == .relative, header.flags.contains(.ack) {
            let (known, areNew) = table.origins(for: header, from: source, to: destination)
            // The segment that begins a conversation shows its own numbers as they are, but SACK blocks from the start.
            origins = areNew ? .absolute : known
            optionOrigins = known
        }
        let options = segment.extracting(TCPHeader.minimumLength..<header.headerLength)
        return "\(packet.source).\(header.sourcePort) > \(packet.destination).\(header.destinationPort): "
            + Self.describe(
                header, payloadLength: segment.byteCount - header.headerLength, origins: origins,
                options: Self.describe(options: options, origin: optionOrigins.receiver))
    }
}
