import TunstackCore
import TunstackWire

/// The network that a plan describes, with a referee.
struct PlannedNetwork {
    let network: SimulatedNetwork
    let hosts: [SimulatedHost]
    let referee: Referee
    private var drivers: [FlowDriver] = []

    init(_ plan: SimulationPlan, _ severity: PlanSeverity, canary: Canary?, keeping level: TraceLevel) {
        network = SimulatedNetwork(seed: plan.seed, keeping: level)
        referee = Referee(plan, severity)
        var hosts: [SimulatedHost] = []
        for (index, host) in plan.hosts.enumerated() {
            hosts.append(Self.add(host, index, to: network))
            hosts[index].core.observer = referee
            hosts[index].core.saboteur = canary?.makeSaboteur()
        }
        self.hosts = hosts
        for path in plan.paths {
            network.link(hosts[path.ends.0], hosts[path.ends.1], path: path.conditions)
        }
        for fault in plan.faults { plant(fault) }
        for index in plan.flows.indices {
            let flow = plan.flows[index]
            let driver = FlowDriver(
                flow, port: SimulationPlan.port(of: index), from: hosts[flow.client].core,
                to: hosts[flow.server].core, referee: referee)
            driver.listen()
            network.after(flow.start) { [weak driver] in driver?.open() }
            drivers.append(driver)
        }
    }

    private static func add(_ host: HostPlan, _ index: Int, to network: SimulatedNetwork) -> SimulatedHost {
        let address = IPv4Address(10, 77, 0, UInt8(1 + index))
        let letter = SimulationPlan.letter(index)
        let added = network.addHost(letter, address, clockSkew: host.clockSkew) { configuration in
            configuration.mtu = host.mtu
            configuration.maximumSegmentLifetime = host.maximumSegmentLifetime
            configuration.defaultConnectionOptions = host.options
            if host.sendsSuperSegments {
                configuration.transmitOffload = TransmitOffload(largestPacket: 65_535, fillsChecksum: true)
            }
        }
        added.core.device.gatheringTime = host.gatheringTime
        return added
    }

    private func plant(_ fault: FaultPlan) {
        let (start, end) = (Instant.origin + fault.start, Instant.origin + fault.start + fault.duration)
        let (host, other) = (hosts[fault.host], hosts[fault.other])
        switch fault.kind {
        case .partition: network.addRule(Partition(from: start, until: end), between: host, other)
        case .cut:
            network.addRule(OneWay(from: host.id, Partition(from: start, until: end)), between: host, other)
        case .power:
            network.after(fault.start) { [weak core = host.core] in core?.powerOff() }
            network.after(fault.start + fault.duration) { [weak core = host.core] in core?.powerOn { _ in } }
        }
    }
}

/// Opens the connections of one flow, one after another, and makes the applications of both ends.
final class FlowDriver {
    private let flow: FlowPlan
    private let port: Port
    // The network owns them, and they have the closures made here.
    private unowned let client: HostCore
    private unowned let server: HostCore
    private unowned let referee: Referee
    private var connectionsLeft: Int

    init(_ flow: FlowPlan, port: Port, from client: HostCore, to server: HostCore, referee: Referee) {
        self.flow = flow
        self.port = port
        self.client = client
        self.server = server
        self.referee = referee
        connectionsLeft = flow.connections
    }

    func listen() {
        let flow = flow
        do throws(ListenError) {
            try SimulatedHost(core: server, network: server.network).listen(on: port) { flow.makeServer() }
        } catch {
            referee.refuse(server, error.words)
        }
    }

    func open() {
        guard connectionsLeft > 0, client.isPoweredOn else { return }
        connectionsLeft -= 1
        let application = Churn(flow.makeClient()) { [weak self] in self?.openLater() }
        do throws(OpenError) {
            let host = SimulatedHost(core: client, network: client.network)
            try host.open(to: Endpoint(server.address, port), application)
        } catch {
            referee.refuse(client, error.words)
        }
    }

    private func openLater() {
        // Not from within the event of the connection that has just ended.
        client.network.after(flow.pause) { [weak self] in self?.open() }
    }
}

extension FlowPlan {
    fileprivate func makeClient() -> any Application {
        let application: any Application =
            switch kind {
            case .bulk, .halfClose, .slowReader: BulkTransfer(sending: bytes, saying: sendFlags)
            case .exchange: RequestResponseClient(rounds: rounds, request: bytes, response: answer, thinkTime: pause)
            case .chunks: AcknowledgedSender(sending: bytes, chunk: portion)
            }
        return leaving(application, isClient: true)
    }

    fileprivate func makeServer() -> any Application {
        let application: any Application =
            switch kind {
            case .bulk: BulkTransfer(sending: answer, saying: sendFlags)
            case .halfClose: BulkTransfer(sending: answer, from: .atEndOfStream, saying: sendFlags)
            case .slowReader: SlowReader(portion: portion, pause: pause)
            case .exchange: RequestResponseServer(request: bytes, response: answer)
            case .chunks: BulkTransfer(sending: 0, from: .atEndOfStream)
            }
        return leaving(application, isClient: false)
    }

    private var sendFlags: SendFlags { saysMore ? .more : [] }

    private func leaving(_ application: any Application, isClient: Bool) -> any Application {
        guard let leaver, leaver.isClient == isClient else { return application }
        return Leaver(application, afterBytes: leaver.bytes, by: leaver.farewell)
    }
}
