public import TunstackCore

/// What one direction of a path does to packets, in numbers that a person would say: delay, loss, rate.
///
/// A packet goes through it as through a real path, in this order:
///
/// 1. the router refuses what is larger than `mtu`;
/// 2. it waits in the queue, which is bounded, and is sent at `rate`;
/// 3. on the wire it may be lost (`loss`, `burstLoss`), damaged (`corruption`) or doubled (`duplication`);
/// 4. it takes `delay`, and more by `jitter` and `reordering`.
///
/// So a packet that is lost has taken its share of the rate, and the delays come on top of the wait in the queue.
///
/// As text it is one line: `loss=1% delay=20ms rate=300mbit queue=1000 reorder=5%/2ms`.
public struct PathConditions: Sendable, Hashable {
    /// How long every packet takes one way.
    public var delay = Interval.zero
    /// Up to so much longer, anew for each packet.
    public var jitter = Interval.zero
    /// Whether jitter lets packets overtake each other; else it keeps their order.
    public var jitterReorders = false
    /// How many packets are lost, each by itself, in parts per million.
    public var loss = 0
    /// Loss in bursts, beside `loss`.
    public var burstLoss: BurstLoss?
    /// How many packets are held back by `reorderingDelay`, so that others overtake them, in parts per million.
    public var reordering = 0
    /// How long a packet is held back by `reordering`.
    public var reorderingDelay = Interval.zero
    /// How many packets arrive twice, in parts per million.
    public var duplication = 0
    /// How many packets arrive with one bit inverted, in parts per million.
    public var corruption = 0
    /// Bits per second, of IP packets with their headers; nil for a path that sends at once.
    public var rate: Int64?
    /// How many packets can wait to be sent at `rate`, the one being sent among them; one more is dropped.
    public var queue = PathConditions.defaultQueue
    /// From how many waiting packets on congestion is marked in packets that allow it (RFC 3168 §5); nil for never.
    public var ecnThreshold: Int?
    /// The largest packet that passes, in bytes; nil for any.
    public var mtu: Int?
    /// Whether packets that are too large vanish without an ICMP message: a path MTU black hole (RFC 2923 §2.1).
    public var isBlackHole = false

    /// How many packets can wait where nothing else is said.
    public static let defaultQueue = 1_000

    /// A path that passes everything at once.
    public init() {}

    /// A path that only takes time.
    public init(delay: Interval) {
        self.delay = delay
    }
}

/// Loss that comes in bursts, by the model of Gilbert and Elliott: the path is in a good or a bad state, and each
/// packet may change it.
public enum BurstLoss: Sendable, Hashable {
    /// Everything is lost in the bad state and nothing in the good one.
    ///
    /// - Parameters:
    ///   - share: how many packets are lost in the long run, in parts per million; less than a million.
    ///   - meanLength: how many packets a burst loses on average, at least 1.
    case bursts(share: Int, meanLength: Int)
    /// The model's four numbers, all in parts per million.
    ///
    /// - Parameters:
    ///   - toBad: how likely a packet in the good state is the first of the bad one.
    ///   - toGood: how likely a packet in the bad state is the first of the good one.
    ///   - lossInGood: how likely a packet is lost in the good state.
    ///   - lossInBad: how likely a packet is lost in the bad state.
    case gilbertElliott(toBad: Int, toGood: Int, lossInGood: Int, lossInBad: Int)
}
