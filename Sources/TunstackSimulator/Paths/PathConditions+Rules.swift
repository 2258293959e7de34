import TunstackCore

extension PathConditions {
    /// The rules of the path, in the order in which a packet meets them: size, queue and rate, losses, damage,
    /// duplication, jitter, reordering. The delay is not among them; it is the link's latency.
    public var rules: [any LinkRule] {
        var rules: [any LinkRule] = []
        if let mtu {
            rules.append(isBlackHole ? PacketSizeLimit(mtu: mtu, router: nil) : PacketSizeLimit(mtu: mtu))
        }
        if let rate { rules.append(Bottleneck(bitsPerSecond: rate, queue: queue, markingAbove: ecnThreshold)) }
        if loss > 0 { rules.append(RandomLoss(perMillion: loss)) }
        if let burstLoss { rules.append(BurstyLoss(burstLoss)) }
        if corruption > 0 { rules.append(RandomCorruption(perMillion: corruption)) }
        if duplication > 0 { rules.append(RandomDuplication(perMillion: duplication)) }
        if jitter > .zero { rules.append(Jitter(upTo: jitter, reorders: jitterReorders)) }
        if reordering > 0 { rules.append(RandomReordering(perMillion: reordering, by: reorderingDelay)) }
        return rules
    }

    /// The rules for what one node sends.
    func rules(from sender: NodeID) -> [any LinkRule] { rules.map { $0.oneWay(from: sender) } }
}

extension LinkRule {
    fileprivate func oneWay(from sender: NodeID) -> any LinkRule { OneWay(from: sender, self) }
}

extension SimulatedNetwork {
    /// Joins two nodes by a path.
    ///
    /// - Parameters:
    ///   - path: what happens to the packets of the first node, and to those of the second unless `reverse` is given.
    ///     Each direction has a queue of its own.
    ///   - reverse: what happens to the packets of the second node.
    public func link(
        _ first: any SimulatedNode, _ second: any SimulatedNode, path: PathConditions, reverse: PathConditions? = nil
    ) {
        guard let reverse, reverse != path else {
            return link(first, second, latencies: (path.delay, path.delay), rules: path.rules)
        }
        link(
            first, second, latencies: (path.delay, reverse.delay),
            rules: path.rules(from: first.id) + reverse.rules(from: second.id))
    }
}
