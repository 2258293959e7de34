import TunstackWire

/// What a connection needs of its stack while it handles one thing: the time, the settings, memory, randomness, and the places
/// where counters, replies and state changes go.
struct Environment: ~Copyable {
    let configuration: StackConfiguration
    /// The largest packet that a super-segment may be; 0 if there are none.
    let largestSuperSegment: Int
    /// When the stack was made.
    let startedAt: Instant
    /// The time of the call being handled.
    var now: Instant
    var counters = Counters()
    var pool: BufferPool
    var replies = ReplyQueue()
    var random: KeyedRandom
    var challengeBudget: RateLimiter
    var routes = RouteTable()
    /// The route by which the packet being handled has come.
    var arrivingRoute: SourceRoute?
    private let initialSequenceKey: SipHash.Key
    private let timestampKey: SipHash.Key
    private var transitions = Fifo<TransitionRecord>()

    init(configuration: StackConfiguration, random generator: inout some RandomNumberGenerator, now: Instant) {
        self.configuration = configuration
        largestSuperSegment = min(configuration.transmitOffload.largestPacket ?? 0, IPv4Header.maximumTotalLength)
        startedAt = now
        self.now = now
        pool = BufferPool(
            budgetBytes: configuration.limits.bufferBytes, cacheBytes: configuration.limits.idleBufferBytes)
        random = KeyedRandom(from: &generator)
        initialSequenceKey = SipHash.Key(from: &generator)
        timestampKey = SipHash.Key(from: &generator)
        challengeBudget = RateLimiter(
            perSecond: configuration.limits.challengeAcknowledgmentsPerSecond, at: now)
    }

    /// ISN = M + F(localip, localport, remoteip, remoteport, secretkey) (RFC 6528 §3; RFC 9293 §3.4.1, MUST-8,
    /// MUST-9, SHLD-1):
    /// M ticks every 4 µs, F is SipHash-2-4.
    func initialSequenceNumber(for key: ConnectionKey) -> SequenceNumber {
        switch configuration.initialSequenceNumbers {
        case .fixed(let number):
            return number
        case .clockAndHash:
            let clock = UInt32(truncatingIfNeeded: now.nanoseconds / 4_000)
            let hash = UInt32(truncatingIfNeeded: key.secret(key: initialSequenceKey))
            return SequenceNumber(clock &+ hash)
        }
    }

    /// This connection's timestamp clock. Depends on the four-tuple alone, so that a later incarnation continues the
    /// clock of an earlier one (RFC 7323 §5.4, RFC 6191).
    func timestampClock(for key: ConnectionKey) -> TimestampClock {
        let offset =
            switch configuration.timestampOffsets {
            case .fixed(let offset): offset
            case .perConnection:
                UInt32(truncatingIfNeeded: key.secret(key: timestampKey))
            }
        return TimestampClock(tick: configuration.timestampTick, offset: offset)
    }

    /// The quiet time after the start is not over (RFC 9293 §3.4.3): how long it still lasts.
    var quietTimeLeft: Interval? {
        guard configuration.keepsQuietTime else { return nil }
        let left = startedAt + configuration.maximumSegmentLifetime - now
        return left > .zero ? left : nil
    }

    mutating func record(_ transition: StateTransition, of key: ConnectionKey) {
        guard configuration.recordsTransitions else { return }
        guard transitions.count < configuration.limits.recordedTransitions else {
            counters.transitionsLost &+= 1
            return
        }
        transitions.append(TransitionRecord(key: key, transition: transition, instant: now))
    }

    mutating func nextTransition() -> TransitionRecord? { transitions.popFirst() }

    /// Queues a packet that no connection's own output makes; dropped and counted if too many wait.
    mutating func reply(_ reply: Reply) {
        var reply = reply
        if case .segment(var segment) = reply, let route = routes[segment.key] {
            segment.route = route
            reply = .segment(segment)
        }
        if !replies.append(reply, limits: configuration.limits) { counters.count(.replyQueueFull) }
    }
}
