import TunstackCore
import TunstackWire

/// No reset answers a reset (RFC 9293 §3.5.2).
struct ResetOracle: Oracle {
    let name = "resets"
    /// The reset that a host has just taken in.
    private var latest: (segment: ObservedSegment, key: ConnectionKey)?

    mutating func received(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {
        latest = segment.flags.contains(.rst) ? (segment, segment.receiversKey) : nil
    }

    mutating func sent(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {
        guard segment.flags.contains(.rst), let latest, latest.segment.host == segment.host,
            latest.segment.time == segment.time, latest.key == segment.sendersKey
        else { return }
        verdicts.find(self, segment.host, at: segment.time, "answers a reset with a reset")
    }
}
