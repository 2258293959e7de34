public import TunstackCore

/// How often something happens: so many times out of a thousand or a million.
struct Chance: Sendable {
    let count: Int
    let total: Int

    init(perMille: Int) { self.init(perMille, of: 1_000) }

    init(perMillion: Int) { self.init(perMillion, of: 1_000_000) }

    init(_ count: Int, of total: Int) {
        self.count = count
        self.total = total
    }

    /// Asks the generator.
    func happens(_ random: inout SeededRandom) -> Bool { random.chance(count, of: total) }
}

/// Loses packets at random, each by itself.
public struct RandomLoss: LinkRule {
    private let chance: Chance

    /// Loses so many packets of a thousand, 0 ... 1000.
    public init(perMille: Int) { chance = Chance(perMille: perMille) }

    /// Loses so many packets of a million, 0 ... 1000000.
    public init(perMillion: Int) { chance = Chance(perMillion: perMillion) }

    /// Drops the packet, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        chance.happens(&random) ? .drop("lost") : nil
    }
}

/// Delivers packets twice at random.
public struct RandomDuplication: LinkRule {
    private let chance: Chance
    private let delay: Interval

    /// Doubles so many packets of a thousand, 0 ... 1000; the copy arrives up to `delay` after the packet.
    public init(perMille: Int, delay: Interval) {
        chance = Chance(perMille: perMille)
        self.delay = delay
    }

    /// Doubles so many packets of a million, 0 ... 1000000; the copy follows the packet at once.
    public init(perMillion: Int) {
        chance = Chance(perMillion: perMillion)
        delay = .zero
    }

    /// Doubles the packet, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard chance.happens(&random) else { return nil }
        return .duplicate(after: random.interval(upTo: delay))
    }
}

/// Holds packets back at random, so that later ones overtake them.
public struct RandomReordering: LinkRule {
    private let chance: Chance
    private let delays: ClosedRange<Interval>

    /// Holds back so many packets of a thousand, 0 ... 1000, by up to `delay`.
    public init(perMille: Int, delay: Interval) {
        chance = Chance(perMille: perMille)
        delays = .zero...max(.zero, delay)
    }

    /// Holds back so many packets of a million, 0 ... 1000000, by just `delay`.
    public init(perMillion: Int, by delay: Interval) {
        chance = Chance(perMillion: perMillion)
        delays = delay...delay
    }

    /// Holds the packet back, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard chance.happens(&random) else { return nil }
        let spread = delays.upperBound - delays.lowerBound
        return .hold(back: delays.lowerBound + random.interval(upTo: spread))
    }
}

/// Damages packets at random.
public struct RandomCorruption: LinkRule {
    private let chance: Chance

    /// Inverts one bit in so many packets of a thousand, 0 ... 1000.
    public init(perMille: Int) { chance = Chance(perMille: perMille) }

    /// Inverts one bit in so many packets of a million, 0 ... 1000000.
    public init(perMillion: Int) { chance = Chance(perMillion: perMillion) }

    /// Damages the packet, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard chance.happens(&random) else { return nil }
        return .corrupt(bit: Int.random(in: 0..<max(1, packet.bytes.count * 8), using: &random))
    }
}
