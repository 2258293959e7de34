public import TunstackCore

/// What a rule does with one packet. What several rules do adds up: see `LinkRule`.
public enum Verdict: Hashable, Sendable {
    /// Delivers it after this time, whatever the link's latency. The first rule that says so counts; what others hold
    /// back comes on top.
    case deliver(after: Interval)
    /// Delivers it so much later than the others, which may overtake it.
    ///
    /// - Parameter markingCongestion: whether it is marked "congestion experienced" on the way, if it allows that (RFC
    ///   3168 §5).
    case hold(back: Interval, markingCongestion: Bool = false)
    /// Loses it. The text says why, for traces.
    ///
    /// - Parameter answer: a packet that goes back to the sender, as a router's ICMP message does.
    case drop(String, answer: [UInt8]? = nil)
    /// Delivers it, and a second copy so much later.
    case duplicate(after: Interval)
    /// Delivers it with one bit inverted: this one, counted from the packet's first and modulo its length.
    case corrupt(bit: Int)
}

/// A rule of a link.
///
/// A packet goes through all rules of its link, in order: a loss ends its way, delays add up, and a change of its bytes
/// is what the rules that follow see. A second copy is a packet of its own for the rules that follow.
///
/// The network owns its rules; being `Sendable` they cannot own the network, so both go when nobody needs them.
public protocol LinkRule: Sendable {
    /// What to do with a packet; nil for nothing.
    ///
    /// - Parameters:
    ///   - packet: the packet as the rules before have left it; a rule is asked once for each, in the order of sending.
    ///   - random: the link's randomness. It depends on the network's seed.
    mutating func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict?
}

/// A rule that holds for the packets of one sender only: the link's other direction does not know it.
public struct OneWay<Rule: LinkRule>: LinkRule {
    private let sender: NodeID
    private var rule: Rule

    /// Lets `rule` see only what `sender` sends.
    public init(from sender: NodeID, _ rule: Rule) {
        self.sender = sender
        self.rule = rule
    }

    /// The rule's verdict, or none.
    public mutating func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        packet.sender == sender ? rule.verdict(on: packet, random: &random) : nil
    }
}
