import TunstackCore
import TunstackWire

/// Two hosts with a link between them, which is all that most scenarios need.
struct Pair {
    /// The port that servers listen at.
    static let port: Port = 9877
    /// How long a packet takes one way.
    static let latency = Interval.milliseconds(10)

    let network: SimulatedNetwork
    let client: SimulatedHost
    let server: SimulatedHost

    init(
        seed: UInt64, rules: [any LinkRule] = [], client configureClient: (inout StackConfiguration) -> Void = { _ in },
        server configureServer: (inout StackConfiguration) -> Void = { _ in }
    ) {
        network = SimulatedNetwork(seed: seed)
        client = network.addHost("client", IPv4Address(10, 77, 0, 1), configure: configureClient)
        server = network.addHost("server", IPv4Address(10, 77, 0, 2), configure: configureServer)
        network.link(client, server, latency: Self.latency, rules: rules)
    }

    /// The server's socket.
    var service: Endpoint { server.endpoint(Self.port) }

    /// Adds a rule in front of the others.
    func addRule(_ rule: some LinkRule) { network.addRule(rule, between: client, server) }

    /// Opens a connection without applications that act by themselves, and waits until it is established.
    func connect(
        from port: Port? = nil, options: ConnectionOptions? = nil
    ) throws -> (client: SimulatedSocket, server: SimulatedSocket) {
        try server.listen(on: Self.port) { Passive() }
        let socket = try client.open(to: service, from: port, options: options)
        network.run(for: .milliseconds(100))
        guard let accepted = server.accepted.last else { throw ScenarioError.notConnected }
        return (socket, accepted)
    }
}

/// Why a scenario cannot go on.
enum ScenarioError: Error {
    /// The connection it is about did not come about.
    case notConnected
    /// A segment it is about was not sent.
    case segmentMissing
}

extension Instant {
    /// So many seconds after the network's time zero.
    init(seconds: Int64) { self.init(nanoseconds: seconds * 1_000_000_000) }

    /// So many milliseconds after the network's time zero.
    init(milliseconds: Int64) { self.init(nanoseconds: milliseconds * 1_000_000) }
}
