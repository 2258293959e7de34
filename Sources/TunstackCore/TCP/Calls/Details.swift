import TunstackWire

/// What an expert wants to know about a connection beside its `ConnectionStatus`: what Linux tells as `TCP_INFO`.
public struct ConnectionDetails: Sendable {
    /// Segments that are sent and not acknowledged cumulatively.
    public private(set) var segmentsOutstanding = 0
    /// Of those: at the receiver beyond a gap (RFC 2018), lost and not yet at the receiver, and sent again and on their way.
    public private(set) var receivedBeyondGap = 0
    public private(set) var lost = 0
    public private(set) var repairsInFlight = 0
    /// Duplicate acknowledgments in a row, where there is no selective acknowledgment.
    public let duplicateAcknowledgments: Int
    /// By how many segments the network was seen to reorder; at least the three of RFC 5681 §3.2.
    public let reordering: Int
    /// How many acknowledgments told of reordering.
    public let reorderingsSeen: Int
    /// Segments that left again, all together.
    public let totalRetransmissions: Int
    /// Window probes since the peer's window was last open.
    public let windowProbes: Int
    /// How often the timeout has been doubled since the last round trip was measured.
    public let backOff: Int
    /// RTTVAR (RFC 6298).
    public let roundTripVariation: Interval
    /// How long acknowledgments are held back at most.
    public let delayedAcknowledgment: Interval
    /// Time since text left, since text arrived, and since anything arrived.
    public let sinceSent: Interval
    public let sinceTextReceived: Interval
    public let sinceReceived: Interval
    /// Bytes of text acknowledged by the peer, and received in order.
    public let bytesAcknowledged: Int
    public let bytesReceived: Int
    /// The largest text of a segment of the peer's, as far as is known.
    public let receiveSegmentSize: Int
    /// The MSS that our SYN announced, without the options that every segment carries.
    public let announcedSegmentSize: Int
    /// What the SYNs agreed on (RFC 7323, RFC 2018).
    public let usesTimestamps: Bool
    public let usesSelectiveAcknowledgment: Bool
    public let usesWindowScaling: Bool
    public let sendWindowShift: UInt8
    public let receiveWindowShift: UInt8

    fileprivate init(_ connection: borrowing Connection, at now: Instant) {
        let segmentSize = max(1, connection.effectiveSendMSS)
        duplicateAcknowledgments = Int(connection.recovery.duplicates)
        let distance = (connection.recovery.rack.reorderingDistance + segmentSize - 1) / segmentSize
        reordering = max(LossRecovery.duplicateThreshold, distance)
        reorderingsSeen = connection.recovery.rack.reorderingsSeen
        totalRetransmissions = connection.recovery.totalRetransmissions
        windowProbes = Int(connection.probes)
        backOff = connection.rtt.backOffs
        roundTripVariation = connection.rtt.rttvar
        delayedAcknowledgment = connection.options.delayedAcknowledgment
        sinceSent = now - connection.lastSentAt
        sinceTextReceived = now - connection.lastTextReceivedAt
        sinceReceived = now - connection.lastReceivedAt
        bytesAcknowledged = connection.sendBuffer.start - connection.snd.iss - 1
        bytesReceived = connection.receiveBuffer.end - connection.rcv.irs - 1
        receiveSegmentSize = connection.receiveMSS
        announcedSegmentSize = connection.receiveMSS
        usesTimestamps = connection.negotiated.timestamps
        usesSelectiveAcknowledgment = connection.negotiated.selectiveAcknowledgment
        usesWindowScaling = connection.negotiated.windowScaling
        sendWindowShift = connection.negotiated.sendWindowShift
        receiveWindowShift = connection.negotiated.receiveWindowShift
        connection.recovery.segments.forEach { segment in
            segmentsOutstanding += 1
            switch segment.place {
            case .receiver: receivedBeyondGap += 1
            case .missing: lost += 1
            case .flight: if segment.isRetransmitted { repairsInFlight += 1 }
            }
        }
        // A segment counts as lost until it has arrived; a probe never was.
        if connection.recovery.phase != .open { lost += repairsInFlight }
    }
}

extension Stack {
    /// What an expert wants to know about a connection; nil once it has been released and has ended. Takes time in proportion to what is
    /// outstanding.
    public func details(of id: ConnectionID, at now: Instant) -> ConnectionDetails? {
        guard connections.contains(Int(id.index), generation: id.generation) else { return nil }
        return ConnectionDetails(connections[Int(id.index)], at: now)
    }
}
