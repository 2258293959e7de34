import TunstackWire

/// A packet as a host's stack gets it: one that arrived, or a super-segment that its device has made of several.
struct MergedPacket {
    /// The numbers of the packets in it.
    private(set) var numbers: [Int]
    private(set) var bytes: [UInt8]

    init(_ number: Int, _ bytes: [UInt8]) {
        numbers = [number]
        self.bytes = bytes
    }

    /// Takes in a segment that continues this one and differs in nothing but numbers, checksums, FIN and PSH. Answers whether it does.
    mutating func merge(_ number: Int, _ next: [UInt8]) -> Bool {
        guard let first = Parts(bytes), let second = Parts(next), first.isContinued(by: second) else { return false }
        var tcp = first.tcp
        tcp.flags.formUnion(second.tcp.flags)
        let text = Array(bytes[first.textStart...] + next[second.textStart...])
        guard let merged = first.packet(with: tcp, text: text) else { return false }
        bytes = merged
        numbers.append(number)
        return true
    }

    /// A TCP packet whose checksums are right.
    private struct Parts {
        let ip: IPv4Header
        let tcp: TCPHeader
        let textStart: Int
        let textLength: Int

        init?(_ bytes: [UInt8]) {
            do throws(WireError) {
                let ip = try bytes.withRawSpan { span throws(WireError) in try IPv4Header(parsing: span) }
                guard ip.protocolNumber == .tcp, ip.totalLength == bytes.count, !ip.isFragment else { return nil }
                tcp = try bytes.withRawSpan { span throws(WireError) in
                    try TCPHeader(parsing: span.extracting(droppingFirst: ip.headerLength))
                }
                self.ip = ip
            } catch {
                return nil
            }
            textStart = ip.headerLength + tcp.headerLength
            textLength = bytes.count - textStart
            let isRight = bytes.withRawSpan {
                TCPHeader.verifyChecksum(
                    $0.extracting(droppingFirst: ip.headerLength), source: ip.source, destination: ip.destination)
            }
            guard isRight else { return nil }
        }

        func isContinued(by next: Parts) -> Bool {
            textLength > 0 && next.textLength > 0 && tcp.flags == .ack
                && next.tcp.flags.subtracting([.fin, .psh]) == .ack
                && next.tcp.sequenceNumber == tcp.sequenceNumber + textLength
                && next.tcp.acknowledgmentNumber == tcp.acknowledgmentNumber && next.tcp.window == tcp.window
                && next.tcp.options == tcp.options && next.ip.ecn == ip.ecn && next.ip.source == ip.source
                && next.ip.destination == ip.destination && next.tcp.sourcePort == tcp.sourcePort
                && next.tcp.destinationPort == tcp.destinationPort
                && ip.totalLength + next.textLength <= IPv4Header.maximumTotalLength
        }

        func packet(with tcp: TCPHeader, text: [UInt8]) -> [UInt8]? {
            guard tcp.headerLength == TCPHeader.minimumLength + tcp.options.encodedLength else { return nil }
            var ip = ip
            ip.headerLength = IPv4Header.minimumLength
            ip.totalLength = ip.headerLength + tcp.headerLength + text.count
            var textSum = InternetChecksum()
            text.withRawSpan { textSum.add($0) }
            let checksum = tcp.checksum(
                source: ip.source, destination: ip.destination, payloadChecksum: textSum, payloadLength: text.count)
            return [UInt8](rawCapacity: ip.totalLength) { output in
                ip.append(to: &output)
                tcp.append(to: &output, checksum: checksum)
                text.withRawSpan { output.append(bytes: $0) }
            }
        }
    }
}
