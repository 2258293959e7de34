import TunstackWire

/// A passive open that waits for the last ACK of the handshake: SYN-RECEIVED in a tenth of a TCB's memory, so that a SYN
/// costs its sender more than us. Becomes a `Connection` when the ACK arrives, and by nothing else.
struct HalfOpen {
    let key: ConnectionKey
    let listener: ListenerID
    let iss: SequenceNumber
    let irs: SequenceNumber
    var negotiated: NegotiatedOptions
    /// TS.Recent: the timestamp of the SYN.
    let timestampRecent: UInt32
    let timestampClock: TimestampClock
    /// The window field of the SYN.
    let peerWindow: UInt16
    let startedAt: Instant
    var sentAt: Instant
    /// How often the SYN-ACK has been sent again.
    var retransmissions: UInt8 = 0
    /// The SYN-ACK has left more than once, for whatever reason, so that its round trip cannot be told (Karn).
    var isAmbiguous = false
    /// Text of the SYN, kept until the connection is established (RFC 9293 §3.10.7.2).
    var heldText: [UInt8] = []
    /// The SYN carried a FIN too.
    var holdsFin = false
    var refusals = RefusalSpacing()
    var timer: TimerWheel.TimerID = -1
    /// The record in TIME-WAIT whose sockets the entry has, as a new incarnation; -1 for none.
    var displacedTimeWait: Int32 = -1

    /// What we would accept: the window that the SYN-ACK announced, from the number after the SYN.
    func receiveVariables(_ options: ConnectionOptions) -> ReceiveVariables {
        var rcv = ReceiveVariables(irs: irs)
        rcv.edge = rcv.nxt + SynWindow.size(options)
        rcv.announced = rcv.edge
        return rcv
    }

    /// The time to the next SYN-ACK: doubles every time (RFC 6298 §5.5).
    func timeout(_ options: ConnectionOptions) -> Interval {
        let shift = Int64(min(retransmissions, 16))
        return min(Interval(nanoseconds: RTTEstimator.initialRTO.nanoseconds << shift), options.maximumRTO)
    }
}
