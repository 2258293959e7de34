/// Computes the retransmission timeout from measured round trips (RFC 6298), in integer nanoseconds.
struct RTTEstimator {
    /// SRTT; zero before the first sample.
    private(set) var srtt = Interval.zero
    /// RTTVAR.
    private(set) var rttvar = Interval.zero
    /// The RTO before back-off.
    private var base: Interval
    private var shift = 0
    private let minimum: Interval
    private let maximum: Interval
    private let margin: Interval

    /// RFC 6298 §2.1: the RTO before any sample.
    static let initialRTO = Interval.seconds(1)
    /// RFC 6298 §5.7: the RTO for data if the SYN had to be sent again.
    static let fallbackRTO = Interval.seconds(3)
    /// G of RFC 6298 §2.3: timers run on the owner's nanoseconds, but wake-ups are not better than this.
    private static let granularity = Interval.milliseconds(1)

    init(minimum: Interval, maximum: Interval, margin: Interval? = nil) {
        self.minimum = minimum
        self.margin = max(Self.granularity, margin ?? minimum / 4)
        self.maximum = max(minimum, maximum)
        base = max(minimum, Self.initialRTO)
    }

    /// RTO, doubled for every time-out since the last sample and held within its bounds. Only a new sample undoes the doubling,
    /// and so never the acknowledgment of something that was sent twice (RFC 6298 §5, Karn).
    var rto: Interval {
        min(base * (1 << Int64(min(shift, 62))), maximum)
    }

    /// How often the RTO has been doubled since.
    var backOffs: Int { shift }

    /// Takes in one round trip that was not ambiguous (Karn; RFC 6298 §3).
    mutating func onSample(_ rtt: Interval) {
        let sample = max(rtt, Interval(nanoseconds: 1))
        if srtt == .zero {
            srtt = sample
            rttvar = sample / 2
        } else {
            let deviation = sample < srtt ? srtt - sample : sample - srtt
            rttvar = (rttvar * 3 + deviation) / 4
            srtt = (srtt * 7 + sample) / 8
        }
        // A steady round trip leaves no variance; what a peer holds an acknowledgment back for must still fit in.
        base = min(maximum, max(minimum, srtt + max(margin, rttvar * 4)))
        shift = 0
    }

    /// RFC 6298 §5.5: doubles the RTO.
    mutating func backOff() {
        if rto < maximum { shift += 1 }
    }

    /// RFC 6298 §5.7: the SYN timed out, so begin the data with three seconds until there is a sample.
    mutating func onHandshakeRetransmitted() {
        shift = 0
        if srtt == .zero { base = max(minimum, Self.fallbackRTO) }
    }
}
