import TunstackCore
import TunstackWire

/// A host as its network holds it: a stack with a clock of its own, and the application's ends of connections.
///
/// It drives the stack as every owner of one does: whatever comes in, it then drains transmits, hands events to the
/// applications, and drains again what their calls have caused.
final class HostCore: NodeCore {
    let id: NodeID
    let name: String
    /// The connections that its listeners have accepted, in order.
    private(set) var accepted: [SocketCore] = []
    var receiveDelays: [Interval] = []
    private(set) var isPoweredOn = true

    /// The network owns its hosts.
    unowned let network: SimulatedNetwork
    var stack: Stack
    var device: SimulatedDevice
    private(set) var sockets: [ConnectionID: SocketCore] = [:]
    var services: [ListenerID: Service] = [:]
    /// Who is told of everything that happens here; oracles, in a campaign.
    weak var observer: (any HostObserver)?
    /// What spoils the stack's work on purpose; a canary, in a campaign.
    var saboteur: (any Saboteur)?

    private var configuration: StackConfiguration
    private let hostClock: HostClock
    private var random: SeededRandom
    private var arrivals = 0
    private var isPumping = false

    /// What a listener is for.
    struct Service {
        let local: Endpoint
        let makeApplication: () -> any Application
    }

    /// How many packets and events one input may cause before that counts as an endless loop.
    private static let pumpLimit = 1_000_000

    init(
        id: NodeID, name: String, configuration: StackConfiguration, hostClock: HostClock, random: SeededRandom,
        network: SimulatedNetwork
    ) {
        self.id = id
        self.name = name
        self.configuration = configuration
        self.hostClock = hostClock
        self.random = random
        self.network = network
        device = SimulatedDevice(configuration.transmitOffload)
        stack = Stack(configuration: configuration, random: &self.random, at: hostClock.reading(at: network.now))
    }

    var address: IPv4Address { configuration.addresses[0].address }

    /// The time on its own clock.
    var clock: Instant { hostClock.reading(at: network.now) }

    /// When its stack wants to be called, on the network's clock.
    var nextDeadline: Instant? {
        guard isPoweredOn, saboteur?.stopsClock != true else { return nil }
        return stack.nextDeadline.map(hostClock.time(showing:))
    }
}

// MARK: - Driving the stack

extension HostCore {
    /// Lets the stack do what is due.
    func advance() {
        stack.advance(to: clock)
        pump()
    }

    /// How long the next packet waits.
    func nextReceiveDelay() -> Interval {
        arrivals += 1
        return arrivals <= receiveDelays.count ? receiveDelays[arrivals - 1] : .zero
    }

    /// A packet has arrived: the stack gets it at once, or with those that arrive soon after.
    func receive(_ number: Int, _ bytes: [UInt8]) {
        guard isPoweredOn else { return lose(number) }
        guard device.gathersArrivals else { return handOver(MergedPacket(number, bytes)) }
        if device.gather(number, bytes) {
            network.after(device.gatheringTime) { [weak self] in self?.handOverGathered() }
        }
    }

    private func handOverGathered() {
        for packet in device.takeGathered() {
            guard isPoweredOn else { return packet.numbers.forEach(lose) }
            handOver(packet)
        }
    }

    private func lose(_ number: Int) { network.recorder.update(number) { $0.fate = .lost("nobody is there") } }

    private func handOver(_ packet: MergedPacket) {
        let bytes = packet.bytes
        let dropped = bytes.withRawSpan { stack.receive($0, at: clock) }
        for number in packet.numbers { record(.received(number, dropped)) }
        observer?.host(self, received: bytes, dropped: dropped)
        for reply in saboteur?.replies(to: bytes) ?? [] { emit(reply, on: network) }
        pump()
    }

    /// Fetches what the stack has to say, until it has nothing more.
    func pump() {
        recordTransitions()
        guard !isPumping else { return }
        isPumping = true
        drain()
        isPumping = false
        observer?.hostActed(self)
    }

    private func drain() {
        transmit()
        for _ in 0..<Self.pumpLimit {
            guard let event = stack.nextEvent() else { return }
            handle(event)
            recordTransitions()
            transmit()
        }
        preconditionFailure("\(name) does not come to rest")
    }

    /// Lets an application make several calls before the stack sends anything, as it does in one turn of an event loop.
    func turn(_ body: () -> Void) {
        let wasPumping = isPumping
        isPumping = true
        body()
        isPumping = wasPumping
        pump()
    }

    private func recordTransitions() {
        guard configuration.recordsTransitions else { return }
        while let record = stack.nextTransition() { self.record(.transition(record)) }
    }

    private func transmit() {
        let clock = clock
        for _ in 0..<Self.pumpLimit {
            guard let packets = device.nextPackets(of: &stack, at: clock) else { return }
            for packet in packets {
                for packet in saboteur?.replacements(for: packet, at: clock) ?? [packet] { emit(packet, on: network) }
            }
        }
        preconditionFailure("\(name) does not stop sending")
    }

    private func emit(_ packet: [UInt8], on network: SimulatedNetwork) {
        observer?.host(self, sends: packet)
        network.transmit(packet, from: id)
    }

    private func handle(_ event: StackEvent) {
        switch event {
        case .acceptable(let listener):
            guard let service = services[listener] else { return }
            while let id = stack.accept(listener) {
                let socket = makeSocket(id, service.makeApplication())
                accepted.append(socket)
                socket.handle(.established)
            }
        case .connection(let id, let events):
            sockets[id]?.handle(events)
        }
    }

    func makeSocket(_ id: ConnectionID, _ application: any Application) -> SocketCore {
        let socket = SocketCore(id: id, host: self, application: application)
        sockets[id] = socket
        observer?.host(self, opened: socket)
        return socket
    }

    func record(_ kind: @autoclosure () -> PacketTrace.Event.Kind) {
        network.recorder.record(kind(), at: id, network.now)
    }
}

// MARK: - Power

extension HostCore {
    /// The stack, its connections and its applications are gone.
    func powerOff() {
        for packet in device.takeGathered() { packet.numbers.forEach(lose) }
        isPoweredOn = false
        sockets = [:]
        services = [:]
        observer?.hostLostPower(self)
        record(.call("loses power", nil))
        record(.forgotEverything)
    }

    /// Starts again with a new stack that knows nothing.
    func powerOn(configure: (inout StackConfiguration) -> Void) {
        configure(&configuration)
        stack = Stack(configuration: configuration, random: &random, at: clock)
        isPoweredOn = true
        record(.call("starts again", nil))
    }
}
