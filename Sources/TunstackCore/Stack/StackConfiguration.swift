public import TunstackWire

/// How a stack behaves; fixed when it is made.
public struct StackConfiguration: Sendable {
    /// The addresses the stack answers at, each with the prefix of its network.
    public var addresses: [IPv4Network]
    /// The device's MTU in bytes: the largest IP packet. From 576, which every IPv4 host must take (RFC 791 §3.2), to 65,535.
    public var mtu = 1_500
    /// What the layer below does for packets that leave. With any of it, packets are fetched by `Stack.nextTransmit(header:at:_:)`.
    public var transmitOffload = TransmitOffload()
    /// Maximum Segment Lifetime (RFC 9293 §3.4.2): TIME-WAIT lasts twice this. The RFC's own value is two minutes; 30 s
    /// and one minute are common.
    public var maximumSegmentLifetime = Interval.seconds(30)
    /// Whether to stay quiet for one MSL after the start, as a host does that may have forgotten connections when it
    /// crashed (RFC 9293 §3.4.3): no connection is opened or accepted in that time.
    public var keepsQuietTime = false
    /// What connections start with unless the call that makes them says otherwise.
    public var defaultConnectionOptions = ConnectionOptions()
    /// How initial sequence numbers are chosen.
    public var initialSequenceNumbers = InitialSequenceNumbers.clockAndHash
    /// How the timestamp clock starts (RFC 7323 §5.4).
    public var timestampOffsets = TimestampOffsets.perConnection
    /// How often the timestamp clock ticks; RFC 7323 §5.4 allows 1 ms to 1 s.
    public var timestampTick = Interval.milliseconds(1)
    /// The range of ephemeral ports (RFC 6335 §6).
    public var ephemeralPorts: ClosedRange<UInt16> = 49_152...65_535
    /// Which connections are this stack's, if several answer at the same addresses; nil if it is alone.
    public var share: StackShare?
    /// The bounds of every table and queue.
    public var limits = Limits()
    /// Whether packets that come by a source route are taken in, and what a passively opened connection sends goes back by it (RFC 9293
    /// §3.9.2.1, MUST-53). Whoever sends by a route can pretend to be anybody, so other hosts do not, either (RFC 7126 §4.3, §4.4).
    public var acceptsSourceRoutes = false
    /// Whether state changes are recorded for `Stack.nextTransition()`.
    public var recordsTransitions = false

    /// A stack that answers at one address.
    public init(address: IPv4Network) {
        addresses = [address]
    }
}

/// How a stack chooses initial sequence numbers.
public enum InitialSequenceNumbers: Sendable {
    /// A clock that ticks every 4 µs plus a keyed hash of the four-tuple (RFC 6528 §3).
    case clockAndHash
    /// Always this one. Only to replay a capture: a peer can guess it.
    case fixed(SequenceNumber)
}

/// How a stack's timestamp clock is offset from its own time.
public enum TimestampOffsets: Sendable {
    /// By a keyed hash of the four-tuple, so that peers learn neither uptime nor a common clock.
    case perConnection
    /// By this many ticks on every connection. Only to replay a capture.
    case fixed(UInt32)
}
