/// The bound of every table, queue and loop in the stack. A limit that is reached is counted, never exceeded.
public struct Limits: Sendable {
    /// TCBs at a time, in all states.
    public var connections = 1 << 20
    /// Connections without anything to do that are kept ready for the next packet, the most recent ones; the others shrink to what they
    /// have to remember, and take a moment longer to answer.
    public var readyConnections = 64
    /// Listening sockets at a time.
    public var listeners = 1_024
    /// TIME-WAIT records at a time; the oldest gives way.
    public var timeWaitRecords = 1 << 18
    /// Resets, challenge ACKs, SYN-ACKs and ICMP messages that wait for the device at a time.
    public var queuedReplies = 4_096
    /// Bytes of ICMP echo replies that wait for the device at a time.
    public var queuedEchoBytes = 256 * 1_024
    /// Gaps that one connection's reassembly keeps track of. A queue that overflows makes as many as it drops segments.
    public var reassemblyRanges = 4_096
    /// Bytes of data on SYNs that all half-open entries together hold.
    public var heldSynBytes = 256 * 1_024
    /// Bytes of send and receive buffers of all connections together.
    public var bufferBytes = 1 << 30
    /// Bytes of returned buffers to keep for reuse.
    public var idleBufferBytes = 32 << 20
    /// Challenge ACKs a second, for the whole stack (RFC 5961 §7).
    public var challengeAcknowledgmentsPerSecond = 1_000
    /// ICMP errors sent a second (RFC 1812 §4.3.2.8).
    public var icmpErrorsPerSecond = 100
    /// State changes kept until `nextTransition` is called.
    public var recordedTransitions = 4_096

    /// The default limits: room for a million connections within a gigabyte of buffers.
    public init() {}
}
