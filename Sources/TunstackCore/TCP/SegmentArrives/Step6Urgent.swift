import TunstackWire

/// Sixth: check the URG bit (RFC 9293 §3.10.7.4, §3.8.5).
extension Connection {
    mutating func checkUrgent(_ segment: Segment) {
        guard segment.flags.contains(.urg), state.receivesData else { return }
        // The pointer names the byte after the urgent data (MUST-62).
        let up = segment.textStart + Int(segment.urgentPointer)
        guard up.isAfter(rcv.up), up.isAfter(receiveBuffer.readNext) else { return }
        rcv.up = up
        events.insert(.urgent)
    }

    /// Bytes up to the end of the peer's urgent data that the application has not read (MUST-33).
    @inline(__always)
    var urgentBytesLeft: Int { max(0, rcv.up - receiveBuffer.readNext) }
}
