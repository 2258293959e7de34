/// HyStart++ (RFC 9406): finds in the round-trip times where slow start has filled the path, before its queue
/// overflows.
///
/// When the round trips of a round are clearly longer than the shortest of the round before, conservative slow start
/// (CSS) begins. It grows a quarter as fast and looks for up to five rounds whether a queue was the cause: if the round
/// trip gets shorter again, it was not, and slow start resumes.
///
/// Two things go beyond RFC 9406, and both only end slow start sooner. A long round is judged by eighths: its first
/// segments left before the queue grew, and their round trips would hide it until the round is over, when the window
/// has doubled again. And when the round trip rises once more in a later round of CSS, the queue is proved, and the
/// rest of the five rounds, in which the window would still double, is not spent.
struct HyStartPlusPlus {
    /// N_RTT_SAMPLE.
    private static let samplesNeeded: UInt32 = 8
    /// CSS_ROUNDS.
    private static let conservativeRounds: UInt8 = 5
    /// CSS_GROWTH_DIVISOR.
    private static let growthDivisor = 4
    private static let unknown = UInt32.max

    /// The shortest round trips, in microseconds: of this part of a round, of this round, of the last round, and of the
    /// part that began CSS.
    private var shortest = unknown
    private var shortestInRound = unknown
    private var priorShortest = unknown
    private var baseline = unknown
    /// How many samples this part of a round has, and how many make it complete; and those of the round.
    private var samples: UInt32 = 0
    private var samplesInPart = samplesNeeded
    private var samplesInRound: UInt32 = 0
    private var rounds: UInt8 = 0

    /// Conservative slow start.
    var isConservative: Bool { baseline != Self.unknown }

    /// By how much an acknowledgment of `bytes` lets the window grow. There is no limit L here: RFC 9406 §4.2 sets it
    /// to infinity for senders that pace, since a stretched acknowledgment makes no burst then.
    func growth(_ bytes: Int) -> Int { isConservative ? bytes / Self.growthDivisor : bytes }

    /// RttThresh for a round trip, in microseconds: an eighth of it, but 4 ms at least and 16 ms at most.
    static func threshold(_ roundTrip: UInt32) -> UInt32 { min(max(roundTrip / 8, 4_000), 16_000) }

    /// Takes a round-trip sample in, if there is one. Answers whether slow start is over.
    mutating func isOver(roundTrip: Interval?, isRoundOver: Bool) -> Bool {
        if isRoundOver {
            beginRound()
            if isConservative {
                rounds += 1
                if rounds >= Self.conservativeRounds { return true }
            }
        }
        guard let roundTrip else { return false }
        let microseconds = UInt32(clamping: roundTrip.nanoseconds / 1_000)
        shortestInRound = min(shortestInRound, microseconds)
        samplesInRound &+= 1
        shortest = min(shortest, microseconds)
        samples += 1
        guard samples >= samplesInPart else { return false }
        defer { beginPart() }
        return isOver(afterPart: shortest)
    }

    private mutating func isOver(afterPart shortest: UInt32) -> Bool {
        guard isConservative else {
            if isLonger(shortest, than: priorShortest) {
                baseline = shortest
                rounds = 0
            }
            return false
        }
        if shortest < baseline {
            baseline = Self.unknown
            return false
        }
        return rounds > 0 && isLonger(shortest, than: baseline)
    }

    private func isLonger(_ roundTrip: UInt32, than reference: UInt32) -> Bool {
        guard roundTrip != Self.unknown, reference != Self.unknown else { return false }
        return UInt64(roundTrip) >= UInt64(reference) + UInt64(Self.threshold(reference))
    }

    private mutating func beginRound() {
        priorShortest = shortestInRound
        shortestInRound = Self.unknown
        samplesInPart = max(Self.samplesNeeded, samplesInRound / 8)
        samplesInRound = 0
        beginPart()
    }

    private mutating func beginPart() {
        shortest = Self.unknown
        samples = 0
    }
}
