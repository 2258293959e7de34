import Synchronization
public import TunstackCore
public import TunstackLinux
public import TunstackWire

/// One or several stacks behind one interface and one address, each with a queue of the interface and an event loop of its own: a
/// TCP/IP stack on several processors.
///
///     let group = try await TunnelGroup.open(queues: 4)
///     let listener = try await group.listen(port: 9877)
///     try await listener.forEachConnection { connection in ... }
///
/// A connection belongs to one stack from its first packet to its last: a keyed hash of its four-tuple says to which
/// (`StackShare`). The kernel gives the packets of a flow to the queue that last wrote to it, which is the owner's; a packet for which
/// it does not know one, the first of a connection or the first after seconds of silence, may come to another queue and is handed
/// over through a mailbox. Otherwise the stacks share nothing, and no lock is on the way of a packet.
public final class TunnelGroup: Sendable {
    /// The stacks, a queue each.
    public let stacks: [TunnelStack]

    private let shares: [StackShare]
    private let opens = Atomic(0)

    /// The kernel's bound for the queues of an interface.
    public static let queueRange = 1...256

    /// Makes the interface with its queues, brings it up and starts the stacks. See ``TunnelStack/open(_:observer:)``.
    ///
    /// - Parameters:
    ///   - options: The same for all; `limits` count for each.
    ///   - queues: How many stacks, in ``queueRange``; more than there are processors is of no use.
    ///   - observer: Sees every packet. Only one stack can be observed.
    /// - Throws: ``TunnelError``.
    public static func open(
        _ options: TunnelOptions = TunnelOptions(), queues: Int = 1,
        observer: sending (any PacketObserver)? = nil
    ) async throws(TunnelError) -> TunnelGroup {
        precondition(queues == 1 || observer == nil, "an observer belongs to one stack")
        guard queues > 1 else {
            return TunnelGroup(stacks: [try await TunnelStack.open(options, observer: observer)], shares: [])
        }
        let group = try TunnelGroup(options, queues: queues)
        try await group.start()
        return group
    }

    private init(stacks: [TunnelStack], shares: [StackShare]) {
        self.stacks = stacks
        self.shares = shares
    }

    /// Makes the queues, in the network namespace of the calling thread, and the stacks, which do not run yet.
    convenience init(_ options: TunnelOptions, queues: Int) throws(TunnelError) {
        precondition(Self.queueRange.contains(queues), "a number of queues that the kernel does not know")
        try options.checkAddresses()
        var entropy = SystemEntropy()
        let shares = StackShare.shares(count: queues, random: &entropy)
        let mailboxes = shares.map { _ in Mailbox() }
        var name = options.interfaceName
        var stacks: [TunnelStack] = []
        do throws(TunError) {
            for share in shares {
                let device = try TunDevice.open(name: name, isOneOfSeveral: true, usesOffload: options.usesOffload)
                name = device.interface?.name ?? name
                stacks.append(
                    try TunnelStack(
                        device: device, configuration: options.stackConfiguration, eventLoop: options.eventLoop,
                        membership: GroupMembership(share: share, mailboxes: mailboxes)))
            }
            try options.configure(NetworkInterface(name: name))
        } catch {
            throw .device(error)
        }
        self.init(stacks: stacks, shares: shares)
    }

    /// Starts the stacks.
    func start() async throws(TunnelError) {
        for stack in stacks {
            do throws(TunError) {
                try await stack.start()
            } catch {
                throw .device(error)
            }
        }
    }

    /// The interface's name.
    public var interfaceName: String? { stacks[0].interfaceName }

    /// What the kernel does for the stacks' packets.
    public var offload: DeviceOffload { stacks[0].offload }

    // MARK: Opening

    /// Connects to a peer, by each stack in turn. See ``TunnelStack/connect(to:from:options:)``.
    ///
    /// - Throws: ``ConnectError``.
    public func connect(
        to remote: Endpoint, from local: Endpoint? = nil, options: ConnectionOptions? = nil
    ) async throws(ConnectError) -> TCPConnection {
        if let local, local.port != 0, let share = shares.first {
            // The four-tuple is given, and with it the owner.
            let address = local.address == .unspecified ? await stacks[0].address : local.address
            let key = ConnectionKey(local: Endpoint(address, local.port), remote: remote)
            return try await stacks[share.owner(of: key)].connect(to: remote, from: local, options: options)
        }
        let first = opens.add(1, ordering: .relaxed).oldValue
        for offset in stacks.indices.dropLast() {
            do throws(ConnectError) {
                return try await stacks[(first &+ offset) % stacks.count].connect(
                    to: remote, from: local, options: options)
            } catch {
                // Each has ephemeral ports of its own for a peer, and connections of its own.
                guard error == .noPortAvailable || error == .tooManyConnections else { throw error }
            }
        }
        return try await stacks[(first &+ stacks.count - 1) % stacks.count].connect(
            to: remote, from: local, options: options)
    }

    /// Listens at a port of any address, on all stacks. See ``TunnelStack/listen(on:options:)``.
    ///
    /// - Throws: ``BindError``; nobody listens then.
    public func listen(
        port: Port, options: ListenerOptions = ListenerOptions()
    ) async throws(BindError) -> TunnelGroupListener {
        try await listen(on: Endpoint(IPAddress.unspecified, port), options: options)
    }

    /// Listens at a socket, on all stacks. See ``TunnelStack/listen(on:options:)``.
    ///
    /// - Throws: ``BindError``; nobody listens then.
    public func listen(
        on local: Endpoint, options: ListenerOptions = ListenerOptions()
    ) async throws(BindError) -> TunnelGroupListener {
        var listeners: [TCPListener] = []
        for stack in stacks {
            do throws(BindError) {
                listeners.append(try await stack.listen(on: local, options: options))
            } catch {
                for listener in listeners { await listener.close() }
                throw error
            }
        }
        return TunnelGroupListener(listeners: listeners, localEndpoint: local)
    }

    // MARK: The end

    /// Shuts all stacks down at once. See ``TunnelStack/shutdown(gracePeriod:)``.
    public func shutdown(gracePeriod: Interval = .seconds(1)) async {
        await withDiscardingTaskGroup { group in
            for stack in stacks { group.addTask { await stack.shutdown(gracePeriod: gracePeriod) } }
        }
    }

    /// Suspends until all stacks are closed. If one of them fails, the others are shut down.
    ///
    /// - Returns: How the first of them failed; nil if none did.
    @discardableResult
    public func closed() async -> TunnelError? {
        await withTaskGroup(of: TunnelError?.self) { group in
            for stack in stacks { group.addTask { await stack.closed() } }
            var failure: TunnelError?
            for await end in group {
                guard let end, failure == nil else { continue }
                failure = end
                await shutdown(gracePeriod: .zero)
            }
            return failure
        }
    }
}

/// What the stacks tell about themselves, together.
extension TunnelGroup {
    /// What the cores have done since the start.
    public var counters: Counters {
        get async {
            var sum = await stacks[0].counters
            for stack in stacks.dropFirst() { sum = await sum + stack.counters }
            return sum
        }
    }

    /// What has passed between the stacks and their queues.
    public var deviceCounters: DeviceCounters {
        get async {
            var sum = DeviceCounters()
            for stack in stacks { sum = await sum + stack.deviceCounters }
            return sum
        }
    }

    /// What has passed between the stacks.
    public var handoverCounters: HandoverCounters {
        get async {
            var sum = HandoverCounters()
            for stack in stacks { sum = await sum + stack.handoverCounters }
            return sum
        }
    }

    /// Every listener, half-open entry, connection and TIME-WAIT record; a listener once for each stack.
    public var connections: [ConnectionSummary] {
        get async {
            var list: [ConnectionSummary] = []
            for stack in stacks { list += await stack.connections }
            return list
        }
    }
}
