public import TunstackCore

/// Delays every packet by a random time of its own.
public struct Jitter: LinkRule {
    private let limit: Interval
    private let reorders: Bool
    private var latest = PerDirection(repeating: Instant.origin)

    /// - Parameters:
    ///   - limit: the longest delay; all up to it are equally likely.
    ///   - reorders: whether packets may overtake each other. If not, none leaves before one that came earlier, so that
    ///     a long delay is also that of those who follow closely.
    public init(upTo limit: Interval, reorders: Bool = false) {
        self.limit = limit
        self.reorders = reorders
    }

    /// Holds the packet back.
    public mutating func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        let delayed = packet.time + random.interval(upTo: limit)
        guard !reorders else { return .hold(back: delayed - packet.time) }
        latest[packet.direction] = max(latest[packet.direction], delayed)
        return .hold(back: latest[packet.direction] - packet.time)
    }
}
