import TunstackCore

/// Why a line of text does not describe a path.
public struct PathConditionsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what would be right, as a sentence.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A line of text: `name=value`, separated by spaces or commas, in any order.
///
/// | condition | example | meaning |
/// | --- | --- | --- |
/// | `delay` | `delay=20ms` | one way |
/// | `jitter` | `jitter=5ms`, `jitter=5ms/reorder` | up to so much more, in order or not |
/// | `loss` | `loss=1%` | each packet by itself |
/// | `burst` | `burst=1%/8` | this share, in bursts of so many on average |
/// | `gilbert` | `gilbert=0.1%/10%/0%/100%` | to bad, to good, loss in good, loss in bad |
/// | `reorder` | `reorder=5%/2ms` | this share is held back so long |
/// | `duplicate`, `corrupt` | `corrupt=0.1%` | this share |
/// | `rate` | `rate=300mbit` | bits per second |
/// | `queue`, `ecn` | `queue=1000 ecn=50` | packets that may wait, and from how many on they are marked |
/// | `mtu` | `mtu=1400`, `mtu=1400/silent` | with an ICMP message, or a black hole |
extension PathConditions: CustomStringConvertible, LosslessStringConvertible {
    /// Reads a line of text; an empty one is a path that passes everything at once.
    ///
    /// - Throws: `PathConditionsError`, which says what is wrong.
    public init(parsing text: some StringProtocol) throws(PathConditionsError) {
        var given: Set<Key> = []
        for part in text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "\t" }) {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Key(rawValue: String(halves[0])) else {
                let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw PathConditionsError("there is no condition '\(halves[0])'; there are \(known)")
            }
            guard halves.count == 2 else {
                throw PathConditionsError("\(key.rawValue) has no value: '\(key.rawValue)=\(key.example)'")
            }
            guard given.insert(key).inserted else { throw PathConditionsError("\(key.rawValue) is given twice") }
            try set(key, ConditionReader(key.rawValue, String(halves[1]), example: key.example))
        }
        for key in [Key.queue, .ecn] where given.contains(key) && rate == nil {
            throw PathConditionsError("\(key.rawValue) has no meaning without a rate: 'rate=\(Key.rate.example)'")
        }
        if given.isSuperset(of: [.burst, .gilbert]) {
            throw PathConditionsError("burst and gilbert are two ways to say the same; give one")
        }
    }

    /// Reads a line of text; nil if it does not describe a path.
    public init?(_ description: String) {
        do throws(PathConditionsError) {
            try self.init(parsing: description)
        } catch {
            // Whoever wants the reason asks for it with `init(parsing:)`.
            return nil
        }
    }

    /// The line of text that describes the path; conditions that do nothing are left out.
    public var description: String {
        Key.allCases.compactMap { key in value(of: key).map { "\(key.rawValue)=\($0)" } }.joined(separator: " ")
    }
}

// MARK: - Conditions one by one

extension PathConditions {
    /// The conditions as text names them, in the order in which they are printed.
    private enum Key: String, CaseIterable {
        case loss, burst, gilbert, delay, jitter, rate, queue, ecn, reorder, duplicate, corrupt, mtu

        var example: String {
            switch self {
            case .loss, .duplicate, .corrupt: "1%"
            case .burst: "1%/8"
            case .gilbert: "0.1%/10%/0%/100%"
            case .delay: "20ms"
            case .jitter: "5ms"
            case .rate: "300mbit"
            case .queue: "1000"
            case .ecn: "50"
            case .reorder: "5%/2ms"
            case .mtu: "1400"
            }
        }
    }

    private mutating func set(_ key: Key, _ value: ConditionReader) throws(PathConditionsError) {
        switch key {
        case .loss: loss = try value.only().share()
        case .duplicate: duplication = try value.only().share()
        case .corrupt: corruption = try value.only().share()
        case .delay: delay = try value.only().interval()
        case .rate: rate = try value.only().rate()
        case .queue: queue = try value.only().count(1...1_000_000)
        case .ecn: ecnThreshold = try value.only().count(1...1_000_000)
        case .jitter: (jitter, jitterReorders) = (try value.first().interval(), try value.says("reorder"))
        case .mtu: (mtu, isBlackHole) = (try value.first().count(68...65_535), try value.says("silent"))
        case .reorder:
            let parts = try value.parts(2)
            (reordering, reorderingDelay) = (try parts[0].share(), try parts[1].interval())
        case .burst:
            let parts = try value.parts(2)
            let share = try parts[0].share()
            guard share < 1_000_000 else { throw PathConditionsError("burst loses everything; 'loss=100%' says so") }
            let length = try parts[1].count(1...1_000_000)
            // Between two bursts there is at least one packet that passes.
            guard share * (length + 1) <= length * 1_000_000 else {
                let most = ConditionText.share(length * 1_000_000 / (length + 1))
                throw PathConditionsError("bursts of \(length) packets lose at most \(most)")
            }
            burstLoss = .bursts(share: share, meanLength: length)
        case .gilbert:
            let parts = try value.parts(4)
            burstLoss = .gilbertElliott(
                toBad: try parts[0].share(), toGood: try parts[1].share(), lossInGood: try parts[2].share(),
                lossInBad: try parts[3].share())
        }
    }

    /// What is printed for a condition; nil if it does nothing.
    private func value(of key: Key) -> String? {
        typealias Text = ConditionText
        switch key {
        case .loss: return loss > 0 ? Text.share(loss) : nil
        case .duplicate: return duplication > 0 ? Text.share(duplication) : nil
        case .corrupt: return corruption > 0 ? Text.share(corruption) : nil
        case .delay: return delay > .zero ? Text.interval(delay) : nil
        case .jitter: return jitter > .zero ? Text.interval(jitter) + (jitterReorders ? "/reorder" : "") : nil
        case .rate: return rate.map(Text.rate)
        case .queue: return rate != nil && queue != Self.defaultQueue ? "\(queue)" : nil
        case .ecn: return rate != nil ? ecnThreshold.map { "\($0)" } : nil
        case .mtu: return mtu.map { "\($0)" + (isBlackHole ? "/silent" : "") }
        case .reorder: return reordering > 0 ? "\(Text.share(reordering))/\(Text.interval(reorderingDelay))" : nil
        case .burst:
            guard case .bursts(let share, let meanLength) = burstLoss else { return nil }
            return "\(Text.share(share))/\(meanLength)"
        case .gilbert:
            guard case .gilbertElliott(let toBad, let toGood, let lossInGood, let lossInBad) = burstLoss else {
                return nil
            }
            return [toBad, toGood, lossInGood, lossInBad].map(Text.share).joined(separator: "/")
        }
    }
}
