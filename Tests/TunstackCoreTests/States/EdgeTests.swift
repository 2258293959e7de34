import TestSupport
import Testing
import TunstackCore
import TunstackWire

/// Ways to take the edges of the state diagram, by which a test can take every one.
enum EdgeScenario {
    /// What ends a connection before its time, and the states from which it can.
    struct Ending: Sendable {
        var cause: TransitionCause
        var routes: [Route]
        var options: ConnectionOptions = .plain
        var act: @Sendable (SegmentScript) throws -> Void
    }

    /// Every way through the opening and the closing that needs no accident.
    static let regular: [@Sendable () throws -> SegmentScript] = [
        { SegmentScript.reached(by: .timeWaitFromFinWait2) },
        { SegmentScript.reached(by: .timeWaitFromFinWait1) },
        { SegmentScript.reached(by: .timeWaitFromClosing) },
        { SegmentScript.reached(by: .establishedActive) },
        { SegmentScript.reached(by: .establishedSimultaneous) },
        { try acting(.synReceivedActive) { try $0.close() } },
        { try acting(.synSent) { try $0.close() } },
        { acting(.lastAck) { $0.peer(.ack) } },
        { acting(.timeWaitFromFinWait2) { $0.at(.seconds(60)) } },
        { acting(.timeWaitFromFinWait2) { $0.abort() } },
        {
            acting(.timeWaitFromFinWait2) { script in
                script.peer(.syn, seq: 2_000)
                script.peer(.ack)
            }
        },
        { acting(.synReceivedPassive) { $0.peer(.rst) } },
        { acting(.synReceivedPassive) { $0.peer(.syn, seq: 1011) } },
        { acting(.synReceivedPassive) { $0.peer(.syn, seq: 1_500) } },
        { acting(.synReceivedPassive) { $0.at(.seconds(180)) } },
        { acting(.synReceivedPassive) { $0.icmp(unreachable, quoting: 5000) } },
        {
            acting(.listen) { script in
                if let listener = script.listener { script.stack.closeListener(listener, at: script.now) }
            }
        },
        {
            acting(.synReceivedPassive) { script in
                if let listener = script.listener { script.stack.closeListener(listener, at: script.now) }
            }
        },
        {
            acting(.finWait2) { script in
                script.release()
                script.at(.seconds(60))
            }
        },
    ]

    static func acting(
        _ route: Route, options: ConnectionOptions = .plain, _ act: (SegmentScript) throws -> Void
    ) rethrows -> SegmentScript {
        let script = SegmentScript.reached(by: route, options: options)
        try act(script)
        script.drain()
        script.takeAllSent()
        return script
    }

    private static let unreachable = ICMPv4Message.destinationUnreachable(code: 3, nextHopMTU: 0)

    /// One route to each state in which a connection lives.
    private static let alive: [Route] = [
        .synSent, .synReceivedActive, .establishedPassive, .finWait1, .finWait2, .closeWait, .closing, .lastAck,
    ]
    /// Those in which something of ours can be without an answer.
    private static let waiting: [Route] = alive.filter { $0 != .finWait2 }

    /// Puts something on the wire that the peer does not answer, where there is nothing yet.
    private static func leaveUnanswered(_ script: SegmentScript) throws {
        if script.state == .established || script.state == .closeWait { try script.send("abc") }
    }

    static let endings: [Ending] = [
        Ending(cause: .resetArrived, routes: alive) { script in
            script.peer([.rst, .ack])
        },
        Ending(cause: .abort, routes: alive) { $0.abort() },
        Ending(cause: .retransmissionTimeout, routes: waiting) { script in
            try leaveUnanswered(script)
            script.at(.seconds(180))
        },
        Ending(cause: .userTimeout, routes: waiting, options: .plain { $0.userTimeout = .seconds(5) }) { script in
            try leaveUnanswered(script)
            try script.setOptions { _ in }
            script.at(.seconds(10))
        },
        Ending(cause: .hardError, routes: waiting) { script in
            try leaveUnanswered(script)
            script.icmp(unreachable, quoting: script.stackNext - 1)
        },
        Ending(cause: .dataAfterRelease, routes: [.finWait1, .finWait2]) { script in
            script.release()
            // Without the acknowledgment of our FIN, which would move FIN-WAIT-1 on first.
            script.peer([.psh, .ack], "abc", ack: 5001)
        },
        Ending(
            cause: .keepAliveTimeout, routes: [.establishedPassive, .finWait2, .closeWait],
            options: .plain { $0.keepAlive = KeepAlive() }
        ) { script in
            script.at(.seconds(7_950))
        },
        // Where our FIN waits for the window, nothing is in flight and the peer can be probed for its life too.
        Ending(cause: .keepAliveTimeout, routes: [.establishedPassive], options: impatient) { script in
            try closeIntoZeroWindow(script)
            script.at(.seconds(20))
        },
        Ending(cause: .keepAliveTimeout, routes: [.establishedPassive], options: impatient) { script in
            try closeIntoZeroWindow(script)
            script.peer([.fin, .ack], win: 0)
            script.at(.seconds(20))
        },
        Ending(cause: .keepAliveTimeout, routes: [.closeWait], options: impatient) { script in
            try closeIntoZeroWindow(script)
            script.at(.seconds(20))
        },
    ]

    /// Keep-alive that gives up before the window probes do.
    private static let impatient = ConnectionOptions.plain {
        var keepAlive = KeepAlive()
        keepAlive.idle = .seconds(10)
        keepAlive.interval = .seconds(1)
        keepAlive.probes = 2
        $0.keepAlive = keepAlive
    }

    private static func closeIntoZeroWindow(_ script: SegmentScript) throws {
        script.peer(.ack, win: 0)
        try script.close()
    }
}

@Suite("The state diagram (RFC 9293 §3.3.2, Figure 5)")
struct EdgeTests {
    @Test(
        "every edge is taken, and no other", .requirement("mission B48"), .requirement("mission B12"),
        .requirement("mission B25"))
    func coverage() throws {
        var taken: Set<StateTransition> = []
        for scenario in EdgeScenario.regular { taken.formUnion(try scenario().transitions.map(\.transition)) }
        for ending in EdgeScenario.endings {
            for route in ending.routes {
                let script = try EdgeScenario.acting(route, options: ending.options, ending.act)
                #expect(script.transitions.last?.transition.to == .closed, "\(ending.cause) by \(route)")
                #expect(script.transitions.last?.transition.cause == ending.cause, "\(ending.cause) by \(route)")
                taken.formUnion(script.transitions.map(\.transition))
            }
        }
        let legal = Set(StateTransition.all)
        for edge in taken.subtracting(legal) { Issue.record("not in the diagram: \(edge)") }
        for edge in legal.subtracting(taken) { Issue.record("never taken: \(edge)") }
    }

    @Test("every edge of RFC 9293's own figure is in the diagram, and is named", .requirement("mission B48"))
    func figure() {
        // From Figure 5; its edge from LISTEN to SYN-SENT by SEND belongs to an interface that is not ours.
        let figure: [(State, State)] = [
            (.closed, .listen), (.closed, .synSent), (.listen, .closed), (.listen, .synReceived), (.synSent, .closed),
            (.synSent, .synReceived), (.synSent, .established), (.synReceived, .listen), (.synReceived, .established),
            (.synReceived, .finWait1), (.established, .finWait1), (.established, .closeWait), (.finWait1, .finWait2),
            (.finWait1, .closing), (.finWait1, .timeWait), (.finWait2, .timeWait), (.closing, .timeWait),
            (.closeWait, .lastAck), (.lastAck, .closed), (.timeWait, .closed),
        ]
        for (from, to) in figure {
            #expect(StateTransition.all.contains { $0.from == from && $0.to == to }, "\(from) to \(to)")
        }
        #expect(StateTransition.all.count == Set(StateTransition.all).count)
        #expect(TransitionCause.allCases.allSatisfy { cause in StateTransition.all.contains { $0.cause == cause } })
    }

    @Test("states print the names of the RFC", .requirement("mission B47"))
    func names() {
        #expect(
            State.allCases.map(\.description) == [
                "CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2",
                "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT",
            ])
    }

    @Test(
        "the listing of connections shows every state that has something to list", .requirement("mission B47"),
        arguments: Route.allCases)
    func listing(route: Route) {
        let script = SegmentScript.reached(by: route)
        var listed: [State] = []
        script.stack.forEachConnection { listed.append($0.state) }
        #expect(listed.filter { $0 != .listen } == (route == .closed || route == .listen ? [] : [route.state]))
        #expect(listed.contains(.listen) == (script.listener != nil))
    }

    @Test("the record of state changes is bounded, and what does not fit is counted")
    func boundedRecord() {
        let script = SegmentScript(listening: 9877) { $0.limits.recordedTransitions = 3 }
        script.batch {
            for port in 1...5 as ClosedRange<UInt16> {
                script.connect(fromPort: port)
                script.peer(.syn)
            }
        }
        script.takeAllSent()
        // The listener's own came before.
        #expect(script.transitions.count == 1 + 3)
        #expect(script.stack.counters.transitionsLost == 2)
    }
}
