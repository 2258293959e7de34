import TunstackWire

/// What is left of a connection in TIME-WAIT: enough to acknowledge a FIN that comes again, to refuse old segments, and to know
/// whether a new SYN may have the same sockets (RFC 9293 §3.6.1).
struct TimeWaitRecord {
    let key: ConnectionKey
    let sndNxt: SequenceNumber
    let rcvNxt: SequenceNumber
    let windowField: UInt16
    let usesTimestamps: Bool
    private(set) var timestampRecent: UInt32
    let timestampClock: TimestampClock
    let timeToLive: UInt8
    let differentiatedServices: UInt8
    /// The connection, while the application still holds it.
    var connection: ConnectionID?
    var refusals = RefusalSpacing()
    var timer: TimerWheel.TimerID = -1
    /// The half-open entry of a new incarnation that has the sockets for now; -1 for none.
    var displacedBy: Int32 = -1

    /// Takes over from a connection that has entered TIME-WAIT.
    init(_ connection: borrowing Connection, id: ConnectionID) {
        key = connection.key
        sndNxt = connection.snd.nxt
        rcvNxt = connection.rcv.nxt
        windowField = connection.windowField
        usesTimestamps = connection.negotiated.timestamps
        timestampRecent = connection.timestampRecent
        timestampClock = connection.timestampClock
        timeToLive = connection.options.timeToLive
        differentiatedServices = connection.options.differentiatedServices
        self.connection = id
    }

    /// A bare ACK in order brings the last timestamp seen, which RFC 6191 §2 asks for (RFC 7323 §4.3). As in other states it counts only
    /// with an acknowledgment of what was sent, or a blind segment could keep every new SYN out.
    mutating func recordTimestamp(_ segment: Segment) {
        guard usesTimestamps, segment.flags.contains(.ack), segment.ack.isAtOrBefore(sndNxt),
            let timestamps = segment.options.timestamps,
            Int32(bitPattern: timestamps.value &- timestampRecent) > 0
        else { return }
        timestampRecent = timestamps.value
    }

    /// The ACK that says all there is to say in this state.
    func acknowledgment(at now: Instant) -> ReplySegment {
        var options = TCPOptions()
        if usesTimestamps {
            options.timestamps = TCPTimestamps(value: timestampClock.value(at: now), echoReply: timestampRecent)
        }
        return ReplySegment(
            key: key, seq: sndNxt, ack: rcvNxt, flags: .ack, window: windowField, options: options,
            timeToLive: timeToLive, differentiatedServices: differentiatedServices)
    }
}
