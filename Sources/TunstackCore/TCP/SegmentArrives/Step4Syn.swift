import TunstackWire

/// Fourth: check the SYN bit (RFC 9293 §3.10.7.4, RFC 5961 §4.2). Whatever its number, a SYN on a connection that has one is
/// answered by a challenge: a peer that has restarted then resets the old connection by itself.
extension Connection {
    mutating func checkSyn(_ segment: Segment, _ environment: inout Environment) -> Disposition {
        guard segment.flags.contains(.syn) else { return .proceed }
        sendChallenge(answering: segment, &environment)
        return .drop(.challengedSyn)
    }
}
