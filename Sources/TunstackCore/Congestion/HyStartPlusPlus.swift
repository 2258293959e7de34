/// HyStart++ (RFC 9406): finds in the round-trip times where slow start has filled the path, before its queue overflows.
///
/// When a round's shortest round trip is clearly longer than that of the round before, conservative slow start (CSS) begins. It
/// grows a quarter as fast and looks for up to five rounds whether the delay was a queue's: if the round trip gets shorter
/// again, it was not, and slow start resumes.
struct HyStartPlusPlus {
    private static let samplesNeeded: UInt8 = 8
    private static let conservativeRounds: UInt8 = 5
    /// CSS_GROWTH_DIVISOR.
    private static let growthDivisor = 4
    private static let unknown = UInt32.max

    /// The shortest round trip of this round and of the last, and of the round in which CSS began, in microseconds.
    private var shortest = unknown
    private var priorShortest = unknown
    private var baseline = unknown
    private var samples: UInt8 = 0
    private var rounds: UInt8 = 0

    /// Conservative slow start.
    var isConservative: Bool { baseline != Self.unknown }

    /// By how much an acknowledgment of `bytes` lets the window grow. There is no limit L here: RFC 9406 §4.2 sets it to infinity for
    /// senders that pace, since a stretched acknowledgment makes no burst then.
    func growth(_ bytes: Int) -> Int { isConservative ? bytes / Self.growthDivisor : bytes }

    /// RttThresh for a round trip, in microseconds: an eighth of it, but 4 ms at least and 16 ms at most.
    static func threshold(_ roundTrip: UInt32) -> UInt32 { min(max(roundTrip / 8, 4_000), 16_000) }

    /// Takes a round-trip sample in, if there is one. Answers whether slow start is over.
    mutating func isOver(roundTrip: Interval?, isRoundOver: Bool) -> Bool {
        if isRoundOver {
            priorShortest = shortest
            shortest = Self.unknown
            samples = 0
            if isConservative {
                rounds += 1
                if rounds >= Self.conservativeRounds { return true }
            }
        }
        guard let roundTrip else { return false }
        shortest = min(shortest, UInt32(clamping: roundTrip.nanoseconds / 1_000))
        samples = min(samples + 1, Self.samplesNeeded)
        guard samples == Self.samplesNeeded else { return false }
        if isConservative {
            if shortest < baseline { baseline = Self.unknown }
            // Beyond RFC 9406, which would still grow for the rest of the five rounds: a second rise proves the queue.
            return isConservative && isLonger(shortest, than: baseline)
        }
        if isLonger(shortest, than: priorShortest) {
            baseline = shortest
            rounds = 0
        }
        return false
    }

    private func isLonger(_ roundTrip: UInt32, than reference: UInt32) -> Bool {
        guard roundTrip != Self.unknown, reference != Self.unknown else { return false }
        return UInt64(roundTrip) >= UInt64(reference) + UInt64(Self.threshold(reference))
    }
}
