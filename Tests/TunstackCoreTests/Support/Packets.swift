import TunstackWire

/// Builds packets as a peer would send them, good and bad.
enum Packets {
    /// An IPv4 packet that carries a TCP segment, with both checksums.
    static func tcp(
        _ header: TCPHeader, from source: IPv4Address, to destination: IPv4Address, text: [UInt8] = [], ecn: UInt8 = 0
    ) -> [UInt8] {
        var textSum = InternetChecksum()
        text.withRawSpan { textSum.add($0) }
        let checksum = header.checksum(
            source: source, destination: destination, payloadChecksum: textSum, payloadLength: text.count)
        let segment = [UInt8](rawCapacity: header.headerLength + text.count) { output in
            header.append(to: &output, checksum: checksum)
            text.withRawSpan { output.append(bytes: $0) }
        }
        return ip(.tcp, from: source, to: destination, payload: segment) { $0.ecn = ecn }
    }

    /// An IPv4 packet that carries an ICMP message.
    static func icmp(
        _ message: ICMPv4Message, from source: IPv4Address, to destination: IPv4Address, payload: [UInt8] = []
    ) -> [UInt8] {
        let bytes = [UInt8](rawCapacity: ICMPv4Message.headerLength + payload.count) { output in
            payload.withRawSpan { message.append(to: &output, payload: $0) }
        }
        return ip(.icmp, from: source, to: destination, payload: bytes)
    }

    /// The packet with an option in its IP header, filled up to whole words.
    static func routed(_ packet: [UInt8], option: [UInt8]) -> [UInt8] {
        let options = option + [UInt8](repeating: 0, count: -option.count & 3)
        var routed = packet[..<20] + options + packet[20...]
        routed[0] += UInt8(options.count / 4)
        let length = routed.count
        routed[2...3] = [UInt8(length >> 8), UInt8(length & 0xFF)]
        routed[10...11] = [0, 0]
        var sum = InternetChecksum()
        Array(routed[..<(20 + options.count)]).withRawSpan { sum.add($0) }
        let checksum = sum.finish()
        routed[10...11] = [UInt8(checksum >> 8), UInt8(checksum & 0xFF)]
        return Array(routed)
    }

    /// An IPv4 packet of any protocol; `change` may spoil the header before its checksum is taken.
    static func ip(
        _ protocolNumber: IPProtocol, from source: IPv4Address, to destination: IPv4Address, payload: [UInt8],
        change: (inout IPv4Header) -> Void = { _ in }
    ) -> [UInt8] {
        var header = IPv4Header(
            source: source, destination: destination, protocolNumber: protocolNumber, payloadLength: payload.count)
        change(&header)
        return [UInt8](rawCapacity: header.totalLength) { output in
            header.append(to: &output)
            payload.withRawSpan { output.append(bytes: $0) }
        }
    }
}

/// Stream bytes that show their own place: the byte at offset n of a stream is the same wherever it is made.
enum StreamBytes {
    /// The bytes at `offset ..< offset + count` of the stream.
    static func at(_ offset: Int, count: Int) -> [UInt8] {
        (offset..<offset + count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }
}
