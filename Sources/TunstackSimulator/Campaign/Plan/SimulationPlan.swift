public import TunstackCore
import TunstackWire

/// Everything that a run depends on, as facts: hosts, paths between them, what applications do, what goes wrong.
///
/// A plan is drawn from a seed, or read from text. The same plan gives the same packets.
public struct SimulationPlan: Sendable, Equatable {
    /// Where the randomness of hosts and paths comes from; and the plan itself, if it was drawn.
    public var seed: UInt64
    /// The hosts; text calls them a, b, c, …
    public var hosts: [HostPlan] = []
    /// The paths between hosts, one for each pair that is joined.
    public var paths: [PathPlan] = []
    /// What applications do.
    public var flows: [FlowPlan] = []
    /// What goes wrong beside what paths do to single packets.
    public var faults: [FaultPlan] = []

    /// A plan without hosts.
    public init(empty seed: UInt64) {
        self.seed = seed
    }

    /// Most hosts that a plan may have: one for each letter.
    static let mostHosts = 26

    /// The port at which the server of a flow listens.
    static func port(of flow: Int) -> Port { Port(UInt16(1_000 + flow)) }

    /// The flow whose server listens at a port.
    static func flow(at port: UInt16) -> Int { Int(port) - 1_000 }
}

/// One host of a plan.
public struct HostPlan: Sendable, Equatable {
    /// The MTU of its interface, 576 to 65,535.
    public var mtu = 1_500
    /// MSL; TIME-WAIT lasts twice this.
    public var maximumSegmentLifetime = Interval.seconds(30)
    /// How much faster than the network's its clock runs, in parts per million; negative for slower.
    public var clockSkew = 0
    /// What its connections start with.
    public var options = ConnectionOptions()
    /// Whether its stack sends super-segments, which its device cuts.
    public var sendsSuperSegments = false
    /// How long its device lets packets that arrive wait, to merge them into super-segments; zero for not at all.
    public var gatheringTime = Interval.zero

    /// A host with the stack's defaults.
    public init() {}
}

/// What lies between two hosts.
public struct PathPlan: Sendable, Equatable {
    /// The hosts, as indices.
    public var ends: (Int, Int)
    /// What each direction does to packets.
    public var conditions: PathConditions

    /// A path between two hosts.
    public init(_ first: Int, _ second: Int, _ conditions: PathConditions) {
        ends = (first, second)
        self.conditions = conditions
    }

    /// Whether both join the same hosts in the same way.
    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.ends == rhs.ends && lhs.conditions == rhs.conditions }

    func joins(_ first: Int, _ second: Int) -> Bool { ends == (first, second) || ends == (second, first) }
}

/// What two applications do, over one connection or several in turn.
public struct FlowPlan: Sendable, Equatable {
    /// What the two do.
    public enum Kind: String, Sendable, CaseIterable {
        /// The client sends `bytes`; the server sends `answer` bytes at the same time.
        case bulk
        /// The client sends `bytes` and closes its direction; then the server answers `answer` bytes.
        case halfClose = "half-close"
        /// `rounds` times the client sends `bytes`, and the server answers `answer` bytes; `pause` between rounds.
        case exchange
        /// The client sends `bytes`; the server reads `portion` bytes after each `pause`.
        case slowReader = "slow-reader"
        /// The client sends `bytes`, `portion` at a time, each when the one before was acknowledged.
        case chunks
    }

    /// An application that leaves in the middle.
    public struct Departure: Sendable, Equatable {
        /// Whether the client leaves, or the server.
        public var isClient: Bool
        /// After how many bytes, sent and received together.
        public var bytes: Int
        /// How.
        public var farewell: Leaver.Farewell

        /// Someone leaves after so many bytes.
        public init(isClient: Bool, bytes: Int, farewell: Leaver.Farewell) {
            self.isClient = isClient
            self.bytes = bytes
            self.farewell = farewell
        }
    }

    /// What the two do.
    public var kind: Kind
    /// The host of the client, as an index.
    public var client: Int
    /// The host of the server, as an index.
    public var server: Int
    /// When the client opens the connection.
    public var start = Interval.zero
    /// Bytes that the client sends, in each round if there are several.
    public var bytes = 1
    /// Bytes that the server sends, in each round if there are several.
    public var answer = 0
    /// How many rounds there are.
    public var rounds = 1
    /// Bytes at a time.
    public var portion = 1
    /// How long to wait.
    public var pause = Interval.zero
    /// How many connections, one after another.
    public var connections = 1
    /// Who leaves in the middle, if anybody does.
    public var leaver: Departure?
    /// Whether every SEND says that more follows (MSG_MORE); for `bulk` and `half-close`, which close after the last.
    public var saysMore = false
    /// The most segments with text that both ends together may send again; nil for any number.
    public var mostResent: Int?
    /// The longest time that may pass from the first OPEN to the last byte; nil for any.
    public var longestTime: Interval?

    /// A flow of one byte.
    public init(_ kind: Kind, from client: Int, to server: Int) {
        self.kind = kind
        self.client = client
        self.server = server
    }

    /// Bytes that all its connections together carry, if nothing goes wrong.
    public var plannedBytes: Int { (bytes + answer) * (kind == .exchange ? rounds : 1) * connections }
}

/// Something that goes wrong for a time.
public struct FaultPlan: Sendable, Equatable {
    /// What goes wrong.
    public enum Kind: String, Sendable, CaseIterable {
        /// Nothing passes between two hosts.
        case partition
        /// Nothing passes from one host to the other.
        case cut
        /// A host loses power; it starts again without its connections and without its listeners.
        case power
    }

    /// What goes wrong.
    public var kind: Kind
    /// The host, as an index.
    public var host: Int
    /// The other host, as an index; the host itself if power fails.
    public var other: Int
    /// When it begins.
    public var start: Interval
    /// How long it lasts.
    public var duration: Interval

    /// Something that goes wrong.
    public init(_ kind: Kind, _ host: Int, _ other: Int, at start: Interval, for duration: Interval) {
        self.kind = kind
        self.host = host
        self.other = other
        self.start = start
        self.duration = duration
    }
}
