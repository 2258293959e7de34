import TunstackCore

/// Joins two nodes. What it does with a packet is up to its rules; a packet that passes arrives after the latency.
struct Link {
    let ends: (NodeID, NodeID)
    let latency: Interval
    var rules: [any LinkRule]
    /// Packets that each end has sent.
    private var sent: (Int, Int) = (0, 0)
    private var random: SeededRandom

    init(between first: NodeID, _ second: NodeID, latency: Interval, rules: [any LinkRule], random: SeededRandom) {
        ends = (first, second)
        self.latency = latency
        self.rules = rules
        self.random = random
    }

    func joins(_ a: NodeID, _ b: NodeID) -> Bool { ends == (a, b) || ends == (b, a) }

    /// Asks the rules about the next packet.
    mutating func verdict(on packet: SimulatedPacket) -> Verdict {
        let inTransit = PacketInTransit(
            sender: packet.sender, ordinal: countPacket(from: packet.sender), sentAt: packet.sentAt,
            segment: packet.segment, bytes: packet.bytes)
        for index in rules.indices {
            if let verdict = rules[index].verdict(on: inTransit, random: &random) { return verdict }
        }
        return .pass
    }

    private mutating func countPacket(from sender: NodeID) -> Int {
        if sender == ends.0 {
            sent.0 += 1
            return sent.0
        }
        sent.1 += 1
        return sent.1
    }
}
