public import TunstackCore
public import TunstackLinux
import TunstackWire

/// A TCP/IP stack of this process, with a TUN device as its cable.
///
///     let stack = try await TunnelStack.open()
///     let listener = try await stack.listen(port: 9877)
///     try await listener.forEachConnection { connection in
///         do {
///             while let bytes = try await connection.read() {
///                 try await connection.write(bytes)
///             }
///         } catch {
///             print(error)
///         }
///         await connection.close()
///     }
///
/// ## Theory of operation
///
/// The stack is an actor that owns three things: the core (`TunstackCore.Stack`), which knows TCP and does no I/O; the
/// device; and an event loop that watches it. All of them live on one ``executor``, a thread or a serial dispatch queue, and so
/// need no locks. Packets, the passing of time and calls change the core and wake the tasks that its events are about;
/// when those have run, a *turn* gives the device what the core wants to send and tells the loop when to come back. Packets pass through one buffer; nothing is allocated for them. Where the kernel agrees, packets are
/// super-segments of up to 64 KiB without checksums (``offload``); where it does not, they are cut and summed right before the
/// device.
///
/// A call that must wait (``TCPConnection/read(upTo:)``, ``TCPConnection/write(_:)``, ``connect(to:from:options:)``,
/// ``TCPListener/accept()``) suspends its task, and an event of the core resumes it to look again. Cancelling the task
/// ends the wait.
///
/// ## Where to run
///
/// Calls may be made from anywhere. A task that runs on the stack's own executor makes them without a change of thread:
///
///     try await withTaskExecutorPreference(stack.executor) { ... }
///
/// ``TCPListener/forEachConnection(_:)`` does that. Code that computes for long, or blocks, belongs elsewhere: no packet is
/// handled while it runs.
///
/// ## Lifetime
///
/// The stack lives until ``shutdown(gracePeriod:)``, or until nobody refers to it, its listeners and its connections any
/// more. Either closes the device, and an interface that ``open(_:observer:)`` made goes with it.
public actor TunnelStack {
    /// What the stack runs on, and what tasks that use it do well to run on too.
    public nonisolated let executor: any SerialExecutor & TaskExecutor

    /// The executor, as the language wants it.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// The interface's name; nil over an adopted descriptor.
    public nonisolated let interfaceName: String?

    /// What the kernel does for the stack's packets.
    public nonisolated let offload: DeviceOffload

    /// How far the stack is on its way.
    enum Phase: Equatable {
        case running
        /// Shutting down: no new listeners and connections; when `deadline` comes the rest is aborted.
        case closing(deadline: Instant)
        /// The device is closed, because of an error or on demand.
        case closed(TunnelError?)
    }

    let clock = MonotonicClock()
    let loop: any EventLoop
    var driver: Driver
    var phase = Phase.running

    /// The connections whose handles are in use, and who waits at them.
    var connectionWaiters = HandleTable<ConnectionID, ConnectionWaiters>()
    /// The listeners that are open, and who waits at them.
    var listenerWaiters = HandleTable<ListenerID, ListenerWaiters>()
    /// Who waits for the end of the stack.
    var closeWaiters: [CheckedContinuation<Void, Never>] = []
    private var lastTicket: UInt64 = 0

    /// Makes the interface, brings it up and starts a stack behind it.
    ///
    /// Needs `CAP_NET_ADMIN`, or an interface that root has made for this user.
    ///
    /// - Parameters:
    ///   - options: The interface, the addresses, and how the stack behaves.
    ///   - observer: Sees every packet; nil for none, which costs nothing.
    /// - Throws: ``TunnelError``.
    public static func open(
        _ options: TunnelOptions = TunnelOptions(), observer: sending (any PacketObserver)? = nil
    ) async throws(TunnelError) -> TunnelStack {
        let device = try options.openDevice()
        do throws(TunError) {
            return try await open(
                device: device, configuration: options.stackConfiguration, eventLoop: options.eventLoop,
                observer: observer)
        } catch {
            throw .device(error)
        }
    }

    /// Starts a stack over an open descriptor that carries one IP packet per read and write: a TUN device that another
    /// program attached, or one end of a `SOCK_SEQPACKET` socket pair.
    ///
    /// - Parameters:
    ///   - fileDescriptor: Belongs to the stack from now on.
    ///   - configuration: How the stack behaves. `recordsTransitions` follows from `observer`,
    ///     `transmitOffload` from the device.
    ///   - eventLoop: What the stack waits with.
    ///   - observer: Sees every packet; nil for none.
    /// - Throws: `TunError.notAPacketDescriptor` or `TunError.refused`.
    public static func open(
        adopting fileDescriptor: CInt, configuration: StackConfiguration, eventLoop: EventLoopChoice = .standard,
        observer: sending (any PacketObserver)? = nil
    ) async throws(TunError) -> TunnelStack {
        try await open(
            device: TunDevice(adopting: fileDescriptor), configuration: configuration, eventLoop: eventLoop,
            observer: observer)
    }

    /// Starts a stack over a device.
    ///
    /// - Parameters:
    ///   - device: Belongs to the stack from now on.
    ///   - configuration: How the stack behaves. `recordsTransitions` follows from `observer`,
    ///     `transmitOffload` from the device.
    ///   - eventLoop: What the stack waits with.
    ///   - observer: Sees every packet; nil for none.
    /// - Throws: `TunError.refused` if the device cannot be watched.
    public static func open(
        device: consuming TunDevice, configuration: StackConfiguration, eventLoop: EventLoopChoice = .standard,
        observer: sending (any PacketObserver)? = nil
    ) async throws(TunError) -> TunnelStack {
        let stack = try TunnelStack(
            device: device, configuration: configuration, eventLoop: eventLoop, observer: observer)
        try await stack.start()
        return stack
    }

    init(
        device: consuming TunDevice, configuration: StackConfiguration, eventLoop: EventLoopChoice,
        observer: sending (any PacketObserver)? = nil, membership: GroupMembership? = nil
    ) throws(TunError) {
        interfaceName = device.interface?.name
        offload = device.offload
        loop = try eventLoop.makeLoop(watching: device)
        executor = loop.executor
        var configuration = configuration
        configuration.share = membership?.share
        configuration.recordsTransitions = observer != nil
        // An observer sees packets as they are on the wire: cut by the stack where the kernel does not.
        let cutsBelow = observer == nil || device.offload.segmentation
        configuration.transmitOffload = cutsBelow ? PacketPort.transmitOffload : TransmitOffload()
        var entropy = SystemEntropy()
        let core = Stack(configuration: configuration, random: &entropy, at: clock.now())
        driver = Driver(
            core: core, port: PacketPort(device), observation: observer.map(Observation.init), membership: membership)
    }

    func start() throws(TunError) {
        try loop.activate(
            EventLoopHandlers(
                readable: { [weak self] in self?.onExecutor { $0.readable() } },
                deadlineReached: { [weak self] in self?.onExecutor { $0.deadlineReached() } },
                turn: { [weak self] in self?.onExecutor { $0.takeTurn() } },
                closed: {}))
        let executor = executor
        driver.membership?.mailbox.onMail { [weak self] in
            guard let self else { return }
            Task(executorPreference: executor) { await self.mailArrived() }
        }
        mailArrived()
    }

    /// Runs a call-back of the loop, which comes on the stack's executor.
    ///
    /// This is `assumeIsolated` without the question whether that is so. Outside of a task the answer takes longer than a packet does;
    /// debug builds still ask.
    private nonisolated func onExecutor(_ body: (isolated TunnelStack) -> Void) {
        assert(executor.isIsolatingCurrentContext() == true, "a call-back that came elsewhere")
        withoutActuallyEscaping(body) { body in
            unsafe unsafeBitCast(body, to: ((TunnelStack) -> Void).self)(self)
        }
    }

    /// A number for a wait.
    func nextTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }
}

// MARK: - What the stack tells about itself

extension TunnelStack {
    /// What it has handed over to other stacks of its group.
    public var handoverCounters: HandoverCounters { driver.handovers }

    /// The stack's first address.
    var address: IPAddress { IPAddress(driver.core.configuration.addresses[0].address) }

    /// What the core has done since the start.
    public var counters: Counters { driver.core.counters }

    /// What has passed between the stack and its device.
    public var deviceCounters: DeviceCounters { driver.counters }

    /// Every listener, half-open entry, connection and TIME-WAIT record, as `netstat` lists them.
    public var connections: [ConnectionSummary] {
        var list: [ConnectionSummary] = []
        driver.core.forEachConnection { list.append($0) }
        return list
    }

    /// Bytes of send and receive buffers in use, all connections together.
    public var bufferBytesInUse: Int { driver.core.bufferBytesInUse }
}
