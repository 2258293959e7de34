import TunstackWire

/// A TCP/IP stack without I/O.
///
/// ## Theory of operation
///
/// Everything that a stack depends on comes in as an argument: packets, the time, randomness, the application's calls.
/// Everything it wants leaves through a drain: packets for the device, events for the application, the next deadline. There are
/// four kinds of methods:
///
/// - input: `receive(_:checksum:at:)` for a packet, `advance(to:)` for the passing of time;
/// - the user calls of RFC 9293 §3.9.1: `listen`, `accept`, `open`, `send`, `receive(into:on:)`, `close`, `abort`, `status`, and
///   `release`, by which the application forgets a connection;
/// - output: `nextTransmit(header:at:_:)` or `nextTransmit(into:at:)`, and `nextEvent()`, to be called until they have nothing more;
/// - `nextDeadline`, when to call `advance(to:)` at the latest.
///
/// Call input and user calls in any order, then drain transmits, then events, then wait for a packet or the deadline.
///
/// ## Storage
///
/// Connections are found through a keyed hash table of four-tuples. One that has something to do has a block; the others rest in small
/// records (`ConnectionStore`). The table also leads to two kinds of records that are not connections: half-open entries (passive opens
/// in SYN-RECEIVED) and TIME-WAIT records. All deadlines are in one timing wheel. Send and receive buffers are blocks of a pool; an
/// idle connection has none.
///
/// ## Ownership
///
/// A stack has one owner at a time. It takes no locks and calls nobody. More processors mean more stacks.
public struct Stack: ~Copyable {
    var environment: Environment
    let addresses: LocalAddresses

    var connections: ConnectionStore
    var halfOpens = Slab<HalfOpen>()
    var timeWaits = Slab<TimeWaitRecord>()
    var listeners = Slab<Listener>()

    var table = ConnectionTable()
    let tableKey: SipHash.Key
    var listenTable: [Endpoint: ListenerID] = [:]
    var timers: TimerWheel

    /// Connections that may have something to send, in turn.
    var transmitQueue = Fifo<ConnectionID>()
    /// Connections whose sends the pool had no memory for.
    var memoryWaiters = MemoryWaiters()
    /// Connections and listeners with events.
    var eventQueue = Fifo<EventSource>()
    /// TIME-WAIT records in the order of their making, for the day there are too many.
    var timeWaitOrder = Fifo<RecordHandle>()
    /// Bytes of text that half-open entries hold.
    var heldSynBytes = 0
    /// Where the text of the next packet is expected to belong.
    var placement = Placement()
    var icmpBudget: RateLimiter
    var ephemeralPorts: EphemeralPorts

    /// Makes a stack.
    ///
    /// - Parameters:
    ///   - configuration: how it behaves.
    ///   - random: where its secrets come from; it draws a few numbers now and none later.
    ///   - now: the time, on the clock that all later calls use.
    public init(
        configuration: StackConfiguration, random: inout some RandomNumberGenerator, at now: Instant
    ) {
        precondition((576...65_535).contains(configuration.mtu), "an MTU outside 576 to 65,535")
        environment = Environment(configuration: configuration, random: &random, now: now)
        addresses = LocalAddresses(configuration.addresses)
        connections = ConnectionStore(
            timestampTick: configuration.timestampTick, mostReady: configuration.limits.readyConnections)
        tableKey = SipHash.Key(from: &random)
        ephemeralPorts = EphemeralPorts(range: configuration.ephemeralPorts, random: &random)
        timers = TimerWheel(at: now)
        icmpBudget = RateLimiter(perSecond: configuration.limits.icmpErrorsPerSecond, at: now)
    }

    /// How the stack behaves.
    public var configuration: StackConfiguration { environment.configuration }

    /// What the stack has done.
    public var counters: Counters { environment.counters }

    /// Bytes of send and receive buffers in use, all connections together.
    public var bufferBytesInUse: Int { environment.pool.bytesInUse }

    /// Connections that have something to do at the moment, or something to tell. The others rest, in less than a third of the memory.
    public var connectionsAtWork: Int { connections.countAtWork }

    /// When to call `advance(to:)` at the latest; nil while nothing waits. It may be earlier than anything that is due.
    public var nextDeadline: Instant? { timers.earliest }

    /// Does what is due by `now`.
    public mutating func advance(to now: Instant) {
        environment.now = now
        while let owner = timers.popDue(at: now) {
            switch owner.kind {
            case .connection:
                guard !passOver(owner.index, at: now) else { continue }
                connections[owner.index].fireTimers(&environment)
                refresh(owner.index)
            case .halfOpen: halfOpenTimeout(owner.index)
            case .timeWait: endTimeWait(owner.index, because: .timeWaitTimeout)
            }
        }
    }

    /// The next event for the application; nil when it knows everything.
    public mutating func nextEvent() -> StackEvent? {
        wakeMemoryWaiters()
        while let source = eventQueue.popFirst() {
            switch source {
            case .listener(let id):
                guard listeners.contains(Int(id.index), generation: id.generation) else { continue }
                listeners[Int(id.index)].isInEventQueue = false
                return .acceptable(id)
            case .connection(let id):
                guard connections.contains(Int(id.index), generation: id.generation) else { continue }
                let events = connections[Int(id.index)].takeEvents()
                restIfIdle(Int(id.index))
                guard !events.isEmpty else { continue }
                return .connection(id, events)
            }
        }
        return nil
    }

    /// The next state change that was recorded, if the configuration asks for a record.
    public mutating func nextTransition() -> TransitionRecord? { environment.nextTransition() }
}

/// Who has events waiting.
enum EventSource {
    case listener(ListenerID)
    case connection(ConnectionID)
}

extension Connection {
    fileprivate mutating func takeEvents() -> ConnectionEvents {
        bookkeeping.isInEventQueue = false
        defer { events = [] }
        return events
    }
}
