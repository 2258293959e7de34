public import TunstackCore

/// Loses packets at random.
public struct RandomLoss: LinkRule {
    private let perMille: Int

    /// Loses so many packets of a thousand, 0 ... 1000.
    public init(perMille: Int) { self.perMille = perMille }

    /// Drops the packet, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        random.chance(perMille: perMille) ? .drop("lost") : nil
    }
}

/// Delivers packets twice at random.
public struct RandomDuplication: LinkRule {
    private let perMille: Int
    private let delay: Interval

    /// Doubles so many packets of a thousand, 0 ... 1000; the copy arrives up to `delay` after the packet.
    public init(perMille: Int, delay: Interval) {
        self.perMille = perMille
        self.delay = delay
    }

    /// Doubles the packet, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard random.chance(perMille: perMille) else { return nil }
        return .duplicate(after: random.interval(upTo: delay))
    }
}

/// Holds packets back at random, so that later ones overtake them.
public struct RandomReordering: LinkRule {
    private let perMille: Int
    private let delay: Interval

    /// Holds back so many packets of a thousand, 0 ... 1000, by up to `delay`.
    public init(perMille: Int, delay: Interval) {
        self.perMille = perMille
        self.delay = delay
    }

    /// Holds the packet back, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard random.chance(perMille: perMille) else { return nil }
        return .hold(back: random.interval(upTo: delay))
    }
}

/// Damages packets at random.
public struct RandomCorruption: LinkRule {
    private let perMille: Int

    /// Inverts one bit in so many packets of a thousand, 0 ... 1000.
    public init(perMille: Int) { self.perMille = perMille }

    /// Damages the packet, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard random.chance(perMille: perMille) else { return nil }
        return .corrupt(bit: Int.random(in: 0..<max(1, packet.bytes.count * 8), using: &random))
    }
}

extension SeededRandom {
    /// A length of time from nothing to `limit`.
    fileprivate mutating func interval(upTo limit: Interval) -> Interval {
        Interval(nanoseconds: Int64.random(in: 0...max(0, limit.nanoseconds), using: &self))
    }
}
