import TunstackWire

/// What an expert wants to know about a connection beside its `ConnectionStatus`: what Linux tells as `TCP_INFO`.
public struct ConnectionDetails: Sendable {
    /// Segments that are sent and not acknowledged cumulatively.
    public private(set) var segmentsOutstanding = 0
    /// Of those: at the receiver beyond a gap (RFC 2018).
    public private(set) var receivedBeyondGap = 0
    /// Of those: lost, and not yet known to be at the receiver, sent again or not.
    public private(set) var lost = 0
    /// Of those: sent again and on their way.
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
    /// Time since anything left that takes up sequence numbers.
    public let sinceSent: Interval
    /// Time since text arrived; at first, since the connection was established.
    public let sinceTextReceived: Interval
    /// Time since anything acceptable arrived.
    public let sinceReceived: Interval
    /// Bytes of text that the peer has acknowledged.
    public let bytesAcknowledged: Int
    /// Bytes of text received in order.
    public let bytesReceived: Int
    /// The largest text of a segment of the peer's, as far as is known.
    public let receiveSegmentSize: Int
    /// The MSS that our SYN announced, without the options that every segment carries.
    public let announcedSegmentSize: Int
    /// The SYNs agreed on timestamps (RFC 7323 §3.2).
    public let usesTimestamps: Bool
    /// The SYNs agreed on selective acknowledgment (RFC 2018 §2).
    public let usesSelectiveAcknowledgment: Bool
    /// The SYNs agreed on window scaling (RFC 7323 §2.2).
    public let usesWindowScaling: Bool
    /// Snd.Wind.Shift (RFC 7323 §2.3).
    public let sendWindowShift: UInt8
    /// Rcv.Wind.Shift.
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
