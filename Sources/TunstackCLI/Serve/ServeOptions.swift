import ArgumentParser
import Tunstack

/// What `serve` and `lab` have in common: the services, the interface, the connections, and what to watch.
struct ServeOptions: ParsableArguments {
    // MARK: Services

    @Option(
        help: ArgumentHelp(
            "Serve echo (RFC 862); more than one port if repeated. Example: --echo 9877", valueName: "port"),
        transform: Parse.port)
    var echo: [Port] = []

    @Option(
        help: ArgumentHelp(
            "Serve discard (RFC 863): take everything, answer nothing. Example: --discard 9", valueName: "port"),
        transform: Parse.port)
    var discard: [Port] = []

    @Option(
        help: ArgumentHelp(
            "Serve chargen (RFC 864): lines of characters without end. Example: --chargen 19", valueName: "port"),
        transform: Parse.port)
    var chargen: [Port] = []

    // MARK: Interface

    @Option(
        help: ArgumentHelp(
            "The interface to make, or one that root has made for you. Example: --tun wire9", valueName: "name"))
    var tun = TunnelOptions().interfaceName

    @Option(
        help: ArgumentHelp(
            """
            The host's address on it and the length of the network's prefix. Example: --host-address 10.99.3.1/28 \
            (default: \(TunnelOptions().hostAddress))
            """, valueName: "address"), transform: Parse.network)
    var hostAddress = TunnelOptions().hostAddress

    @Option(
        help: ArgumentHelp(
            """
            The stack's address in that network. Example: --address 10.99.3.2 (default: \(TunnelOptions().address))
            """, valueName: "address"), transform: Parse.address)
    var address = TunnelOptions().address

    @Option(help: ArgumentHelp("The largest packet, 576 to 65535. Example: --mtu 9000", valueName: "bytes"))
    var mtu = TunnelOptions().mtu

    @Flag(help: "Cut segments and compute checksums in the stack, not in the kernel.")
    var noOffload = false

    @Option(
        help: ArgumentHelp(
            "What the stack waits with: dispatch or epoll. Example: --event-loop epoll", valueName: "name"),
        transform: Parse.eventLoop)
    var eventLoop = EventLoopName.standard

    @Option(
        help: ArgumentHelp(
            """
            With epoll: look for packets for so long before sleeping, which takes a processor while it lasts. Example: \
            --busy-poll 50
            """, valueName: "microseconds"))
    var busyPoll = 0

    // MARK: Connections

    @Option(
        help: ArgumentHelp(
            "Maximum Segment Lifetime: 30, 60 or 120; TIME-WAIT lasts twice this. Example: --msl 120 (default: 30)",
            valueName: "seconds"), transform: Parse.segmentLifetime)
    var msl = Interval.seconds(30)

    @Option(
        help: ArgumentHelp(
            """
            Probe silent peers: after how long, how often, how many times before they count as dead; the latter two \
            may be left out. Example: --keep-alive 7200,75,10
            """, valueName: "idle[,interval[,probes]]"), transform: Parse.keepAlive)
    var keepAlive: KeepAlive?

    @Option(
        help: ArgumentHelp(
            "How many connections may wait to be accepted, 1 or more. Example: --backlog 16", valueName: "count"))
    var backlog = ListenerOptions().backlog

    @Flag(name: .customLong("nodelay"), help: "Send small segments at once, without Nagle's algorithm.")
    var noDelay = false

    @Option(
        help: ArgumentHelp(
            "How much may be in the network: cubic, newreno or bbr. Example: --congestion bbr",
            valueName: "algorithm"), transform: Parse.congestion)
    var congestion = CongestionAlgorithm.cubic

    @Flag(help: "Let the network mark packets instead of dropping them, where the peer agrees (ECN, RFC 3168).")
    var ecn = false

    @Flag(help: "Open and accept nothing for one MSL after the start (RFC 9293, 3.4.3).")
    var quietTime = false

    // MARK: Watching

    @Flag(help: "Print each packet as tcpdump does, with the state changes that it causes.")
    var trace = false

    @Flag(
        name: [.customShort("S"), .customLong("absolute-numbers")],
        help: "With --trace: sequence numbers as they are on the wire.")
    var absoluteNumbers = false

    @Option(
        help: ArgumentHelp(
            "Write all packets to a pcapng file for tcpdump or Wireshark. Example: --capture session.pcapng",
            valueName: "file"))
    var capture: String?

    func validate() throws {
        guard (0...1_000_000).contains(busyPoll) else {
            throw ValidationError("--busy-poll must be 0 to 1000000 microseconds, not \(busyPoll)")
        }
        guard busyPoll == 0 || eventLoop == .epoll else {
            throw ValidationError("--busy-poll goes with --event-loop epoll alone")
        }
        guard backlog >= 1 else { throw ValidationError("--backlog must be 1 or more, not \(backlog)") }
    }
}

extension ServeOptions {
    /// The same for the stack.
    var tunnelOptions: TunnelOptions {
        var options = TunnelOptions()
        options.interfaceName = tun
        options.hostAddress = hostAddress
        options.address = address
        options.mtu = mtu
        options.usesOffload = !noOffload
        options.eventLoop =
            switch eventLoop {
            case .dispatch: .dispatch
            case .epoll: .epoll(busyPoll: .microseconds(Int64(busyPoll)))
            }
        options.maximumSegmentLifetime = msl
        options.keepsQuietTime = quietTime
        options.connectionOptions.keepAlive = keepAlive
        options.connectionOptions.noDelay = noDelay
        options.connectionOptions.congestion = congestion
        options.connectionOptions.ecn = ecn
        return options
    }

    /// What watches the packets, if anything.
    ///
    /// - Parameter output: Where the trace goes.
    /// - Throws: ``CommandFailure`` if the capture file cannot be made.
    func makeObserver(output: OutputStream) throws(CommandFailure) -> (any PacketObserver)? {
        var observers: [any PacketObserver] = []
        if trace {
            observers.append(TraceObserver(output: output, numbering: absoluteNumbers ? .absolute : .relative))
        }
        if let capture { observers.append(try CaptureObserver(path: capture, interface: tun)) }
        return observers.count > 1 ? ObserverGroup(observers) : observers.first
    }

    /// The services to start.
    var services: [(kind: Service.Kind, port: Port)] {
        echo.map { (.echo, $0) } + discard.map { (.discard, $0) } + chargen.map { (.chargen, $0) }
    }

    /// Refuses to start without a service. Not a part of `validate`, which would hide a misspelt option behind it.
    func requireService() throws {
        guard services.isEmpty else { return }
        throw ValidationError("no service to offer: try `tunstack --echo 9877`, or --discard 9, or --chargen 19")
    }
}
