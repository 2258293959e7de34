import TunstackCore
import TunstackWire

extension Scenario {
    static let timeWait = Scenario(
        "time-wait", "why and for how long the end that closed first waits",
        facts: ["B35", "B36", "B37", "B38", "B39", "B41"],
        explanation: [
            """
            TIME-WAIT lasts twice the maximum segment lifetime (MSL): 2 minutes in the RFC, 1 minute or 30 s in common \
            use; all three are measured at the end. It has two reasons. First part: the last ACK may be lost. Then the \
            peer sends its FIN again, and somebody must be there to acknowledge it; the waiting begins anew.
            """,
            """
            Second part: old segments must have died before the same two sockets may speak again. A segment that was \
            held up for 20 s arrives in TIME-WAIT, finds that its number is no longer wanted, and does no harm; in a \
            new connection between the same sockets it could. Its time to live is still 64: that field counts hops, \
            not seconds, and a segment can be delayed without passing a router. So the bound in time must be a rule of \
            its own, the MSL. The reset that its ACK provokes must not end TIME-WAIT, or the waiting would be for \
            nothing.
            """,
            """
            Third part: until then the pair of sockets is refused, and so is the local port alone, unless the \
            application asks for its reuse (SO_REUSEADDR). Fourth part: that is why a server that closed first and is \
            started again cannot listen at its port unless it uses that option.
            """,
        ]
    ) { run in
        try lostAcknowledgment(&run)
        try oldDuplicate(&run)
        try ports(&run)
        try restartedServer(&run)
        try durations(&run)
    }

    private static func lostAcknowledgment(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        // The handshake's ACK is the first; the second acknowledges the server's FIN.
        pair.addRule(
            OneWay(
                from: pair.client.id,
                SegmentFilter(.drop("lost"), ordinals: 2...2) { _, segment in segment.flags == .ack }))
        try pair.server.listen(on: Pair.port) { Reader() }
        let socket = try pair.client.open(to: pair.service)
        pair.network.run(for: .milliseconds(100))
        try socket.close()
        pair.network.run(for: .seconds(90))
        run.show(pair, title: "The last ACK is lost (MSL 30 s)")

        let trace = pair.network.trace
        let acknowledgments = trace.sendTimes(from: pair.client) { $0.flags == .ack }
        run.check("the FIN comes again and is acknowledged again", acknowledgments.count, is: 3)
        guard let last = acknowledgments.last else { return }
        run.check(
            "TIME-WAIT ends 2 MSL after the second ACK", trace.time(ofLast: .closed, at: pair.client) - last,
            is: .seconds(60))
        run.check(
            "the server is CLOSED in good order", trace.states(at: pair.server).suffix(2), is: [.lastAck, .closed])
    }

    private static func oldDuplicate(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        pair.addRule(
            OneWay(
                from: pair.server.id,
                SegmentFilter(.duplicate(after: .seconds(20))) { _, segment in segment.textLength > 0 }))
        try pair.server.listen(on: Pair.port) { EchoServer() }
        let socket = try pair.client.open(to: pair.service, RequestClient(request: 10, response: 10))
        pair.network.run(for: .seconds(30))
        run.check("the late copy and the reset that follows leave TIME-WAIT alone", socket.state, is: .timeWait)
        pair.network.run(for: .seconds(60))
        run.show(pair, title: "An old duplicate arrives in TIME-WAIT")
        run.check("its data is not received a second time", socket.bytesReceived, is: 10)
        run.check("the reset is ignored (RFC 1337)", pair.client.counters[.resetInTimeWait], is: 1)
        let late = pair.network.trace.packets.first { $0.copyOf != nil }
        run.check("after 20 s its time to live is still 64", late?.segment?.timeToLive, is: 64)
    }

    private static func ports(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        let sockets = try pair.connect(from: 40_000)
        try pair.server.listen(on: 9_878) { Passive() }
        try sockets.client.close()
        pair.network.run(for: .milliseconds(30))
        try sockets.server.close()
        pair.network.run(for: .milliseconds(100))
        let other = pair.server.endpoint(9_878)
        var reuse = ConnectionOptions()
        reuse.reusesAddress = true

        let again = openError { () throws(OpenError) in try pair.client.open(to: pair.service, from: 40_000) }
        run.check("the same pair of sockets is refused", again, is: .connectionExists)
        let port = openError { () throws(OpenError) in try pair.client.open(to: other, from: 40_000) }
        run.check("the local port alone is refused too", port, is: .connectionExists)
        let pairWithReuse = openError { () throws(OpenError) in
            try pair.client.open(to: pair.service, from: 40_000, options: reuse)
        }
        run.check("the pair is refused even with reuse", pairWithReuse, is: .connectionExists)
        let withReuse = openError { () throws(OpenError) in
            try pair.client.open(to: other, from: 40_000, options: reuse)
        }
        run.check("the port is allowed with reuse", withReuse, is: nil)
        pair.network.run(for: .seconds(61))
        let later = openError { () throws(OpenError) in
            try pair.client.open(to: pair.service, from: 40_000, options: reuse)
        }
        run.check("after 2 MSL the same pair is allowed", later, is: nil)
        pair.network.run(for: .milliseconds(100))
        run.show(pair, title: "What may use the port meanwhile")
    }

    private static func openError(_ body: () throws(OpenError) -> Void) -> OpenError? {
        do throws(OpenError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private static func restartedServer(_ run: inout ScenarioRun) throws {
        let pair = Pair(seed: run.seed)
        let listener = try pair.server.listen(on: Pair.port) { Passive() }
        try pair.client.open(to: pair.service, Reader())
        pair.network.run(for: .milliseconds(100))
        try pair.server.accepted.first?.close()
        pair.network.run(for: .milliseconds(100))
        pair.server.closeListener(listener)

        var refusal: ListenError?
        do throws(ListenError) {
            try pair.server.listen(on: Pair.port) { Passive() }
        } catch {
            refusal = error
        }
        run.check("a server that closed first cannot listen again at once", refusal, is: .addressInUse)
        var options = ListenerOptions()
        options.reusesAddress = true
        try pair.server.listen(on: Pair.port, options: options) { Passive() }
        run.check("the option cures it", pair.server.listing.map(\.state), is: [.listen, .timeWait])
        run.show(pair, title: "A server that closed first is started again", figures: [pair.server.netstat])
    }

    private static func durations(_ run: inout ScenarioRun) throws {
        var table = ["MSL     TIME-WAIT lasted"]
        for lifetime in [30, 60, 120] as [Int64] {
            let pair = Pair(seed: run.seed, client: { $0.maximumSegmentLifetime = .seconds(lifetime) })
            try pair.server.listen(on: Pair.port) { Reader() }
            try pair.client.open(to: pair.service, Sender(0, closes: true))
            pair.network.run(for: .seconds(300))
            let trace = pair.network.trace
            let length = trace.time(ofLast: .closed, at: pair.client) - trace.time(ofLast: .timeWait, at: pair.client)
            run.check("with MSL \(lifetime) s TIME-WAIT lasts \(2 * lifetime) s", length, is: .seconds(2 * lifetime))
            table.append("\(lifetime) s".padded(to: 8) + "\(length.nanoseconds / 1_000_000_000) s")
            if lifetime == 120 {
                run.show(pair, title: "Measured with all three lifetimes", style: .hidden, figures: [table])
            }
        }
    }
}
