public import TunstackCore
public import TunstackWire

/// Names a node of a network: its place in the order in which the nodes were added.
public struct NodeID: Hashable, Sendable {
    let index: Int
}

/// A TCP segment as a packet carries it, with the sockets at both ends.
public struct TracedSegment: Sendable {
    /// The sender's socket, as the packet claims it.
    public let source: Endpoint
    /// The receiver's socket.
    public let destination: Endpoint
    /// The header.
    public let header: TCPHeader
    /// Bytes of text.
    public let textLength: Int
    /// The IP time to live.
    public let timeToLive: UInt8

    /// SEG.SEQ.
    public var seq: SequenceNumber { header.sequenceNumber }
    /// SEG.ACK; counts only with ACK.
    public var ack: SequenceNumber { header.acknowledgmentNumber }
    /// The control bits.
    public var flags: TCPFlags { header.flags }
    /// SEG.LEN: the text, and one each for SYN and FIN (RFC 9293 §3.3.1).
    public var length: Int { textLength + (flags.contains(.syn) ? 1 : 0) + (flags.contains(.fin) ? 1 : 0) }

    /// Reads a packet; nil if it is not a whole TCP segment in IPv4.
    public init?(_ packet: RawSpan) {
        do throws(WireError) {
            let ip = try IPv4Header(parsing: packet)
            guard ip.protocolNumber == .tcp, !ip.isFragment else { return nil }
            let bytes = packet.extracting(ip.headerLength..<ip.totalLength)
            header = try TCPHeader(parsing: bytes)
            source = Endpoint(ip.source, header.sourcePort)
            destination = Endpoint(ip.destination, header.destinationPort)
            textLength = bytes.byteCount - header.headerLength
            timeToLive = ip.timeToLive
        } catch {
            // Whatever does not parse is not a segment.
            return nil
        }
    }
}

/// A packet that was put on a link, and what became of it.
public struct SimulatedPacket: Sendable {
    /// What became of a packet.
    public enum Fate: Hashable, Sendable {
        /// It is on its way.
        case inFlight
        /// It has reached the receiver's interface at this instant.
        case arrived(Instant)
        /// It was lost, for this reason.
        case lost(String)
    }

    /// Its place in the order of sending. A second copy that the network makes has a number of its own.
    public let number: Int
    /// Who sent it.
    public let sender: NodeID
    /// Who has its destination address; nil if nobody has.
    public let receiver: NodeID?
    /// When it was put on the link, on the network's clock.
    public let sentAt: Instant
    /// The packet as it was sent.
    public let bytes: [UInt8]
    /// The segment in it; nil if it holds something else.
    public let segment: TracedSegment?
    /// The packet of which the network made this copy.
    public let copyOf: Int?
    /// What became of it.
    public internal(set) var fate = Fate.inFlight
    /// The packet as it arrives, if the network damaged it on the way.
    public internal(set) var damagedBytes: [UInt8]?

    /// Whether the path has marked it "congestion experienced" (RFC 3168 §5).
    public internal(set) var isMarked = false
}
