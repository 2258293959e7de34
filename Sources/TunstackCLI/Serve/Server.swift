import Tunstack

/// A stack with services on it, as long as the command runs.
struct Server {
    private let stack: TunnelStack
    private let services: [Service]
    private let output: OutputStream
    private let isPartOfLab: Bool

    /// Brings up the interface and the services, and says so, a line for each service.
    ///
    /// - Parameters:
    ///   - options: What to bring up.
    ///   - output: Where to say so.
    ///   - isPartOfLab: Somebody else's command is what matters; then there is no summary at the end.
    /// - Throws: ``CommandFailure``; the interface is gone again then.
    static func start(
        _ options: ServeOptions, output: OutputStream, isPartOfLab: Bool = false
    ) async throws(CommandFailure) -> Server {
        Signals.ignoreBrokenPipes()
        let stack: TunnelStack
        let observer = try options.makeObserver(output: output)
        do throws(TunnelError) {
            stack = try await TunnelStack.open(options.tunnelOptions, observer: observer)
        } catch {
            throw CommandFailure(isPartOfLab ? LabCommand.explain(error) : "\(error)")
        }
        var services: [Service] = []
        for (kind, port) in options.services {
            services.append(
                try await Service(kind, port: port, at: options.address, on: stack, backlog: options.backlog))
        }
        for service in services {
            output.print(
                """
                \(service.kind.rawValue): listening on \(service.endpoint) \
                (interface \(stack.interfaceName ?? options.tun), try: nc \(options.address) \(service.port))
                """)
        }
        if !isPartOfLab { output.print("offload: \(stack.offload)") }
        return Server(stack: stack, services: services, output: output, isPartOfLab: isPartOfLab)
    }

    /// Serves until `body` returns or the device fails; then closes the connections, removes the interface and says what was
    /// done.
    ///
    /// - Returns: What `body` returns.
    /// - Throws: ``CommandFailure`` if the device fails.
    func run<Result: Sendable>(
        while body: @escaping @Sendable () async -> Result
    ) async throws(CommandFailure) -> Result {
        let outcome = await withTaskGroup(of: Result?.self) { group -> Result? in
            for service in services {
                group.addTask {
                    await service.run()
                    return nil
                }
            }
            group.addTask {
                let result = await body()
                await stack.shutdown()
                return result
            }
            await stack.closed()
            group.cancelAll()
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if !isPartOfLab { await printSummary() }
        if let failure = await stack.closed() { throw CommandFailure("\(failure)") }
        guard let outcome else {
            preconditionFailure("the stack is only closed when the body has returned or it failed")
        }
        return outcome
    }

    /// Prints all listeners, connections and TIME-WAIT records.
    func printConnections() async {
        output.print(ConnectionListing.text(of: await stack.connections))
    }

    private func printSummary() async {
        for service in services { output.print(service.summary) }
        for line in CounterSummary.lines(of: await stack.counters, device: await stack.deviceCounters) {
            output.print(line)
        }
    }
}
