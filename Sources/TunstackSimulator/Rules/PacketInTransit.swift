public import TunstackCore
import TunstackWire

/// One of the two directions of a link.
public enum LinkDirection: Hashable, Sendable {
    /// From the node that was named first when the link was made.
    case forward
    /// To it.
    case backward
}

/// What a rule keeps for each direction of its link.
struct PerDirection<Value> {
    private var forward: Value
    private var backward: Value

    init(repeating value: Value) {
        forward = value
        backward = value
    }

    subscript(direction: LinkDirection) -> Value {
        get {
            switch direction {
            case .forward: forward
            case .backward: backward
            }
        }
        _modify {
            switch direction {
            case .forward: yield &forward
            case .backward: yield &backward
            }
        }
    }
}

extension PerDirection: Sendable where Value: Sendable {}

/// A packet that a link is about to carry, as a rule sees it.
public struct PacketInTransit: Sendable {
    /// Who sent it.
    public let sender: NodeID
    /// Which way it goes.
    public let direction: LinkDirection
    /// Which packet of this sender on this link it is, from 1. A second copy has the number of the first.
    public let ordinal: Int
    /// When it was sent.
    public let sentAt: Instant
    /// Whether the link made it, as a second copy.
    public private(set) var isCopy = false
    /// The whole packet, as the rules before have left it.
    public private(set) var bytes: [UInt8]

    /// How long the rules have held it back so far.
    private(set) var held = Interval.zero
    /// How long it takes instead of the link's latency.
    private(set) var ownLatency: Interval?
    /// Why it is lost.
    private(set) var loss: String?
    /// What the sender gets for that.
    private(set) var answer: [UInt8]?
    private(set) var isDamaged = false
    private(set) var isMarked = false
    /// The first rule that a second copy has not seen yet.
    fileprivate(set) var nextRule = 0

    init(_ bytes: [UInt8], from sender: NodeID, _ direction: LinkDirection, ordinal: Int, sentAt: Instant) {
        self.bytes = bytes
        self.sender = sender
        self.direction = direction
        self.ordinal = ordinal
        self.sentAt = sentAt
    }

    /// When it comes to the rule that is asked: when it was sent, and what the rules before have held it back.
    public var time: Instant { sentAt + held }

    /// The segment in it, if it holds one; read anew with every use.
    public var segment: TracedSegment? { bytes.withRawSpan { TracedSegment($0) } }
}

// MARK: - Verdicts

extension PacketInTransit {
    /// Goes through the rules that it has not seen.
    ///
    /// - Parameter copies: takes the second copies that rules make.
    mutating func pass(
        _ rules: inout [any LinkRule], random: inout SeededRandom, copies: inout [PacketInTransit]
    ) {
        while nextRule < rules.count {
            let verdict = rules[nextRule].verdict(on: self, random: &random)
            nextRule += 1
            guard let verdict else { continue }
            take(verdict, copies: &copies)
            guard loss == nil else { return }
        }
    }

    private mutating func take(_ verdict: Verdict, copies: inout [PacketInTransit]) {
        switch verdict {
        case .deliver(let latency):
            ownLatency = ownLatency ?? latency
        case .hold(let delay, let marksCongestion):
            held = held + delay
            if marksCongestion, bytes.markCongestion() { isMarked = true }
        case .drop(let reason, let reply):
            loss = reason
            answer = reply
        case .duplicate(let delay):
            var copy = self
            copy.isCopy = true
            copy.held = held + delay
            copies.append(copy)
        case .corrupt(let bit):
            guard !bytes.isEmpty else { return }
            bytes[bit / 8 % bytes.count] ^= 1 << UInt8(bit % 8)
            isDamaged = true
        }
    }
}
