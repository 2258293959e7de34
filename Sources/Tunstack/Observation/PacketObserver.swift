/// Sees every packet that passes between a stack and its device, and every change of a connection's state.
///
/// An observer belongs to the stack it was given to, which calls it on its own executor and waits for it: what takes long
/// here holds up all connections. It must not call the stack.
public protocol PacketObserver: AnyObject {
    /// A packet has passed.
    ///
    /// - Parameters:
    ///   - packet: The whole IP packet; the bytes are gone after the call.
    ///   - passage: Which way it went, when, and what it did.
    func observe(_ packet: RawSpan, _ passage: PacketPassage)

    /// A connection has changed its state without a packet that shows it: by a timer, or by a call whose packet waits.
    func observe(_ transition: TransitionRecord)

    /// The stack has done all there is to do for now. A good moment to write out what was gathered.
    func turnEnded()

    /// The stack has been shut down or has lost its device; nothing follows.
    func stackClosed()
}

/// How a packet passed between a stack and its device.
public struct PacketPassage: Sendable {
    /// Which way packets go.
    public enum Direction: Sendable {
        /// From the device into the stack.
        case inbound
        /// From the stack into the device.
        case outbound
    }

    /// Which way it went.
    public let direction: Direction
    /// When, on the clock of ``MonotonicClock``.
    public let instant: Instant
    /// Why the stack did not use an inbound packet; nil if it did.
    public let dropReason: DropReason?
    /// The device did not take an outbound packet: its queue was full or its interface down. For the peer it is lost.
    public let wasLost: Bool
    /// The state changes that an inbound packet caused, or that an outbound one tells the peer.
    public let transitions: [TransitionRecord]
}
