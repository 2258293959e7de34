public import TunstackWire

/// What STATUS tells about a connection.
public struct ConnectionStatus: Sendable {
    /// Both sockets.
    public let key: ConnectionKey
    /// The connection's state.
    public let state: State
    /// Why it has ended; nil while it has not. In TIME-WAIT the connection has ended for the application.
    public let closeReason: CloseReason?
    /// The last soft error the network reported.
    public let softError: SoftError?
    /// Bytes that can be received now.
    public let readableBytes: Int
    /// Of those and of what is still to come, bytes up to the end of the peer's urgent data (RFC 9293 §3.8.5, MUST-33).
    public let urgentBytes: Int
    /// Bytes sent by the application and not acknowledged by the peer.
    public let unacknowledgedBytes: Int
    /// Of those, bytes that have not left yet.
    public let queuedBytes: Int
    /// The most bytes that the send buffer keeps at present; grows with the congestion window.
    public let sendBufferLimit: Int
    /// The most bytes that the receive buffer keeps at present; grows with what is read in a round trip.
    public let receiveBufferLimit: Int
    /// SND.UNA.
    public let sendUnacknowledged: SequenceNumber
    /// SND.NXT.
    public let sendNext: SequenceNumber
    /// SND.WND, in bytes.
    public let sendWindow: Int
    /// The largest send window that the peer has allowed so far, in bytes.
    public let maximumSendWindow: Int
    /// RCV.NXT.
    public let receiveNext: SequenceNumber
    /// RCV.WND, in bytes.
    public let receiveWindow: Int
    /// Eff.snd.MSS, in bytes.
    public let maximumSegmentSize: Int
    /// The largest IP packet that the path is believed to carry, in bytes (RFC 1191, RFC 4821).
    public let pathMTU: Int
    /// The congestion control.
    public let congestion: CongestionAlgorithm
    /// Where the congestion control is, in words: "slow start", "probe bandwidth: up".
    public let congestionPhase: String
    /// Whether losses are being repaired, and why.
    public let recovery: RecoveryPhase
    /// cwnd, in bytes; in recovery what proportional rate reduction makes of it (RFC 6937).
    public let congestionWindow: Int
    /// Bytes believed to be in the network: sent, and neither acknowledged nor selectively acknowledged nor lost.
    public let bytesInFlight: Int
    /// Bytes that are lost and wait to be sent again.
    public let lostBytes: Int
    /// Bytes per second at which segments leave; nil where they are not paced.
    public let pacingRate: Int?
    /// All bytes delivered on this connection.
    public let deliveredBytes: Int
    /// All bytes that were lost on this connection, as far as it knows.
    public let totalLostBytes: Int
    /// The least round trip of late; nil before the first measurement.
    public let minimumRoundTrip: Interval?
    /// The network has been seen to reorder (RFC 8985 §6.2).
    public let hasSeenReordering: Bool
    /// Text leaves ECN-capable, so that the network can mark it instead of dropping it (RFC 3168 §6.1).
    public let usesECN: Bool
    /// ssthresh, in bytes; `Int.max` before the first loss.
    public let slowStartThreshold: Int
    /// SRTT; zero before the first measurement.
    public let smoothedRoundTrip: Interval
    /// RTO.
    public let retransmissionTimeout: Interval
    /// Retransmissions of the oldest segment since it was first sent.
    public let retransmissions: Int

    init(_ connection: borrowing Connection) {
        key = connection.key
        state = connection.state
        closeReason = connection.closeReason
        softError = connection.softError
        readableBytes = connection.receiveBuffer.readable
        urgentBytes = connection.urgentBytesLeft
        unacknowledgedBytes = connection.sendBuffer.count
        queuedBytes = connection.queuedBytes
        sendBufferLimit = connection.sendBuffer.limit
        receiveBufferLimit = connection.receiveBuffer.limit
        sendUnacknowledged = connection.snd.una
        sendNext = connection.snd.nxt
        sendWindow = connection.snd.wnd
        maximumSendWindow = connection.snd.maximumWindow
        receiveNext = connection.rcv.nxt
        receiveWindow = connection.rcv.wnd
        maximumSegmentSize = connection.effectiveSendMSS
        pathMTU = connection.pathMTU
        congestion = connection.options.congestion
        congestionPhase = connection.congestion.phase
        recovery = RecoveryPhase(connection.recovery.phase)
        congestionWindow = connection.congestionWindow
        bytesInFlight = connection.recovery.inFlight
        lostBytes = connection.recovery.segments.missing.bytes
        pacingRate = connection.options.pacing ? connection.congestion.pacingRate : nil
        deliveredBytes = connection.recovery.rate.delivered
        totalLostBytes = connection.recovery.rate.lost
        minimumRoundTrip = connection.recovery.minimumRoundTrip.value
        hasSeenReordering = connection.recovery.rack.hasSeenReordering
        usesECN = connection.negotiated.ecn.contains(.sends)
        slowStartThreshold = connection.congestion.ssthresh
        smoothedRoundTrip = connection.rtt.srtt
        retransmissionTimeout = connection.rtt.rto
        retransmissions = Int(connection.retransmissions)
    }
}

/// Where the repair of losses stands.
public enum RecoveryPhase: Hashable, Sendable {
    /// Nothing is known to be lost.
    case open
    /// The window is being reduced, though nothing has to be repaired.
    case reducing
    /// Losses are being repaired (RFC 6675, RFC 8985, RFC 6582).
    case fastRecovery
    /// A time-out is being repaired (RFC 5681 §3.1).
    case afterTimeout

    init(_ phase: LossRecovery.Phase) {
        switch phase {
        case .open: self = .open
        case .reducing: self = .reducing
        case .fastRecovery: self = .fastRecovery
        case .afterTimeout: self = .afterTimeout
        }
    }
}

/// STATUS (RFC 9293 §3.9.1.5, §3.10.6), and the options that can change while a connection lives.
extension Stack {
    /// What the stack knows about a connection; nil once it has been released and has ended.
    public func status(_ id: ConnectionID) -> ConnectionStatus? {
        guard connections.contains(Int(id.index), generation: id.generation) else { return nil }
        return ConnectionStatus(connections[Int(id.index)])
    }

    /// `ConnectionStatus.key` alone, which takes less time than all of it.
    public func key(of id: ConnectionID) -> ConnectionKey? {
        guard connections.contains(Int(id.index), generation: id.generation) else { return nil }
        return connections.key(of: Int(id.index))
    }

    /// `ConnectionStatus.readableBytes` alone; 0 where there is no connection. A connection at rest has none.
    public func readableBytes(on id: ConnectionID) -> Int {
        let index = Int(id.index)
        guard connections.contains(index, generation: id.generation), connections.restingState(of: index) == nil
        else { return 0 }
        return connections[index].receiveBuffer.readable
    }

    /// The connection's options.
    public func options(of id: ConnectionID) throws(ConnectionError) -> ConnectionOptions {
        connections[try index(of: id)].options
    }

    /// Changes the connection's options, the DSCP among them (RFC 9293 §3.9.1.9, SHLD-21). What the SYN settled (MSS, window scale,
    /// timestamps, buffer sizes) stays as it was.
    public mutating func setOptions(
        _ options: ConnectionOptions, of id: ConnectionID, at now: Instant
    ) throws(ConnectionError) {
        environment.now = now
        let index = try index(of: id)
        connections[index].setOptions(options, at: environment.now)
        connections.noteOptions(of: index)
        refresh(index)
    }

    /// Where a handle leads.
    @inline(__always)
    func index(of id: ConnectionID) throws(ConnectionError) -> Int {
        let index = Int(id.index)
        guard connections.contains(index, generation: id.generation), !connections[index].isReleased else {
            throw .connectionDoesNotExist
        }
        return index
    }
}

extension Connection {
    fileprivate mutating func setOptions(_ new: ConnectionOptions, at now: Instant) {
        let keepAliveChanged = new.keepAlive != options.keepAlive
        options = new.normalized.keepingWhatTheSynSettled(of: options)
        rtt.setBounds(
            minimum: options.minimumRTO, maximum: options.maximumRTO, margin: options.leastTimeoutMargin)
        if keepAliveChanged {
            keepAliveProbesUnanswered = 0
            armKeepAlive(at: now)
        }
        armUserTimeout(at: now)
    }
}
