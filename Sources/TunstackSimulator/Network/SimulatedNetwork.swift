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
/// Everything is written down in `trace`, unless the network was told to keep less (`TraceLevel`).
///
/// ## Ownership
///
/// A network and all that is in it belong to one task. It lives as long as anybody has it, one of its hosts, or a
/// socket of one. What the network has in turn must not have these, or they would never go: rules of links cannot, as
/// they are `Sendable`; applications and observers have names of nodes, or are weak about the rest. An action planned
/// with `after` may have them, until it has happened.
public final class SimulatedNetwork {
    /// The time on the network's own clock. Hosts have clocks of their own.
    public private(set) var now = Instant.origin
    /// What has happened, as much of it as the network keeps.
    public var trace: PacketTrace { recorder.trace }
    /// Packets that were sent so far, and second copies that links made, whether the trace keeps them or not.
    public var packetCount: Int { recorder.count }
    /// The time of day at the network's time zero, in microseconds since midnight, for traces.
    public var timeOfDay: TimeOfDay {
        get { recorder.timeOfDay }
        set { recorder.timeOfDay = newValue }
    }

    var recorder: TraceRecorder
    private var nodes: [any NodeCore] = []
    private var links: [Link] = []
    private var queue = EventQueue()
    private var random: SeededRandom
    /// For each node, the ways that it has sent packets by.
    private var routes: [[Route]] = []
    private var observers: [(PacketSighting) -> Void] = []

    /// How many things may happen at one instant; more are a defect, an endless exchange without delay.
    private static let stepLimitAtOneInstant = 1_000_000
    private var stepsAtThisInstant = 0

    /// An empty network.
    ///
    /// - Parameters:
    ///   - seed: what all randomness comes from.
    ///   - level: how much of what happens is kept. Long runs and large transfers keep less than everything.
    public init(seed: UInt64, keeping level: TraceLevel = .full) {
        random = SeededRandom(seed: seed)
        recorder = TraceRecorder(level: level)
    }

    // MARK: Building

    /// Adds a host with a stack.
    ///
    /// - Parameters:
    ///   - name: how traces call it.
    ///   - address: its address, in a network of 256.
    ///   - clockStart: what its clock shows when the network's shows zero.
    ///   - clockSkew: how much too fast its clock runs, in parts per million; negative for too slow; -500000 ...
    ///     500000.
    ///   - configure: changes the stack's configuration.
    public func addHost(
        _ name: String, _ address: IPv4Address, clockStart: Interval = .zero, clockSkew: Int = 0,
        configure: (inout StackConfiguration) -> Void = { _ in }
    ) -> SimulatedHost {
        var configuration = StackConfiguration(address: IPv4Network(address, prefixLength: 24))
        configuration.recordsTransitions = recorder.keepsAnything
        // There are few connections; they would all stay at work.
        configuration.limits.readyConnections = 0
        configure(&configuration)
        let core = HostCore(
            id: NodeID(index: nodes.count), name: name, configuration: configuration,
            hostClock: HostClock(start: clockStart, skew: clockSkew), random: fork(), network: self)
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
        forgetRoutes()
        recorder.add(
            PacketTrace.Node(id: node.id, name: node.name, address: node.address, hasStack: node is HostCore))
    }

    /// Joins two nodes.
    ///
    /// - Parameters:
    ///   - latency: how long a packet takes one way, unless a rule says otherwise.
    ///   - rules: every packet goes through all of them, in order.
    public func link(
        _ first: any SimulatedNode, _ second: any SimulatedNode, latency: Interval, rules: [any LinkRule] = []
    ) {
        link(first, second, latencies: (latency, latency), rules: rules)
    }

    func link(
        _ first: any SimulatedNode, _ second: any SimulatedNode, latencies: (Interval, Interval),
        rules: [any LinkRule]
    ) {
        forgetRoutes()
        links.append(Link(between: first.id, second.id, latencies: latencies, rules: rules, random: fork()))
    }

    /// Puts a rule in front of those that the link between two nodes has already.
    public func addRule(_ rule: some LinkRule, between first: any SimulatedNode, _ second: any SimulatedNode) {
        for index in links.indices where links[index].joins(first.id, second.id) { links[index].insert(rule) }
    }

    /// Shows every packet to `observe`: when it is sent, when it arrives and is handled, when it is lost. An observer
    /// may ask hosts and sockets, which it must not own; it must not change anything.
    public func observePackets(_ observe: @escaping (PacketSighting) -> Void) { observers.append(observe) }

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
    public func step() -> Bool { step(until: .distantFuture) }

    /// Lets the next thing happen, if it is due by `limit`.
    private func step(until limit: Instant) -> Bool {
        guard let next = nextTime, next <= limit else { return false }
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
        while step(until: time) {}
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
        case .arrival(let packet): arrive(packet)
        case .delivery(let packet): deliver(packet)
        }
    }
}

// MARK: - Packets

extension SimulatedNetwork {
    /// How a node's packets for an address go.
    private struct Route {
        let destination: IPv4Address
        let way: Way
    }

    /// Who has the address, and the link to get there; nil where there is none.
    private struct Way {
        let receiver: NodeID?
        let link: Int?
    }

    private func forgetRoutes() { routes = Array(repeating: [], count: nodes.count) }

    /// Puts a packet on the link to whoever has its destination address, as if `sender` had made it: an old duplicate,
    /// or a forgery.
    public func inject(_ bytes: [UInt8], from sender: any SimulatedNode) { transmit(bytes, from: sender.id) }

    func transmit(_ bytes: [UInt8], from sender: NodeID) {
        let way = way(from: sender, for: bytes)
        let number = recorder.recordSent(bytes, from: sender, to: way.receiver, at: now)
        show(.sent, bytes, from: sender, to: way.receiver, sentAt: now)
        guard let receiver = way.receiver, let link = way.link else {
            return lose(number, "nobody has this address", bytes, from: sender, to: way.receiver)
        }
        let carried = links[link].carry(bytes, from: sender, at: now)
        finish(carried.packet, number, to: receiver, on: link)
        for copy in carried.copies {
            let number = recorder.recordCopy(of: number, bytes, from: sender, to: receiver, at: now)
            finish(copy, number, to: receiver, on: link)
        }
    }

    private func way(from sender: NodeID, for bytes: [UInt8]) -> Way {
        guard let destination = bytes.withRawSpan(Self.destination) else { return Way(receiver: nil, link: nil) }
        for route in routes[sender.index] where route.destination == destination { return route.way }
        let receiver = nodes.first { $0.address == destination && $0.id != sender }?.id
        let link = receiver.flatMap { receiver in links.firstIndex { $0.joins(sender, receiver) } }
        let way = Way(receiver: receiver, link: link)
        // Whatever addresses a program makes up need not be remembered.
        if link != nil { routes[sender.index].append(Route(destination: destination, way: way)) }
        return way
    }

    private static func destination(of packet: RawSpan) -> IPv4Address? {
        do throws(WireError) {
            return try IPv4Header(parsing: packet).destination
        } catch {
            // A packet without a readable header reaches nobody.
            return nil
        }
    }

    /// A packet, or a second copy of one, has gone through the rules of its link.
    private func finish(_ packet: PacketInTransit, _ number: Int, to receiver: NodeID, on link: Int) {
        if packet.isDamaged || packet.isMarked {
            recorder.update(number) { record in
                record.damagedBytes = packet.isDamaged ? packet.bytes : nil
                record.isMarked = packet.isMarked
            }
        }
        if let reason = packet.loss {
            lose(number, reason, packet.bytes, from: packet.sender, to: receiver)
            // It comes back the way the packet would have gone on.
            if let answer = packet.answer { transmit(answer, from: receiver) }
            return
        }
        let onItsWay = PacketOnItsWay(
            number: number, sentAt: now, sender: packet.sender, receiver: receiver, bytes: packet.bytes)
        queue.push(.arrival(onItsWay), at: now + links[link].duration(of: packet))
    }

    private func arrive(_ packet: PacketOnItsWay) {
        recorder.update(packet.number) { $0.fate = .arrived(now) }
        show(.arrived, packet.bytes, from: packet.sender, to: packet.receiver, sentAt: packet.sentAt)
        let delay = nodes[packet.receiver.index].nextReceiveDelay()
        guard delay > .zero else { return deliver(packet) }
        queue.push(.delivery(packet), at: now + delay)
    }

    private func deliver(_ packet: PacketOnItsWay) {
        nodes[packet.receiver.index].receive(packet.number, packet.bytes)
        show(.handled, packet.bytes, from: packet.sender, to: packet.receiver, sentAt: packet.sentAt)
    }

    private func lose(_ number: Int, _ reason: String, _ bytes: [UInt8], from sender: NodeID, to receiver: NodeID?) {
        recorder.update(number) { $0.fate = .lost(reason) }
        show(.lost(reason), bytes, from: sender, to: receiver, sentAt: now)
    }

    private func show(
        _ kind: PacketSighting.Kind, _ bytes: [UInt8], from sender: NodeID, to receiver: NodeID?, sentAt: Instant
    ) {
        guard !observers.isEmpty else { return }
        let sighting = PacketSighting(
            kind: kind, time: now, sentAt: sentAt, sender: sender, receiver: receiver, bytes: bytes)
        for observe in observers { observe(sighting) }
    }
}
