/// Loses packets in bursts, by the model of Gilbert (1960) and Elliott (1963).
///
/// Each direction of the path is in a good or a bad state, at first in the good one. Every packet first may change the
/// state, then it is lost with the probability that belongs to the state.
public struct BurstyLoss: LinkRule {
    private let toBad: Chance
    private let toGood: Chance
    private let lossInGood: Chance
    private let lossInBad: Chance
    private var isBad = PerDirection(repeating: false)

    /// The rule for a description.
    ///
    /// With `bursts`, a burst of n packets on average ends at each packet with probability 1/n; it begins so often that
    /// the share of bad packets, toBad / (toBad + toGood), is the one that was asked for.
    public init(_ loss: BurstLoss) {
        switch loss {
        case .bursts(let share, let meanLength):
            toGood = Chance(1, of: max(1, meanLength))
            toBad = Chance(share, of: max(1, max(1, meanLength) * (1_000_000 - share)))
            lossInGood = Chance(perMillion: 0)
            lossInBad = Chance(perMillion: 1_000_000)
        case .gilbertElliott(let bad, let good, let inGood, let inBad):
            toBad = Chance(perMillion: bad)
            toGood = Chance(perMillion: good)
            lossInGood = Chance(perMillion: inGood)
            lossInBad = Chance(perMillion: inBad)
        }
    }

    /// Drops the packet, or does not answer.
    public mutating func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        let wasBad = isBad[packet.direction]
        if (wasBad ? toGood : toBad).happens(&random) { isBad[packet.direction] = !wasBad }
        let loss = isBad[packet.direction] ? lossInBad : lossInGood
        return loss.happens(&random) ? .drop("lost in a burst") : nil
    }
}
