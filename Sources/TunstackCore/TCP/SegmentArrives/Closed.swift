import TunstackWire

/// SEGMENT ARRIVES in CLOSED (RFC 9293 §3.10.7.1): nobody is there. Anything but a reset is answered with one.
extension Stack {
    mutating func segmentArrivesInClosed(_ segment: Segment) -> Disposition {
        guard !segment.flags.contains(.rst) else { return .drop(.resetWithoutConnection) }
        environment.sendReset(answering: segment)
        return .drop(.closedPort)
    }
}
