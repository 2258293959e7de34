import TunstackCore

/// Joins two nodes. What it does with a packet is up to its rules; a packet that passes arrives after the latency.
struct Link {
    let ends: (NodeID, NodeID)
    /// How long packets of each end take.
    private let latencies: (Interval, Interval)
    private var rules: [any LinkRule]
    /// Packets that each end has sent.
    private var sent = PerDirection(repeating: 0)
    private var random: SeededRandom

    init(
        between first: NodeID, _ second: NodeID, latencies: (Interval, Interval), rules: [any LinkRule],
        random: SeededRandom
    ) {
        ends = (first, second)
        self.latencies = latencies
        self.rules = rules
        self.random = random
    }

    func joins(_ a: NodeID, _ b: NodeID) -> Bool { ends == (a, b) || ends == (b, a) }

    /// Puts a rule in front of the others.
    mutating func insert(_ rule: some LinkRule) { rules.insert(rule, at: 0) }

    /// Sends a packet through the rules.
    ///
    /// - Returns: the packet as it comes out, and the second copies that were made of it.
    mutating func carry(
        _ bytes: [UInt8], from sender: NodeID, at now: Instant
    ) -> (packet: PacketInTransit, copies: [PacketInTransit]) {
        let direction: LinkDirection = sender == ends.0 ? .forward : .backward
        sent[direction] += 1
        var packet = PacketInTransit(bytes, from: sender, direction, ordinal: sent[direction], sentAt: now)
        var copies: [PacketInTransit] = []
        packet.pass(&rules, random: &random, copies: &copies)
        // A copy may be copied too, by a later rule; so the list can grow.
        var index = 0
        while index < copies.count {
            var copy = copies[index]
            copy.pass(&rules, random: &random, copies: &copies)
            copies[index] = copy
            index += 1
        }
        return (packet, copies)
    }

    /// How long a packet takes that was not lost.
    func duration(of packet: PacketInTransit) -> Interval {
        packet.held + (packet.ownLatency ?? (packet.direction == .forward ? latencies.0 : latencies.1))
    }
}
