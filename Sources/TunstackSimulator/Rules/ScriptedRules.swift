public import TunstackCore
public import TunstackWire

/// Delivers each packet of one sender after a time of its own.
public struct ScriptedDelays: LinkRule {
    private let sender: NodeID
    private let delays: [Interval]

    /// The first packet of `sender` takes the first of `delays`, and so on; those after the last are left to other
    /// rules.
    public init(from sender: NodeID, _ delays: [Interval]) {
        self.sender = sender
        self.delays = delays
    }

    /// Gives the packet its delay, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard packet.sender == sender, packet.ordinal <= delays.count else { return nil }
        return .deliver(after: delays[packet.ordinal - 1])
    }
}

/// Treats the segments that fit a description in its own way: the n-th of them, or several.
public struct SegmentFilter: LinkRule {
    private let isMeant: @Sendable (PacketInTransit, TracedSegment) -> Bool
    private let ordinals: ClosedRange<Int>
    private let answer: Verdict
    private var seen = 0

    /// - Parameters:
    ///   - answer: what to do with the segments that are meant.
    ///   - ordinals: which of those that fit, counted from 1.
    ///   - isMeant: whether a segment fits. `OneWay` around the filter tells senders apart.
    public init(
        _ answer: Verdict, ordinals: ClosedRange<Int> = 1...1,
        where isMeant: @escaping @Sendable (PacketInTransit, TracedSegment) -> Bool
    ) {
        self.answer = answer
        self.ordinals = ordinals
        self.isMeant = isMeant
    }

    /// Loses one segment of `sender`: the n-th that has all of `flags` and at least `textLength` bytes of text.
    public static func dropping(
        _ ordinal: Int = 1, from sender: NodeID, with flags: TCPFlags, textLength: Int = 0
    ) -> SegmentFilter {
        SegmentFilter(.drop("lost"), ordinals: ordinal...ordinal) { packet, segment in
            packet.sender == sender && segment.flags.isSuperset(of: flags) && segment.textLength >= textLength
        }
    }

    /// Gives the answer if the segment fits and its turn has come.
    public mutating func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard let segment = packet.segment, isMeant(packet, segment) else { return nil }
        seen += 1
        return ordinals.contains(seen) ? answer : nil
    }
}

/// Cuts a link for a time: nothing passes in either direction.
public struct Partition: LinkRule {
    private let start: Instant
    private let end: Instant

    /// Cut from `start` until just before `end`; for good, if no end is given.
    public init(from start: Instant, until end: Instant = .distantFuture) {
        self.start = start
        self.end = end
    }

    /// Drops the packet, or does not answer.
    public func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        packet.sentAt >= start && packet.sentAt < end ? .drop("no way through") : nil
    }
}
