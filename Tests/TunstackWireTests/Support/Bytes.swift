import TunstackWire

/// Bytes 0, 1, 2, … as a payload that shows where each byte went.
func countingBytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0) }
}

/// An IPv4 packet of a TCP header and a payload, with both checksums.
func packet(
    _ header: TCPHeader, from source: IPv4Address, to destination: IPv4Address, payload: [UInt8] = []
) -> [UInt8] {
    var sum = InternetChecksum()
    payload.withRawSpan { sum.add($0) }
    let checksum = header.checksum(
        source: source, destination: destination, payloadChecksum: sum, payloadLength: payload.count)
    let outer = IPv4Header(
        source: source, destination: destination, protocolNumber: .tcp,
        payloadLength: header.headerLength + payload.count)
    return [UInt8](rawCapacity: 65536) { output in
        outer.append(to: &output)
        header.append(to: &output, checksum: checksum)
        payload.withRawSpan { output.append(bytes: $0) }
    }
}

/// An IPv4 packet of any protocol.
func packet(
    _ protocolNumber: IPProtocol, from source: IPv4Address, to destination: IPv4Address, payload: [UInt8]
) -> [UInt8] {
    let outer = IPv4Header(
        source: source, destination: destination, protocolNumber: protocolNumber, payloadLength: payload.count)
    return [UInt8](rawCapacity: 65536) { output in
        outer.append(to: &output)
        payload.withRawSpan { output.append(bytes: $0) }
    }
}
