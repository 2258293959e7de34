/// Computes the retransmission timeout from measured round trips (RFC 6298 §2.2, §2.3; RFC 9293 §3.8.1, MUST-18), in integer
/// nanoseconds.
struct RTTEstimator {
    /// What round trips and time-outs have told so far.
    struct Memory {
        fileprivate(set) var srtt = Interval.zero
        fileprivate var rttvar = Interval.zero
        /// The RTO before back-off.
        fileprivate var base: Interval
        /// Doublings since the last sample.
        fileprivate var shift: UInt8 = 0
    }

    private(set) var memory: Memory
    private let minimum: Interval
    private let maximum: Interval
    private let margin: Interval

    /// SRTT; zero before the first sample.
    var srtt: Interval { memory.srtt }
    /// RTTVAR.
    var rttvar: Interval { memory.rttvar }

    /// RFC 6298 §2.1: the RTO before any sample.
    static let initialRTO = Interval.seconds(1)
    /// RFC 6298 §5.7: the RTO for data if the SYN had to be sent again.
    static let fallbackRTO = Interval.seconds(3)
    /// G of RFC 6298 §2.3 and §4: timers run on the owner's nanoseconds, but wake-ups are not better than this.
    private static let granularity = Interval.milliseconds(1)

    init(minimum: Interval, maximum: Interval, margin: Interval? = nil) {
        self.minimum = minimum
        self.margin = max(Self.granularity, margin ?? minimum / 4)
        self.maximum = max(minimum, maximum)
        memory = Memory(base: max(minimum, Self.initialRTO))
    }

    /// As it was before a rest.
    init(_ memory: Memory, minimum: Interval, maximum: Interval, margin: Interval?) {
        self.init(minimum: minimum, maximum: maximum, margin: margin)
        self.memory = memory
    }

    /// New bounds for the RTO, from the next sample on.
    mutating func setBounds(minimum: Interval, maximum: Interval, margin: Interval?) {
        self = RTTEstimator(memory, minimum: minimum, maximum: maximum, margin: margin)
    }

    /// RTO, doubled for every time-out since the last sample and held within its bounds. Only a new sample undoes the doubling,
    /// and so never the acknowledgment of something that was sent twice (RFC 6298 §5, Karn).
    var rto: Interval {
        min(memory.base * (1 << Int64(min(memory.shift, 62))), maximum)
    }

    /// How often the RTO has been doubled since.
    var backOffs: Int { Int(memory.shift) }

    /// Takes in one round trip that was not ambiguous (Karn; RFC 6298 §3).
    mutating func onSample(_ rtt: Interval) {
        let sample = max(rtt, Interval(nanoseconds: 1))
        if srtt == .zero {
            memory.srtt = sample
            memory.rttvar = sample / 2
        } else {
            let deviation = sample < srtt ? srtt - sample : sample - srtt
            memory.rttvar = (rttvar * 3 + deviation) / 4
            memory.srtt = (srtt * 7 + sample) / 8
        }
        // A steady round trip leaves no variance; what a peer holds an acknowledgment back for must still fit in.
        memory.base = min(maximum, max(minimum, srtt + max(margin, rttvar * 4)))
        memory.shift = 0
    }

    /// RFC 6298 §5.5: doubles the RTO (RFC 9293 §3.8.2, MUST-19).
    mutating func backOff() {
        if rto < maximum, memory.shift < .max { memory.shift += 1 }
    }

    /// RFC 6298 §5.7: the SYN timed out, so begin the data with three seconds until there is a sample.
    mutating func onHandshakeRetransmitted() {
        memory.shift = 0
        if srtt == .zero { memory.base = max(minimum, Self.fallbackRTO) }
    }
}
