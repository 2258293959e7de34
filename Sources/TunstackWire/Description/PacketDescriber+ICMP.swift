extension PacketDescriber {
    /// Describes an ICMP message: `ICMP echo request, id 1, seq 1, length 64`.
    static func describeICMP(_ bytes: RawSpan) -> String {
        guard bytes.byteCount >= ICMPv4Message.headerLength else { return "ICMP [|icmp]" }
        let type = bytes.byte(at: 0)
        let code = bytes.byte(at: 1)
        let message = ICMPv4Message(type: type, code: code, rest: bytes.bigEndianUInt32(at: 4))
        let quoted = bytes.extracting(ICMPv4Message.headerLength..<bytes.byteCount)
        return "ICMP " + describe(message, code: code, quoted: quoted) + ", length \(bytes.byteCount)"
    }

    private static func describe(_ message: ICMPv4Message, code: UInt8, quoted: RawSpan) -> String {
        switch message {
        case .echoRequest(let identifier, let sequence): return "echo request, id \(identifier), seq \(sequence)"
        case .echoReply(let identifier, let sequence): return "echo reply, id \(identifier), seq \(sequence)"
        case .destinationUnreachable(let code, let mtu):
            return describeUnreachable(code: code, nextHopMTU: mtu, quoted: quoted)
        case .sourceQuench: return "source quench"
        case .timeExceeded(0): return "time exceeded in-transit"
        case .timeExceeded(1): return "ip reassembly time exceeded"
        case .timeExceeded(let code): return "time exceeded-#\(code)"
        case .parameterProblem(let pointer):
            return code == 0 ? "parameter problem - octet \(pointer)" : "parameter problem - code \(code)"
        case .other(let type, _): return "type-#\(type)"
        }
    }

    /// Names what could not be reached, which the quoted packet tells (RFC 792; codes 6 to 15 are RFC 1812 §5.2.7.1's).
    private static func describeUnreachable(code: UInt8, nextHopMTU: UInt16, quoted: RawSpan) -> String {
        guard quoted.byteCount >= IPv4Header.minimumLength else { return "unreachable [|icmp]" }
        let host = IPv4Address(rawValue: quoted.bigEndianUInt32(at: IPv4Field.destination))
        switch code {
        case 0: return "net \(host) unreachable"
        case 1: return "host \(host) unreachable"
        case 2: return "\(host) protocol \(quoted.byte(at: IPv4Field.protocolNumber)) unreachable"
        case 3: return "\(host) \(describeQuotedPort(quoted)) unreachable"
        case 4: return "\(host) unreachable - need to frag" + (nextHopMTU == 0 ? "" : " (mtu \(nextHopMTU))")
        case 5: return "\(host) unreachable - source route failed"
        case 6: return "net \(host) unreachable - unknown"
        case 7: return "host \(host) unreachable - unknown"
        case 8: return "\(host) unreachable - source host isolated"
        case 9: return "net \(host) unreachable - admin prohibited"
        case 10: return "host \(host) unreachable - admin prohibited"
        case 11: return "net \(host) unreachable - tos prohibited"
        case 12: return "host \(host) unreachable - tos prohibited"
        case 13: return "host \(host) unreachable - admin prohibited filter"
        case 14: return "host \(host) unreachable - host precedence violation"
        case 15: return "host \(host) unreachable - precedence cutoff"
        default: return "\(host) unreachable - #\(code)"
        }
    }

    /// Names the protocol and the port to which the quoted packet was sent.
    private static func describeQuotedPort(_ quoted: RawSpan) -> String {
        let offset = Int(quoted.byte(at: IPv4Field.versionAndLengths) & 0xF) * 4 + 2
        guard offset + 2 <= quoted.byteCount else { return "port" }
        let port = quoted.bigEndianUInt16(at: offset)
        switch IPProtocol(rawValue: quoted.byte(at: IPv4Field.protocolNumber)) {
        case .tcp: return "tcp port \(port)"
        case .udp: return "udp port \(port)"
        case let other: return "protocol \(other.rawValue) port \(port)"
        }
    }
}
