public import TunstackCore
import TunstackWire

/// A packet as an observer of the network sees it, whatever the trace keeps.
public struct PacketSighting: Sendable {
    /// What happens to the packet.
    public enum Kind: Hashable, Sendable {
        /// Its sender puts it on the link.
        case sent
        /// It reaches the receiver's interface. A second copy that the link made arrives too.
        case arrived
        /// The receiver has handled it, and sent what it had to say to it.
        case handled
        /// It is lost, for this reason.
        case lost(String)
    }

    /// What happens.
    public let kind: Kind
    /// When, on the network's clock.
    public let time: Instant
    /// When it was sent.
    public let sentAt: Instant
    /// Who sent it.
    public let sender: NodeID
    /// Who has its destination address; nil if nobody has.
    public let receiver: NodeID?
    /// The packet as it is now.
    public let bytes: [UInt8]

    /// The segment in it, if it holds one; read anew with every use.
    public var segment: TracedSegment? { bytes.withRawSpan { TracedSegment($0) } }
}
