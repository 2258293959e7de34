import Testing
import TunstackCore
import TunstackWire

/// A packet that the stack gave to the device: checked, taken apart, and with the time at which it left.
struct SentPacket: CustomTestStringConvertible {
    /// When it left.
    let time: Instant
    let bytes: [UInt8]
    let ip: IPv4Header
    /// The segment's header; nil if it is not TCP.
    let tcp: TCPHeader?
    /// The ICMP message; nil if it is not ICMP.
    let icmp: ICMPv4Message?
    /// What follows the TCP or ICMP header.
    let payload: [UInt8]
    /// What the device was told; nothing if the stack has no help from it.
    let metadata: TransmitMetadata

    /// Takes a packet apart; what is wrong with it is an issue of the test.
    init?(_ pieces: PacketPieces, at time: Instant, mtu: Int, sourceLocation: SourceLocation) {
        self.time = time
        bytes = pieces.packet
        metadata = pieces.metadata
        do throws(WireError) {
            ip = try bytes.withRawSpan { packet throws(WireError) in try IPv4Header(parsing: packet) }
            let carried = Array(bytes[ip.headerLength..<ip.totalLength])
            switch ip.protocolNumber {
            case .tcp:
                let header = try carried.withRawSpan { segment throws(WireError) in try TCPHeader(parsing: segment) }
                tcp = header
                icmp = nil
                payload = Array(carried[header.headerLength...])
            case .icmp:
                tcp = nil
                icmp = try carried.withRawSpan { message throws(WireError) in try ICMPv4Message(parsing: message) }
                payload = Array(carried[ICMPv4Message.headerLength...])
            default:
                tcp = nil
                icmp = nil
                payload = carried
            }
        } catch {
            Issue.record(
                "the stack sent a packet that does not parse (\(error)): \(bytes)", sourceLocation: sourceLocation)
            return nil
        }
        verify(mtu: mtu, sourceLocation: sourceLocation)
    }

    /// What must hold of every packet, whatever the test is about (RFC 9293 MUST-2).
    private func verify(mtu: Int, sourceLocation: SourceLocation) {
        #expect(bytes.count == ip.totalLength, "\(testDescription)", sourceLocation: sourceLocation)
        let isCut = metadata.segmentSize > 0
        let largest = isCut ? metadata.headerLength + metadata.segmentSize : bytes.count
        #expect(largest <= mtu, "longer than the MTU: \(testDescription)", sourceLocation: sourceLocation)
        guard let tcp else { return }
        let isValid = Array(bytes[ip.headerLength...]).withRawSpan {
            TCPHeader.verifyChecksum($0, source: ip.source, destination: ip.destination)
        }
        #expect(isValid, "wrong TCP checksum: \(testDescription)", sourceLocation: sourceLocation)
        // RFC 9293 MUST-65: the MSS option is for SYNs.
        let isSyn = tcp.flags.contains(.syn)
        #expect(isSyn || tcp.options.maximumSegmentSize == nil, "\(testDescription)", sourceLocation: sourceLocation)
    }

    /// The key of the connection, seen from the stack; nil if it is not TCP.
    var key: ConnectionKey? {
        tcp.map { tcp in
            ConnectionKey(
                local: Endpoint(ip.source, tcp.sourcePort), remote: Endpoint(ip.destination, tcp.destinationPort))
        }
    }

    /// Sequence numbers that the segment takes up.
    var sequenceLength: Int {
        guard let tcp else { return 0 }
        return payload.count + (tcp.flags.contains(.syn) ? 1 : 0) + (tcp.flags.contains(.fin) ? 1 : 0)
    }

    /// tcpdump's part from `Flags` on, with absolute numbers; or the whole line if it is not TCP.
    var line: String {
        if let tcp { return PacketDescriber.describe(tcp: tcp, payloadLength: payload.count) }
        var describer = PacketDescriber(numbering: .absolute)
        return bytes.withRawSpan { describer.describe($0) }
    }

    /// The time in milliseconds and tcpdump's line.
    var testDescription: String {
        var describer = PacketDescriber(numbering: .absolute)
        return "\(time.nanoseconds / 1_000_000) ms " + bytes.withRawSpan { describer.describe($0) }
    }
}
