public import TunstackCore
public import TunstackWire

/// A network in virtual time.
///
/// ## Theory of operation
///
/// A network has nodes (hosts with a stack, or raw peers without one), links between them, a clock and a queue.
/// `step()` takes the earliest thing that is due, sets the clock to its time and lets it happen: a packet arrives, a
/// stack's deadline passes, an application does what it had planned. Whatever a stack wants to send as a consequence is
/// put on a link at once, and the link's rules decide when it arrives, if at all.
///
/// Things that happen at the same instant happen in the order in which they were planned; deadlines of stacks come
/// after them, in the order of the nodes. All randomness comes from one seed. So the same seed and the same calls give
/// the same bytes, and no test ever waits.
///
/// Everything is written down in `trace`.
///
/// ## Ownership
///
/// A network and all that is in it belong to one task. It lives as long as anybody has it, one of its hosts, or a
/// socket of one; an action planned with `after` may have them too, until it has happened.
public final class SimulatedNetwork {
    /// The time on the network's own clock. Hosts have clocks of their own.
    public private(set) var now = Instant.origin
    /// Everything that has happened.
    public internal(set) var trace = PacketTrace()

    private var nodes: [any NodeCore] = []
    private var links: [Link] = []
    private var queue = EventQueue()
    private var random: SeededRandom

    /// How many things may happen at one instant; more are a defect, an endless exchange without delay.
    private static let stepLimitAtOneInstant = 1_000_000
    private var stepsAtThisInstant = 0

    /// An empty network.
    public init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    // MARK: Building

    /// Adds a host with a stack.
    ///
    /// - Parameters:
    ///   - name: how traces call it.
    ///   - address: its address, in a network of 256.
    ///   - clockStart: what its clock shows when the network's shows zero.
    ///   - configure: changes the stack's configuration.
    public func addHost(
        _ name: String, _ address: IPv4Address, clockStart: Interval = .zero,
        configure: (inout StackConfiguration) -> Void = { _ in }
    ) -> SimulatedHost {
        var configuration = StackConfiguration(address: IPv4Network(address, prefixLength: 24))
        configuration.recordsTransitions = true
        configure(&configuration)
        let core = HostCore(
            id: NodeID(index: nodes.count), name: name, configuration: configuration, clockStart: clockStart,
            random: fork(), network: self)
        add(core)
        return SimulatedHost(core: core, network: self)
    }

    /// Adds a peer without a stack, which sends what it is told to.
    public func addRawPeer(_ name: String, _ address: IPv4Address) -> RawPeer {
        let core = RawPeerCore(id: NodeID(index: nodes.count), name: name, address: address, network: self)
        add(core)
        return RawPeer(core: core, network: self)
    }

    private func add(_ node: any NodeCore) {
        nodes.append(node)
        trace.nodes.append(
            PacketTrace.Node(id: node.id, name: node.name, address: node.address, hasStack: node is HostCore))
    }

    /// Joins two nodes.
    ///
    /// - Parameters:
    ///   - latency: how long a packet takes one way, unless a rule says otherwise.
    ///   - rules: asked in order about every packet; the first that answers decides.
    public func link(
        _ first: any SimulatedNode, _ second: any SimulatedNode, latency: Interval, rules: [any LinkRule] = []
    ) {
        links.append(Link(between: first.id, second.id, latency: latency, rules: rules, random: fork()))
    }

    /// Puts a rule in front of those that the link between two nodes has already.
    public func addRule(_ rule: some LinkRule, between first: any SimulatedNode, _ second: any SimulatedNode) {
        for index in links.indices where links[index].joins(first.id, second.id) {
            links[index].rules.insert(rule, at: 0)
        }
    }

    private func fork() -> SeededRandom { SeededRandom(seed: random.next()) }

    // MARK: Running

    /// Lets `action` happen so much later than now.
    public func after(_ delay: Interval, _ action: @escaping () -> Void) {
        queue.push(.action(action), at: now + delay)
    }

    /// Lets the next thing happen.
    ///
    /// - Returns: false when nothing is planned and no stack waits for anything.
    @discardableResult
    public func step() -> Bool {
        guard let next = nextTime else { return false }
        stepsAtThisInstant = next > now ? 0 : stepsAtThisInstant + 1
        precondition(stepsAtThisInstant < Self.stepLimitAtOneInstant, "the simulation does not get past \(next)")
        now = max(now, next)
        if let queued = queue.earliest, queued <= now, let event = queue.popFirst() {
            handle(event)
        } else {
            for node in nodes where node.nextDeadline.map({ $0 <= now }) == true { node.advance() }
        }
        return true
    }

    /// When the next thing happens.
    private var nextTime: Instant? {
        var next = queue.earliest
        for node in nodes {
            guard let deadline = node.nextDeadline else { continue }
            next = min(next ?? deadline, deadline)
        }
        return next
    }

    /// Lets everything happen that is due by `time`, which is then the time.
    public func run(until time: Instant) {
        while let next = nextTime, next <= time { step() }
        now = max(now, time)
    }

    /// Lets everything happen that is due within the next `duration`.
    public func run(for duration: Interval) { run(until: now + duration) }

    /// Goes on until nothing is planned, or `limit` steps were taken.
    ///
    /// - Returns: whether there is nothing left to do.
    @discardableResult
    public func runUntilIdle(limit: Int) -> Bool {
        for _ in 0..<limit {
            guard step() else { return true }
        }
        return nextTime == nil
    }

    private func handle(_ event: EventQueue.Event) {
        switch event {
        case .action(let action): action()
        case .arrival(let number): packetArrives(number)
        case .delivery(let number): deliver(number)
        }
    }

    // MARK: Packets

    /// Puts a packet on the link to whoever has its destination address, as if `sender` had made it: an old duplicate,
    /// or a forgery.
    public func inject(_ bytes: [UInt8], from sender: any SimulatedNode) { transmit(bytes, from: sender.id) }

    func transmit(_ bytes: [UInt8], from sender: NodeID) {
        let destination = bytes.withRawSpan(Self.destination)
        let receiver = nodes.first { $0.address == destination && $0.id != sender }
        let number = trace.recordSent(bytes, from: sender, to: receiver?.id, at: now)
        guard let receiver, let link = links.firstIndex(where: { $0.joins(sender, receiver.id) }) else {
            trace.packets[number].fate = .lost("nobody has this address")
            return
        }
        let latency = links[link].latency
        switch links[link].verdict(on: trace.packets[number]) {
        case .pass: deliver(number, after: latency)
        case .deliver(let delay): deliver(number, after: delay)
        case .hold(let delay): deliver(number, after: latency + delay)
        case .drop(let reason): trace.packets[number].fate = .lost(reason)
        case .duplicate(let delay):
            deliver(number, after: latency)
            deliver(trace.recordCopy(of: number), after: latency + delay)
        case .corrupt(let bit):
            trace.packets[number].damagedBytes = bytes.inverting(bit: bit)
            deliver(number, after: latency)
        }
    }

    private static func destination(of packet: RawSpan) -> IPv4Address? {
        do throws(WireError) {
            return try IPv4Header(parsing: packet).destination
        } catch {
            // A packet without a readable header reaches nobody.
            return nil
        }
    }

    private func deliver(_ number: Int, after delay: Interval) {
        queue.push(.arrival(packet: number), at: now + delay)
    }

    private func packetArrives(_ number: Int) {
        trace.packets[number].fate = .arrived(now)
        let delay = trace.packets[number].receiver.map { nodes[$0.index].nextReceiveDelay() } ?? .zero
        guard delay > .zero else { return deliver(number) }
        queue.push(.delivery(packet: number), at: now + delay)
    }

    private func deliver(_ number: Int) {
        guard let receiver = trace.packets[number].receiver else { return }
        nodes[receiver.index].receive(number, trace.packets[number].arrivingBytes)
    }
}

extension [UInt8] {
    fileprivate func inverting(bit: Int) -> [UInt8] {
        guard !isEmpty else { return self }
        var damaged = self
        damaged[bit / 8 % count] ^= 1 << UInt8(bit % 8)
        return damaged
    }
}
