public import TunstackWire

/// What an application can choose for one connection. A value outside its range counts as the nearest in it.
public struct ConnectionOptions: Sendable, Hashable {
    /// Sends small segments at once instead of gathering them while data is in flight (Nagle off; RFC 9293 §3.7.4, MUST-17).
    public var noDelay = false
    /// Allows an active OPEN from a local port that other connections hold or have left in TIME-WAIT (SO_REUSEADDR). The same pair of
    /// sockets stays refused.
    public var reusesAddress = false
    /// Keep-alive probes; nil, the default, for none (RFC 9293 §3.8.4, MUST-24, MUST-25).
    public var keepAlive: KeepAlive?
    /// How long sent or queued data may make no progress before the connection is aborted; nil for no limit but R2
    /// (RFC 9293 §3.10.1 "timeout", RFC 5482).
    public var userTimeout: Interval?
    /// R1: after how many retransmissions of one segment the application is told (RFC 9293 §3.8.3, SHLD-9, SHLD-10).
    public var retransmissionThreshold: UInt8 = 3
    /// How many times a SYN is sent again before the distance between them begins to double. RFC 6298 §5.5 doubles it from the first.
    public var linearSynRetransmissions: UInt8 = 0
    /// R2 for data: how long to retransmit without an answer; at least 100 s is advised (RFC 9293 §3.8.3, MUST-21,
    /// SHLD-11).
    public var dataTimeout = Interval.seconds(100)
    /// R2 for a SYN or SYN-ACK: how long to retransmit it; at least three minutes (RFC 9293 §3.8.3, MUST-23).
    public var establishmentTimeout = Interval.seconds(180)
    /// How long FIN-WAIT-2 lasts once the application has let go of the connection; nil for ever, as RFC 9293 has it.
    public var finWait2Timeout: Interval? = .seconds(60)
    /// How much may be in the network.
    public var congestion = CongestionAlgorithm.cubic
    /// What ends the first slow start before a loss does.
    public var slowStartExit = SlowStartExit.hyStartPlusPlus
    /// Whether a loss reduces the congestion window from what it was, in use or not. RFC 5681 §3.1 takes what was in use; RFC 9438 §4.6 knows
    /// implementations that do it so.
    public var reducesFromWindow = false
    /// Whether to spread segments over time at the rate that the congestion control asks for. BBR does badly without.
    public var pacing = true
    /// The smallest retransmission timeout. RFC 6298 §2.4 asks for 1 s; 200 ms is what hosts use.
    public var minimumRTO = Interval.milliseconds(200)
    /// The largest retransmission timeout and gap between window probes (RFC 6298 §2.5: at least 60 s).
    public var maximumRTO = Interval.seconds(60)
    /// Holds partial segments back until the option is taken away, for a message that is put together from small
    /// writes (TCP_CORK). Full segments leave, and so does what has waited for 200 ms, what a FIN follows, and what
    /// fills the buffer. Stronger than `noDelay`. For a single write there is `SendFlags.more`.
    public var corked = false
    /// Whether what a SEND with `SendFlags.more` holds back goes on waiting when an acknowledgment arrives. If not, that lets it go, as it lets
    /// go what Nagle's algorithm holds back. What is corked waits in any case.
    public var holdsAcrossAcknowledgments = true
    /// Bytes of sent data to keep until acknowledged, at first; the buffer grows with the congestion window.
    /// At most 2^29.
    public var sendBufferBytes = 480 * 1_024
    /// The most that the send buffer grows to, in bytes; no growth unless it is more than `sendBufferBytes`.
    /// At most 2^29.
    public var maximumSendBufferBytes = 16 << 20
    /// Bytes of sent data that have not left yet, at most (TCP_NOTSENT_LOWAT): beyond that a SEND takes no more, whatever room there
    /// is, and it takes more when half of them have left. At least 1.
    ///
    /// The buffer then has what is in flight, and the next quarter of a megabyte: it stays in the processor's cache, and what an
    /// application decides to send leaves soon.
    public var unsentBytes = 256 * 1_024
    /// Bytes of received data to keep until read, at first; what the window is made of. The buffer grows with what the
    /// application reads in a round trip. At most 2^29.
    ///
    /// The default carries a sender's slow start through its first five round trips, before anything has been
    /// measured, and is all that a path within a building ever needs. An idle connection has no memory at all.
    public var receiveBufferBytes = 480 * 1_024
    /// The most that the receive buffer grows to, in bytes; no growth unless it is more than `receiveBufferBytes`.
    /// At most 2^29. The default fills 300 Mbit/s over 160 ms.
    public var maximumReceiveBufferBytes = 6 << 20
    /// The shift offered for our window, 0 to 14 (RFC 7323 §2.2); nil offers no scaling.
    ///
    /// Until it is set, it is the smallest that can tell a window of the largest receive buffer: 7 for the default. One
    /// that is set to less holds the window, and with it the growth of the buffer, to what it can tell.
    public var windowScale: UInt8? {
        get {
            let largest = max(receiveBufferBytes, maximumReceiveBufferBytes)
            return chosenWindowScale ?? NegotiatedOptions.shift(telling: largest)
        }
        set { chosenWindowScale = .some(newValue) }
    }
    /// What `windowScale` was set to.
    private var chosenWindowScale: UInt8??
    /// Whether to offer timestamps (RFC 7323 §3).
    public var timestamps = true
    /// Whether to offer selective acknowledgment (RFC 2018 §2).
    public var selectiveAcknowledgment = true
    /// Whether to ask for explicit congestion notification and agree to it when asked (RFC 3168 §6.1.1, SHLD-8): the network may then
    /// mark segments instead of dropping them.
    public var ecn = false
    /// Whether the round trip of every segment is measured that was sent once, and not only of one at a time (RFC 6298 §3 asks for one in a
    /// round trip at least).
    public var timesEverySegment = false
    /// Whether a probe of a closed window carries the next byte of text, as RFC 9293 §3.8.6.1 has it. If not, it is an old number without
    /// text, which makes a peer answer as well.
    public var windowProbesCarryText = true
    /// Whether segments that leave together are marked as such: the last of them carries PSH. A receiver that gathers segments then hands
    /// them on at once. RFC 9293 §3.9.1.2 asks for PSH on the last segment of what was sent, and leaves others free.
    public var pushesBursts = false
    /// With `pushesBursts`: how many segments may leave together at least, whatever the rate.
    public var leastBurst: UInt8 = 2
    /// Whether a connection that was silent for longer than an RTO begins again with a small window (RFC 5681 §4.1, SHOULD).
    public var restartsAfterIdle = true
    /// Whether a tail loss probe comes before the retransmission timeout (RFC 8985 §7).
    public var tailLossProbes = true
    /// By how much the RTO exceeds SRTT at least, where round trips do not vary: what RFC 6298 §2.3 calls G, and room for a peer that holds
    /// its acknowledgment back; nil for a quarter of `minimumRTO`.
    public var leastTimeoutMargin: Interval?
    /// Whether a segment without a timestamp is taken once the SYNs have agreed on timestamps. RFC 7323 §3.2 says that it SHOULD be dropped.
    public var acceptsMissingTimestamps = false
    /// The largest segment to send, whatever the peer takes; nil for no limit of ours. At least 48.
    public var largestSegmentToSend: UInt16?
    /// The largest segment to announce; nil for what the MTU allows (RFC 9293 §3.7.1).
    public var maximumSegmentSize: UInt16?
    /// Whether to find out by probes how large a packet the path carries, beside what routers say (RFC 4821).
    public var pathMTUProbing = PathMTUProbing.onBlackHole
    /// The IP time to live, 1 to 255 (RFC 9293 §3.9.2, MUST-49).
    public var timeToLive: UInt8 = 64
    /// The six bits of the Differentiated Services field (RFC 9293 §3.9.1.9, MUST-48).
    public var differentiatedServices: UInt8 = 0
    /// Whether soft ICMP errors raise an event (RFC 9293 §3.9.1.8, SHLD-20, SHLD-25).
    public var reportsSoftErrors = true
    /// The hosts through which packets go to the peer, whatever the way that its own came by (RFC 9293 §3.9.2.1, MUST-51, MUST-52). Fixed
    /// when the connection is opened.
    public var sourceRoute: SourceRoute?
    /// The longest that an acknowledgment is held back; under half a second (RFC 9293 §3.8.6.3, MUST-40).
    public var delayedAcknowledgment = Interval.milliseconds(40)

    /// The defaults.
    public init() {}
}

extension ConnectionOptions {
    /// The same options with every value held to its range, so that none of them can make a timer spin or a header overflow.
    var normalized: ConnectionOptions {
        var options = self
        options.differentiatedServices &= 0x3f
        options.timeToLive = max(1, timeToLive)
        options.minimumRTO = max(minimumRTO, .milliseconds(1))
        options.maximumRTO = max(maximumRTO, options.minimumRTO)
        options.delayedAcknowledgment = min(max(delayedAcknowledgment, .zero), .milliseconds(499))
        options.sendBufferBytes = min(max(sendBufferBytes, 1), Self.largestBuffer)
        options.unsentBytes = max(unsentBytes, 1)
        options.receiveBufferBytes = min(max(receiveBufferBytes, 1), Self.largestBuffer)
        options.maximumSendBufferBytes = min(max(maximumSendBufferBytes, 1), Self.largestBuffer)
        options.maximumReceiveBufferBytes = min(max(maximumReceiveBufferBytes, 1), Self.largestBuffer)
        options.keepAlive?.idle = max(keepAlive?.idle ?? .zero, .milliseconds(1))
        options.keepAlive?.interval = max(keepAlive?.interval ?? .zero, .milliseconds(1))
        return options
    }

    /// Half of the sequence space that numbers can be compared in is 2^30.
    private static let largestBuffer = 1 << 29

    /// The same options, but with what a SYN tells the peer as it was told.
    func keepingWhatTheSynSettled(of old: ConnectionOptions) -> ConnectionOptions {
        var options = self
        options.chosenWindowScale = old.chosenWindowScale
        options.sourceRoute = old.sourceRoute
        options.timestamps = old.timestamps
        options.selectiveAcknowledgment = old.selectiveAcknowledgment
        options.ecn = old.ecn
        options.maximumSegmentSize = old.maximumSegmentSize
        options.largestSegmentToSend = old.largestSegmentToSend
        options.sendBufferBytes = old.sendBufferBytes
        options.receiveBufferBytes = old.receiveBufferBytes
        options.maximumSendBufferBytes = old.maximumSendBufferBytes
        options.maximumReceiveBufferBytes = old.maximumReceiveBufferBytes
        return options
    }
}

/// How a silent peer is probed (RFC 9293 §3.8.4, MUST-27).
public struct KeepAlive: Sendable, Hashable {
    /// How long nothing may have arrived before the first probe; two hours by default (MUST-28).
    public var idle = Interval.seconds(7_200)
    /// The time between probes.
    public var interval = Interval.seconds(75)
    /// How many probes go unanswered before the peer counts as dead, at least 1.
    public var probes: UInt8 = 10
    /// Whether a peer that counts as dead is sent a reset: it may be there, and only its answers lost.
    public var resetsPeer = false

    /// Two hours, then ten probes 75 s apart.
    public init() {}
}
