public import TunstackCore

/// What a link does with one packet.
public enum Verdict: Hashable, Sendable {
    /// Delivers it after the link's latency.
    case pass
    /// Delivers it after this time, whatever the link's latency.
    case deliver(after: Interval)
    /// Delivers it so much later than the others, which may overtake it.
    case hold(back: Interval)
    /// Loses it. The text says why, for traces.
    case drop(String)
    /// Delivers it, and a second copy so much later.
    case duplicate(after: Interval)
    /// Delivers it with one bit inverted: this one, counted from the packet's first and modulo its length.
    case corrupt(bit: Int)
}

/// A packet that a link is about to carry, as its rules see it.
public struct PacketInTransit: Sendable {
    /// Who sent it.
    public let sender: NodeID
    /// Which packet of this sender on this link it is, from 1.
    public let ordinal: Int
    /// When it was sent.
    public let sentAt: Instant
    /// The segment in it, if it holds one.
    public let segment: TracedSegment?
    /// The whole packet.
    public let bytes: [UInt8]
}

/// A rule of a link. The rules are asked in order, and the first that answers decides; without an answer the packet
/// passes.
public protocol LinkRule {
    /// What to do with a packet; nil to leave it to the rules that follow.
    ///
    /// - Parameters:
    ///   - packet: the packet; a rule is asked once for each, in the order of sending, unless an earlier rule has
    ///     answered.
    ///   - random: the link's randomness. It depends on the network's seed.
    mutating func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict?
}
