import TunstackCore
import TunstackWire

/// Where a stack is fuzzed: a network with the stack's host and its peer, and the referee.
final class StackFuzzStage {
    static let servicePort = Port(1_000)
    static let peerPort = Port(40_000)
    /// The peer's numbers begin here, or a whole number of the text pattern's periods from here.
    static let peerISS = SequenceNumber(0xFFFF_F000)

    let host: SimulatedHost
    let peer: RawPeer
    let peerOptions: TCPOptions
    private(set) var listener: ListenerID?
    /// The peer's last packet that may come again, or damaged.
    private(set) var lastPacket: [UInt8] = []

    private let network: SimulatedNetwork
    private let referee: Referee
    private let plan: SimulationPlan
    private var opened: [SimulatedSocket] = []

    init(_ hostPlan: HostPlan, peerOptions: TCPOptions, keeping level: TraceLevel) {
        var plan = SimulationPlan(empty: 1)
        plan.hosts = [hostPlan]
        self.plan = plan
        self.peerOptions = peerOptions
        network = SimulatedNetwork(seed: 1, keeping: level)
        host = network.addHost("stack", IPv4Address(10, 77, 0, 2)) { configuration in
            configuration.mtu = hostPlan.mtu
            configuration.defaultConnectionOptions = hostPlan.options
        }
        peer = network.addRawPeer("peer", IPv4Address(10, 77, 0, 1))
        network.link(host, peer, latency: .zero)
        referee = Referee(plan, .unknown)
        host.core.observer = referee
    }

    /// No oracle has found anything.
    var isClean: Bool { referee.verdicts.violations.isEmpty }

    /// The connection that was made last, if any.
    var socket: SimulatedSocket? { host.accepted.last ?? opened.last }

    /// What the stack sent last.
    var lastSeen: TracedSegment? { peer.received.last }

    /// What has happened, as much of it as is kept.
    var trace: PacketTrace { network.trace }

    // MARK: What happens

    /// A packet reaches the stack, and time passes: what comes later must not be taken for an answer, and the next
    /// connection needs another initial sequence number.
    func deliver(_ packet: [UInt8], mayComeAgain: Bool = true) {
        if mayComeAgain { lastPacket = packet }
        // Not by the link, which carries no packet without a readable header.
        let number = network.recorder.recordSent(packet, from: peer.id, to: host.id, at: network.now)
        host.core.receive(number, packet)
        pass(.microseconds(10))
    }

    /// Time passes.
    func pass(_ time: Interval) { network.run(for: time) }

    /// Time passes until the stack has something to do.
    func passToDeadline() {
        guard let deadline = host.nextDeadline else { return }
        network.run(until: deadline)
    }

    func listen() {
        guard listener == nil else { return }
        do throws(ListenError) {
            listener = try host.listen(on: Self.servicePort) { Passive() }
        } catch {
            // A connection that is left over holds the port.
        }
    }

    func closeListener() {
        guard let listener else { return }
        host.closeListener(listener)
        self.listener = nil
    }

    func open() {
        do throws(OpenError) {
            opened.append(try host.open(to: peer.endpoint(Self.peerPort), from: Self.servicePort))
        } catch {
            // The connection is there already.
        }
        pass(.microseconds(10))
    }

    /// A user call; that the connection does not allow it any more is an answer, too.
    func call(_ body: (SimulatedSocket) throws(ConnectionError) -> Void) {
        guard let socket else { return }
        do throws(ConnectionError) { try body(socket) } catch {}
        pass(.microseconds(10))
    }

    /// The application leaves, and time passes until nothing is left to do.
    func finish(within limit: Int) -> [String] {
        closeListener()
        for socket in host.accepted + opened {
            socket.abort()
            socket.release()
        }
        let isIdle = !isClean || network.runUntilIdle(limit: limit)
        if isClean {
            // How many packets and steps are reasonable depends on the peer, which need not be.
            referee.finish(
                FinishedRun(
                    plan: plan, severity: .unknown, time: network.now, hosts: [host.core], sockets: referee.sockets,
                    refusals: [], isIdle: isIdle, steps: 0, packets: 0))
        }
        return referee.verdicts.violations.map { "\($0.oracle): \($0.what)" }
    }
}

extension RawPeer {
    /// A socket of this peer.
    func endpoint(_ port: Port) -> Endpoint { Endpoint(address, port) }
}

// MARK: - Ways to the states

extension StackFuzzStage {
    /// Brings a connection into a state by the usual segments.
    func reach(_ state: State, actively: Bool) {
        switch state {
        case .closed: break
        case .listen: listen()
        case .synSent: open()
        case .synReceived:
            if actively { open() } else { listen() }
            send(.syn)
        case .established:
            if actively {
                open()
                send([.syn, .ack])
            } else {
                listen()
                send(.syn)
                send(.ack)
            }
        case .finWait1:
            reach(.established, actively: actively)
            call { socket throws(ConnectionError) in try socket.close() }
        case .finWait2:
            reach(.finWait1, actively: actively)
            send(.ack)
        case .closeWait:
            reach(.established, actively: actively)
            send([.fin, .ack])
        case .closing:
            reach(.finWait1, actively: actively)
            send([.fin, .ack], acknowledging: false)
        case .lastAck:
            reach(.closeWait, actively: actively)
            call { socket throws(ConnectionError) in try socket.close() }
        case .timeWait:
            reach(.finWait2, actively: actively)
            send([.fin, .ack])
        }
    }

    /// The next segment of a peer that behaves.
    private func send(_ flags: TCPFlags, acknowledging: Bool = true) {
        let edges = StackEdges(self)
        var segment = PeerSegment(flags: flags, seq: flags.contains(.syn) ? Self.peerISS : edges.rcvNext)
        segment.ack = acknowledging ? edges.sndNext : edges.sndUna
        if flags.contains(.syn) {
            segment.options = peerOptions
        } else if lastSeen?.header.options.timestamps != nil {
            segment.options.timestamps = TCPTimestamps(value: 1, echoReply: edges.clock)
        }
        deliver(segment.packet(to: self))
    }
}
