/// HyStart (S. Ha, I. Rhee, "Taming the elephants: New TCP slow start", 2011), as Linux does it: slow start ends at once, in one of two cases.
/// The first round trips of a round are clearly longer than the shortest ever; or the acknowledgments of a round come close together for
/// longer than half of the shortest round trip, so that what is in the network fills the path.
///
/// HyStart++ (RFC 9406) is its successor, and what the stack uses unless told otherwise.
struct HyStart {
    private static let samplesNeeded: UInt8 = 8
    /// Below so many segments slow start goes on whatever the round trips say.
    private static let lowWindow = 16
    private static let longestGap = Interval.milliseconds(2)

    private var shortest = Interval.zero
    private var shortestInRound = Interval.zero
    private var samples: UInt8 = 0
    private var roundStart = Instant.origin
    private var lastOfTrain = Instant.origin

    /// By how much the round trips of a round must be longer: an eighth, but 4 ms at least and 16 ms at most.
    private static func threshold(_ roundTrip: Interval) -> Interval {
        min(max(roundTrip / 8, .milliseconds(4)), .milliseconds(16))
    }

    /// Takes in an acknowledgment. Whether slow start is over.
    mutating func isOver(_ news: AcknowledgmentNews, isRoundOver: Bool, cwnd: Int, segmentSize: Int) -> Bool {
        guard let roundTrip = news.roundTrip else { return false }
        if shortest == .zero || roundTrip < shortest { shortest = roundTrip }
        if isRoundOver || roundStart == .origin {
            roundStart = news.now
            lastOfTrain = news.now
            shortestInRound = .zero
            samples = 0
        }
        guard cwnd >= Self.lowWindow * segmentSize else { return false }
        if news.now - lastOfTrain <= Self.longestGap {
            lastOfTrain = news.now
            if news.now - roundStart > shortest / 2 { return true }
        }
        if shortestInRound == .zero || roundTrip < shortestInRound { shortestInRound = roundTrip }
        guard samples >= Self.samplesNeeded else {
            samples += 1
            return false
        }
        return shortestInRound > shortest + Self.threshold(shortest)
    }
}
