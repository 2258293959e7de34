/// Spreads segments over time at the rate that the congestion controller asks for. Timers are not fine enough for one segment at a
/// time, so it lets a quantum go at once and then waits until that much time has passed at the rate. What a late timer misses is made
/// good, up to another quantum.
struct Pacer {
    /// When what has been sent is paid for.
    private(set) var paidAt = Instant.origin
    private var isHolding = false
    /// The initial window goes at once (RFC 6928 §2): a short answer must not wait for a rate that nobody has measured.
    private var unpacedBytes: Int32

    init(unpacedBytes: Int) { self.unpacedBytes = Int32(clamping: unpacedBytes) }

    /// How much may go at once: a millisecond's worth, but two segments at least and no more than 64 KiB.
    static func quantum(rate: Int, segmentSize: Int) -> Int {
        max(2 * segmentSize, min(rate / 1_000, 65_536))
    }

    /// Whether a segment may leave now; if not, it may at `paidAt`.
    mutating func allows(rate: Int, segmentSize: Int, at now: Instant) -> Bool {
        guard paidAt > now else {
            isHolding = false
            return true
        }
        if isHolding { return false }
        isHolding = paidAt - now >= Self.time(for: Self.quantum(rate: rate, segmentSize: segmentSize), at: rate)
        return !isHolding
    }

    /// How many bytes may leave at once before it holds, if it does not hold already: a quantum at most, in whole segments, since it
    /// lets the one go that passes it.
    func allowance(rate: Int, segmentSize: Int, at now: Instant) -> Int {
        guard unpacedBytes <= 0 else { return Int(unpacedBytes) }
        let quantum = Self.quantum(rate: rate, segmentSize: segmentSize)
        let span = Self.time(for: quantum, at: rate)
        let ahead = max(paidAt, now - span) - now
        guard ahead < span else { return segmentSize }
        let bytes = quantum - Int(ahead.nanoseconds) * rate / 1_000_000_000
        return (min(max(bytes, 1), quantum) + segmentSize - 1) / segmentSize * segmentSize
    }

    /// All that was sent has arrived: nothing is left to pay for.
    mutating func forgive(at now: Instant) {
        paidAt = min(paidAt, now)
        isHolding = false
    }

    /// `bytes` leave.
    mutating func onSent(_ bytes: Int, rate: Int, segmentSize: Int, at now: Instant) {
        guard unpacedBytes <= 0 else {
            unpacedBytes -= Int32(clamping: bytes)
            return
        }
        let lateness = Self.time(for: Self.quantum(rate: rate, segmentSize: segmentSize), at: rate)
        paidAt = max(paidAt, now - lateness) + Self.time(for: bytes, at: rate)
    }

    private static func time(for bytes: Int, at rate: Int) -> Interval {
        Interval(nanoseconds: Int64(bytes) * 1_000_000_000 / Int64(max(1, rate)))
    }
}
