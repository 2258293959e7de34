public import TunstackWire

/// A router whose next hop takes only small packets.
///
/// A larger packet that must not be fragmented is dropped; its sender is told the next hop's MTU (RFC 1191 §4), or not,
/// where messages are filtered (a black hole, RFC 2923 §2.1). A packet that may be fragmented passes as it is, as if
/// its fragments had been put together again.
public struct PacketSizeLimit: LinkRule {
    private let mtu: Int
    private let router: IPv4Address?

    /// - Parameters:
    ///   - mtu: the largest packet that passes, in bytes, 68 ... 65535.
    ///   - router: who sends the ICMP message; nil for a router that says nothing.
    public init(mtu: Int, router: IPv4Address? = IPv4Address(192, 0, 2, 1)) {
        self.mtu = mtu
        self.router = router
    }

    /// Drops the packet, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard packet.bytes.count > mtu else { return nil }
        return packet.bytes.withRawSpan { bytes in
            do throws(WireError) {
                let header = try IPv4Header(parsing: bytes)
                guard header.dontFragment else { return nil }
                return .drop("too large for the path", answer: message(on: header, bytes))
            } catch {
                // A router drops what it cannot read, and there is nobody to tell.
                return .drop("too large for the path")
            }
        }
    }

    /// "Fragmentation needed"; nil for an ICMP packet, which is never answered with an error (RFC 1122 §3.2.2).
    private func message(on header: IPv4Header, _ packet: RawSpan) -> [UInt8]? {
        guard let router, header.protocolNumber != .icmp else { return nil }
        let quoted = packet.extracting(first: min(packet.byteCount, header.headerLength + 8))
        let message = ICMPv4Message.destinationUnreachable(code: 4, nextHopMTU: UInt16(clamping: mtu))
        let ip = IPv4Header(
            source: router, destination: header.source, protocolNumber: .icmp,
            payloadLength: ICMPv4Message.headerLength + quoted.byteCount)
        return [UInt8](rawCapacity: ip.totalLength) { output in
            ip.append(to: &output)
            message.append(to: &output, payload: quoted)
        }
    }
}
