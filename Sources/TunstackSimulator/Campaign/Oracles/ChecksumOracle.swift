import TunstackCore
import TunstackWire

/// Every packet that a host sends is whole, fits its MTU, and has the right checksums (RFC 791 §3.1; RFC 9293 §3.1).
struct ChecksumOracle: Oracle {
    let name = "checksums"

    mutating func leaves(_ packet: [UInt8], _ host: HostCore, _ verdicts: inout Verdicts) {
        guard let fault = Self.fault(in: packet, mtu: host.stack.configuration.mtu) else { return }
        verdicts.find(self, host.id, at: host.network.now, "sends \(fault)")
    }

    /// What is wrong with a packet; nil if nothing is.
    private static func fault(in packet: [UInt8], mtu: Int) -> String? {
        if packet.count > mtu { return "a packet of \(packet.count) bytes is larger than the MTU of \(mtu)" }
        return packet.withRawSpan { span in
            do throws(WireError) {
                let header = try IPv4Header(parsing: span)
                guard header.totalLength == span.byteCount else { return "a packet's length is not what it says" }
                guard InternetChecksum.isRight(span.extracting(0..<header.headerLength)) else {
                    return "a packet's IP checksum is wrong"
                }
                let payload = span.extracting(header.headerLength..<header.totalLength)
                let isRight =
                    header.protocolNumber == .tcp
                    ? TCPHeader.verifyChecksum(payload, source: header.source, destination: header.destination)
                    : InternetChecksum.isRight(payload)
                return isRight ? nil : "a packet's transport checksum is wrong"
            } catch {
                return "a packet has no readable header"
            }
        }
    }
}

extension InternetChecksum {
    /// Whether bytes that hold a checksum over all of them are intact.
    fileprivate static func isRight(_ bytes: RawSpan) -> Bool {
        var sum = InternetChecksum()
        sum.add(bytes)
        return sum.isValid
    }
}
