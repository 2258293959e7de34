import TunstackCore
import TunstackWire

/// Watches all hosts of a run, keeps the books, and asks the oracles.
final class Referee: HostObserver {
    private(set) var verdicts = Verdicts()
    private(set) var sockets: [SocketBook] = []
    private(set) var packets = 0
    private(set) var bytes = 0
    private(set) var digest = PacketDigest()
    private(set) var refusals: [Refusal] = []

    /// Is given every connection's end before it sends anything.
    var opened: (SimulatedSocket, Int) -> Void = { _, _ in }

    private let plan: SimulationPlan
    private var oracles: [any Oracle]
    private var book = WireBook()
    /// Of each host, those that are not over.
    private var active: [[SocketBook]]

    init(_ plan: SimulationPlan, _ severity: PlanSeverity) {
        self.plan = plan
        oracles = [
            ChecksumOracle(), NumberOracle(), TextOracle(), AcknowledgmentOracle(), WindowOracle(), ResetOracle(),
            ProgressOracle(severity), EndingOracle(), QuietOracle(), MemoryOracle(), TargetOracle(plan),
        ]
        active = Array(repeating: [], count: plan.hosts.count)
    }

    func finish(_ run: FinishedRun) {
        for index in oracles.indices { oracles[index].finish(run, &verdicts) }
    }

    /// A stack has refused an OPEN.
    func refuse(_ host: HostCore, _ why: String) {
        refusals.append(Refusal(host: host.id, time: host.network.now, why: why))
    }

    // MARK: HostObserver

    func host(_ host: HostCore, sends packet: [UInt8]) {
        let now = host.network.now
        packets += 1
        bytes += packet.count
        digest.add(packet, at: now)
        for index in oracles.indices { oracles[index].leaves(packet, host, &verdicts) }
        guard let segment = packet.withRawSpan({ TracedSegment($0) }) else { return }
        let observed = ObservedSegment(time: now, host: host.id, packet: packet, segment: segment)
        let end = book.sender(of: observed)
        for index in oracles.indices { oracles[index].sent(observed, by: end, &verdicts) }
        if !segment.flags.contains(.rst) { book.noteSent(observed) }
    }

    func host(_ host: HostCore, received packet: [UInt8], dropped: DropReason?) {
        guard dropped?.isDamage != true, let segment = packet.withRawSpan({ TracedSegment($0) }) else { return }
        let observed = ObservedSegment(time: host.network.now, host: host.id, packet: packet, segment: segment)
        let end = segment.flags.contains(.rst) ? nil : book.noteReceived(observed)
        for index in oracles.indices { oracles[index].received(observed, by: end, &verdicts) }
    }

    func host(_ host: HostCore, opened socket: SocketCore) {
        let port = socket.key.local.port.rawValue
        let isClient = port >= host.stack.configuration.ephemeralPorts.lowerBound
        let flow = SimulationPlan.flow(at: isClient ? socket.key.remote.port.rawValue : port)
        let book = SocketBook(socket, isClient: isClient, flow: flow, at: host.network.now)
        sockets.append(book)
        active[host.id.index].append(book)
        opened(SimulatedSocket(core: socket, network: host.network), flow)
    }

    func hostActed(_ host: HostCore) {
        let now = host.network.now
        var ended: [SocketBook] = []
        for socket in active[host.id.index] {
            guard let status = host.stack.status(socket.core.id) else {
                socket.forget()
                continue
            }
            socket.note(status, at: now)
            let observed = ObservedSocket(
                time: now, plan: plan.hosts[host.id.index], socket: socket.core, status: status,
                end: book.end(at: host.id, socket.core.key, in: status.state), book: socket)
            for index in oracles.indices { oracles[index].judge(observed, &verdicts) }
            if status.closeReason != nil, status.readableBytes == 0 || status.closeReason != .closed {
                ended.append(socket)
            }
        }
        guard !ended.isEmpty || active[host.id.index].contains(where: \.isForgotten) else { return }
        active[host.id.index].removeAll { socket in socket.isForgotten || ended.contains { $0 === socket } }
        // Nobody needs these any more, and a stack must be able to forget them.
        for socket in ended where !socket.core.isReleased {
            SimulatedSocket(core: socket.core, network: host.network).release()
        }
    }

    func hostLostPower(_ host: HostCore) {
        for socket in active[host.id.index] { socket.forget() }
        active[host.id.index] = []
        book.forget(host.id)
    }
}

extension DropReason {
    /// The packet was not what its sender had sent, or no segment at all.
    fileprivate var isDamage: Bool {
        switch self {
        case .malformedIP, .badIPChecksum, .unsupportedIPVersion, .fragment, .notForUs, .invalidSource,
            .unsupportedProtocol, .malformedICMP, .ignoredICMP, .unmatchedICMP, .malformedTCP, .badTCPChecksum,
            .notUnicast:
            true
        default: false
        }
    }
}
