/// The least round trip of the last ten seconds or so (RFC 8985 §6.1, "RACK.min_RTT"), in two halves, so that it forgets a path that
/// is no more.
struct MinimumRoundTrip {
    /// The shorter of the two; nil before the first sample.
    var value: Interval? {
        let least = min(current, previous)
        return least == Self.unknown ? nil : least
    }

    private static let unknown = Interval(nanoseconds: .max)
    private static let half = Interval.seconds(5)
    private var current = unknown
    private var previous = unknown
    private var currentSince = Instant.origin

    mutating func onSample(_ roundTrip: Interval, at now: Instant) {
        if now - currentSince > Self.half {
            previous = now - currentSince > Self.half * 2 ? roundTrip : current
            current = roundTrip
            currentSince = now
        } else {
            current = min(current, roundTrip)
        }
    }
}
