public import TunstackCore
public import TunstackWire

/// A host of a network: a stack with a clock of its own, and applications.
public struct SimulatedHost: SimulatedNode {
    let core: HostCore
    let network: SimulatedNetwork

    /// What names it in traces and rules.
    public var id: NodeID { core.id }
    /// What people call it.
    public var name: String { core.name }
    /// Its address.
    public var address: IPv4Address { core.address }
    /// A socket of this host.
    public func endpoint(_ port: Port) -> Endpoint { Endpoint(address, port) }
    /// The time on its own clock.
    public var clock: Instant { core.clock }

    /// The connections that its listeners have accepted, in order.
    public var accepted: [SimulatedSocket] { core.accepted.map { SimulatedSocket(core: $0, network: network) } }
    /// What its stack has done.
    public var counters: Counters { core.stack.counters }
    /// When its stack wants to be called, on the network's clock; nil if it waits for nothing.
    public var nextDeadline: Instant? { core.nextDeadline }

    /// Everything that has a state, as `netstat` would list it.
    public var listing: [ConnectionSummary] {
        var listing: [ConnectionSummary] = []
        core.stack.forEachConnection { listing.append($0) }
        return listing
    }

    /// Lets packets that arrive wait until the stack handles them: the first for the first of these times, and so on;
    /// those after the last are handled at once.
    public func setReceiveDelays(_ delays: [Interval]) { core.receiveDelays = delays }

    /// Power fails: the stack, its connections and its applications are gone, and nobody is told.
    public func powerOff() { core.powerOff() }

    /// Starts again with a new stack that knows nothing.
    ///
    /// - Parameter configure: changes the configuration, from this start on.
    public func powerOn(configure: (inout StackConfiguration) -> Void = { _ in }) { core.powerOn(configure: configure) }
}

/// The user calls that make connections (RFC 9293 §3.9.1). What an application does on one is in `SimulatedSocket`.
extension SimulatedHost {
    /// A passive OPEN.
    ///
    /// - Parameters:
    ///   - port: where to listen, at this host's address.
    ///   - options: as for `Stack.listen`.
    ///   - application: makes the application that serves one accepted connection.
    /// - Throws: `ListenError`, as the stack does; the trace shows the refusal.
    @discardableResult
    public func listen(
        on port: Port, options: ListenerOptions = ListenerOptions(),
        _ application: @escaping () -> any Application
    ) throws(ListenError) -> ListenerID {
        let key = ConnectionKey(listener: endpoint(port))
        do {
            let listener = try core.stack.listen(on: key.local, options: options, at: clock)
            core.record(.call("OPEN passive", key))
            core.services[listener] = HostCore.Service(local: key.local, makeApplication: application)
            core.pump()
            return listener
        } catch {
            core.record(.call("OPEN passive refused: \(error.words)", key))
            throw error
        }
    }

    /// CLOSE of a listener: no more connections are accepted.
    public func closeListener(_ listener: ListenerID) {
        guard let service = core.services.removeValue(forKey: listener) else { return }
        core.record(.call("CLOSE", ConnectionKey(listener: service.local)))
        core.stack.closeListener(listener, at: clock)
        core.pump()
    }

    /// An active OPEN.
    ///
    /// - Parameters:
    ///   - remote: the peer's socket.
    ///   - port: the local port; nil for one that the stack chooses.
    ///   - options: as for `Stack.open`.
    ///   - application: what uses the connection.
    /// - Throws: `OpenError`, as the stack does; the trace shows the refusal.
    @discardableResult
    public func open(
        to remote: Endpoint, from port: Port? = nil, options: ConnectionOptions? = nil,
        _ application: some Application = Passive()
    ) throws(OpenError) -> SimulatedSocket {
        do {
            let id = try core.stack.open(to: remote, from: port.map(endpoint), options: options, at: clock)
            let socket = core.makeSocket(id, application)
            core.record(.call("OPEN", socket.key))
            core.pump()
            return SimulatedSocket(core: socket, network: network)
        } catch {
            let from = port.map { " :\($0)" } ?? ""
            core.record(.call("OPEN\(from) to :\(remote.port) refused: \(error.words)", nil))
            throw error
        }
    }
}

extension ConnectionKey {
    /// What stands for a listener in traces: a socket without a peer yet.
    init(listener local: Endpoint) {
        self.init(local: local, remote: Endpoint(IPAddress.unspecified, 0))
    }

    /// Whether this is a listener's.
    var isListener: Bool { remote.port == 0 }
}
