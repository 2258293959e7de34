import TunstackWire

/// Segments that leave one right after the other, for a receiver that gathers them: the last of them carries PSH, so that nothing waits for
/// more (`ConnectionOptions.pushesBursts`).
struct Burst {
    /// Segments of it that are still to leave.
    private var left: UInt8 = 0
    /// It has more than one segment.
    private var isPushed = false

    /// A segment leaves; `size` says how many will leave together, this one included, if it is the first. Whether it is the last of several.
    mutating func next(size: Int) -> Bool {
        if left == 0 {
            left = UInt8(clamping: max(1, size))
            isPushed = left > 1
        }
        left -= 1
        return left == 0 && isPushed
    }

    /// One past the last repair, if the next one leaves together with it; and how many have.
    private var repairEnd: SequenceNumber?
    private var repairs: UInt8 = 0

    /// A repair leaves; `continues` says whether another will leave together with it. Whether it is the last of several.
    mutating func nextRepair(from start: SequenceNumber, to end: SequenceNumber, continues: Bool) -> Bool {
        repairs = repairEnd == start && repairs < .max ? repairs + 1 : 1
        repairEnd = continues ? end : nil
        return repairs > 1 && !continues
    }

    /// Nothing can leave at present.
    mutating func end() {
        left = 0
        repairEnd = nil
    }
}

extension Connection {
    /// How many segments of `bytes` of new text that may leave now leave together: no more than half of the congestion window, so that
    /// acknowledgments keep coming, and no more than the rate makes in about a millisecond.
    @inline(__always)
    func burstSize(of bytes: Int) -> Int {
        let segmentSize = effectiveSendMSS
        let window = max(1, congestionWindow / segmentSize)
        let shortest = recovery.minimumRoundTrip.value ?? rtt.srtt
        var largest = max(2, Int(options.leastBurst))
        // A round trip so short is that of a host near by, which takes what an IP packet could hold.
        if shortest.nanoseconds < Self.nearby { largest = max(largest, 65_535 / segmentSize) }
        if let rate = congestion.pacingRate { largest = max(largest, rate / 1_024 / segmentSize) }
        let available = (bytes + segmentSize - 1) / segmentSize
        return min(available, window / 2, largest)
    }

    /// Half a millisecond.
    private static let nearby: Int64 = 512_000
}
