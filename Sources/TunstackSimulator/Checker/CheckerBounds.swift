import TunstackCore

/// How much two ends and the network between them may do while every way of doing it is tried.
public struct CheckerBounds: Hashable, Sendable {
    /// What one end's application may do.
    public struct Calls: Hashable, Sendable {
        /// How often it opens actively.
        public var activeOpens: Int
        /// How often it begins to listen.
        public var passiveOpens: Int
        /// How many bytes it sends, one with each call.
        public var sends: Int

        /// So many calls of each kind. CLOSE and ABORT it may call whenever they make sense.
        public init(activeOpens: Int = 0, passiveOpens: Int = 0, sends: Int = 0) {
            self.activeOpens = activeOpens
            self.passiveOpens = passiveOpens
            self.sends = sends
        }
    }

    /// The end that traces call A.
    public var first = Calls(activeOpens: 1, sends: 1)
    /// The end that traces call B.
    public var second = Calls(passiveOpens: 1, sends: 1)
    /// Packets that the network can hold in one direction; what comes beyond is lost.
    public var packets = 2
    /// Packets that it may lose, beside those that it has no room for.
    public var losses = 1
    /// Packets that it may double.
    public var duplicates = 1
    /// Whether packets may overtake each other.
    public var reorders = true
    /// How often an end sends something again before it gives up.
    public var retransmissions = 1
    /// Whether applications may let go of a connection without closing it first.
    public var releases = false
    /// More states than this are not looked at, and the check has failed.
    public var states = 20_000_000

    /// One end opens to the other, each sends a byte; the network holds two packets each way, loses one and doubles one.
    public init() {}
}

extension CheckerBounds {
    /// Time-outs come after 1, 2, 4 … s; R2 lies between the last that is wanted and the next.
    private var giveUp: Interval { .seconds((1 << Int64(retransmissions + 1)) - 1) - .milliseconds(500) }

    /// The connections' options: without what would make a portrait incomplete.
    var options: ConnectionOptions {
        var options = ConnectionOptions()
        options.timestamps = false
        options.selectiveAcknowledgment = false
        options.windowScale = nil
        options.congestion = .newReno
        options.pacing = false
        options.pathMTUProbing = .off
        options.noDelay = true
        options.minimumRTO = .seconds(1)
        options.establishmentTimeout = giveUp
        options.dataTimeout = giveUp
        return options
    }
}
