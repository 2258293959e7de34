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
    /// RCV.NXT.
    public let receiveNext: SequenceNumber
    /// RCV.WND, in bytes.
    public let receiveWindow: Int
    /// Eff.snd.MSS, in bytes.
    public let maximumSegmentSize: Int
    /// cwnd, in bytes.
    public let congestionWindow: Int
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
        receiveNext = connection.rcv.nxt
        receiveWindow = connection.rcv.wnd
        maximumSegmentSize = connection.effectiveSendMSS
        congestionWindow = connection.congestionWindow
        slowStartThreshold = connection.congestion.ssthresh
        smoothedRoundTrip = connection.rtt.srtt
        retransmissionTimeout = connection.rtt.rto
        retransmissions = Int(connection.retransmissions)
    }
}

/// STATUS (RFC 9293 §3.9.1.5, §3.10.6), and the options that can change while a connection lives.
extension Stack {
    /// What the stack knows about a connection; nil once it has been released and has ended.
    public func status(_ id: ConnectionID) -> ConnectionStatus? {
        guard connections.contains(Int(id.index), generation: id.generation) else { return nil }
        return ConnectionStatus(connections[Int(id.index)])
    }

    /// The connection's options.
    public func options(of id: ConnectionID) throws(ConnectionError) -> ConnectionOptions {
        connections[try index(of: id)].options
    }

    /// Changes the connection's options. What the SYN settled (MSS, window scale, timestamps, buffer sizes) stays as it was.
    public mutating func setOptions(
        _ options: ConnectionOptions, of id: ConnectionID, at now: Instant
    ) throws(ConnectionError) {
        environment.now = now
        let index = try index(of: id)
        connections[index].setOptions(options, at: environment.now)
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
        if keepAliveChanged {
            keepAliveProbesUnanswered = 0
            armKeepAlive(at: now)
        }
        armUserTimeout(at: now)
    }
}
