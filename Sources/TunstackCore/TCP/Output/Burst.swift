import TunstackWire

/// Segments that leave one right after the other, for a receiver that gathers them: the last of them carries PSH, so that nothing waits for
/// more (`ConnectionOptions.pushesBursts`).
struct Burst {
    /// Segments of it that are still to leave.
    private var left: UInt8 = 0
    /// It has more than one segment.
    private var isPushed = false

    /// Where in a burst a segment is.
    enum Place { case alone, inside, last }

    /// A segment leaves; `size` says how many will leave together, this one included, if it is the first.
    mutating func next(size: Int) -> Place {
        if left == 0 {
            left = UInt8(clamping: max(1, size))
            isPushed = left > 1
        }
        left -= 1
        return left > 0 ? .inside : isPushed ? .last : .alone
    }

    /// One past the last repair, if the next one leaves together with it; and how many have.
    private var repairEnd: SequenceNumber?
    private var repairs: UInt8 = 0

    /// A repair leaves; `continues` says whether another could leave together with it, and `limit` how many may. Whether it is the last of
    /// several.
    mutating func nextRepair(from start: SequenceNumber, to end: SequenceNumber, continues: Bool, limit: Int) -> Bool {
        repairs = repairEnd == start && repairs < .max ? repairs + 1 : 1
        let isLast = !continues || Int(repairs) >= limit
        repairEnd = isLast ? nil : end
        return repairs > 1 && isLast
    }

    /// Nothing can leave at present.
    mutating func end() {
        left = 0
        repairEnd = nil
    }
}

extension Connection {
    /// How many segments of `bytes` of new text that may leave now leave together: no more than half of the congestion window, so that
    /// acknowledgments keep coming.
    @inline(__always)
    func burstSize(of bytes: Int) -> Int {
        let segmentSize = effectiveSendMSS
        let window = max(1, congestionWindow / segmentSize)
        return min((bytes + segmentSize - 1) / segmentSize, window / 2, largestBurst)
    }

    /// How many segments may leave together: what the rate makes in about a millisecond, but two at least. Where the round trip is so short as
    /// that to a host near by, what an IP packet could hold.
    @inline(__always)
    var largestBurst: Int {
        let segmentSize = effectiveSendMSS
        let shortest = recovery.minimumRoundTrip.value ?? rtt.srtt
        let rate = (congestion.pacingRate ?? 0) / 1_024 / segmentSize
        let nearby = shortest.nanoseconds < Self.nearby ? 65_535 / segmentSize : 0
        return max(2, Int(options.leastBurst), rate, nearby)
    }

    /// Half a millisecond.
    private static let nearby: Int64 = 512_000
}
