// What is not TCP or ICMP gets a short line, and so does what is broken.

extension PacketDescriber {
    /// Describes a UDP datagram by its ports and length.
    static func describeUDP(_ datagram: RawSpan, of packet: IPv4Header) -> String {
        guard datagram.byteCount >= 8 else { return "\(packet.source) > \(packet.destination): [|udp]" }
        let source = Port(datagram.bigEndianUInt16(at: 0))
        let destination = Port(datagram.bigEndianUInt16(at: 2))
        return
            "\(packet.source).\(source) > \(packet.destination).\(destination): UDP, length \(datagram.byteCount - 8)"
    }

    /// Describes an IPv6 packet by its addresses and what it says it carries (RFC 8200 §3).
    static func describeIPv6(_ packet: RawSpan) -> String {
        guard packet.byteCount >= 40 else { return "[|ip6]" }
        let source = ipv6Address(in: packet, at: 8)
        let destination = ipv6Address(in: packet, at: 24)
        return "\(source) > \(destination): ip-proto-\(packet.byte(at: 6)) \(packet.bigEndianUInt16(at: 4))"
    }

    private static func ipv6Address(in packet: RawSpan, at offset: Int) -> IPAddress {
        let words = (0..<4).map { UInt64(packet.bigEndianUInt32(at: offset + $0 * 4)) }
        return IPAddress(high: words[0] << 32 | words[1], low: words[2] << 32 | words[3])
    }

    /// Says why a packet is not an IPv4 packet.
    static func describe(_ error: WireError, in packet: RawSpan) -> String {
        guard packet.byteCount >= IPv4Header.minimumLength else { return "[|ip]" }
        let headerLength = Int(packet.byte(at: IPv4Field.versionAndLengths) & 0xF) * 4
        let totalLength = Int(packet.bigEndianUInt16(at: IPv4Field.versionAndLengths + 2))
        switch error {
        case .truncated: return "truncated-ip - \(max(headerLength, totalLength) - packet.byteCount) bytes missing!"
        case .badHeaderLength: return "bad-hlen \(headerLength)"
        case .badTotalLength: return "bad-len \(totalLength)"
        default: return "[\(error)]"
        }
    }

    /// Says why a segment is not a TCP segment.
    static func describeBrokenTCP(_ segment: RawSpan, of packet: IPv4Header) -> String {
        guard segment.byteCount >= TCPHeader.minimumLength else {
            return "\(packet.source) > \(packet.destination): [|tcp]"
        }
        let source = Port(segment.bigEndianUInt16(at: TCPField.ports))
        let destination = Port(segment.bigEndianUInt16(at: TCPField.ports + 2))
        let length = Int(segment.byte(at: TCPField.offsetFlagsAndWindow) >> 4) * 4
        let reason =
            length < TCPHeader.minimumLength
            ? "too short, < \(TCPHeader.minimumLength)" : "too long, > \(segment.byteCount)"
        return "\(packet.source).\(source) > \(packet.destination).\(destination): "
            + "tcp \(segment.byteCount) [bad hdr length \(length) - \(reason)]"
    }
}
