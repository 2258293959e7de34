import Testing
import TunstackCore
import TunstackWire

/// A way for a connection to get into a state, by real segments and calls. Every state has at least one.
enum Route: CaseIterable, Sendable, CustomTestStringConvertible {
    case closed
    case listen
    case synSent
    case synReceivedPassive
    case synReceivedActive
    case establishedPassive
    case establishedActive
    case establishedSimultaneous
    case finWait1
    case finWait2
    case closeWait
    case closing
    case lastAck
    case timeWaitFromFinWait2
    case timeWaitFromFinWait1
    case timeWaitFromClosing

    /// Where it leads.
    var state: State {
        switch self {
        case .closed: .closed
        case .listen: .listen
        case .synSent: .synSent
        case .synReceivedPassive, .synReceivedActive: .synReceived
        case .establishedPassive, .establishedActive, .establishedSimultaneous: .established
        case .finWait1: .finWait1
        case .finWait2: .finWait2
        case .closeWait: .closeWait
        case .closing: .closing
        case .lastAck: .lastAck
        case .timeWaitFromFinWait2, .timeWaitFromFinWait1, .timeWaitFromClosing: .timeWait
        }
    }

    /// The routes to a state, the usual one first.
    static func all(to state: State) -> [Route] { allCases.filter { $0.state == state } }

    /// The route's name.
    var testDescription: String { "\(self)" }
}

extension SegmentScript {
    /// A script that stands in a state, with nothing on the wire and no event left to fetch.
    ///
    /// Our numbers begin at 5000 and the peer's at 1000, so that `flow` tells the next ones.
    static func reached(
        by route: Route, options: ConnectionOptions = .plain, peerOptions: TCPOptions = TCPOptions(),
        peerWindow: UInt16 = 65_535, configure: (inout StackConfiguration) -> Void = { _ in },
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> SegmentScript {
        let script = SegmentScript(options: options, configure: configure, sourceLocation: sourceLocation)
        do {
            try script.follow(route, peerOptions: peerOptions, peerWindow: peerWindow)
        } catch {
            Issue.record("cannot reach \(route): \(error)", sourceLocation: sourceLocation)
        }
        script.takeAllSent()
        script.takeAllEvents()
        script.lastDrop = nil
        #expect(script.state == route.state, "the way there", sourceLocation: sourceLocation)
        return script
    }

    /// A script whose connection is in a state, by the usual route.
    static func inState(
        _ state: State, options: ConnectionOptions = .plain,
        configure: (inout StackConfiguration) -> Void = { _ in }, sourceLocation: SourceLocation = #_sourceLocation
    ) -> SegmentScript {
        reached(
            by: Route.all(to: state)[0], options: options, configure: configure, sourceLocation: sourceLocation)
    }

    /// An accepted connection: the next numbers are 5001 of ours and 1001 of the peer's.
    static func established(
        options: ConnectionOptions = .plain, peerOptions: TCPOptions = TCPOptions(), peerWindow: UInt16 = 65_535,
        configure: (inout StackConfiguration) -> Void = { _ in }, sourceLocation: SourceLocation = #_sourceLocation
    ) -> SegmentScript {
        reached(
            by: .establishedPassive, options: options, peerOptions: peerOptions, peerWindow: peerWindow,
            configure: configure, sourceLocation: sourceLocation)
    }

    private func follow(_ route: Route, peerOptions: TCPOptions, peerWindow win: UInt16) throws {
        // An option that is on every segment is on the peer's bare ACKs too.
        var later = TCPOptions()
        later.timestamps = peerOptions.timestamps
        func ack(_ flags: TCPFlags = .ack) { peer(flags, win: win, options: later) }
        func syn(_ flags: TCPFlags = .syn) { peer(flags, win: win, options: peerOptions) }

        switch route {
        case .closed:
            break
        case .listen:
            listener = try stack.listen(on: key.local, at: now)
            drain()
        case .synSent:
            try open()
        case .synReceivedPassive:
            try follow(.listen, peerOptions: peerOptions, peerWindow: win)
            syn()
        case .synReceivedActive:
            try open()
            syn()
        case .establishedPassive:
            try follow(.synReceivedPassive, peerOptions: peerOptions, peerWindow: win)
            ack()
            accept()
        case .establishedActive:
            try open()
            syn([.syn, .ack])
        case .establishedSimultaneous:
            try follow(.synReceivedActive, peerOptions: peerOptions, peerWindow: win)
            ack()
        case .finWait1:
            try follow(.establishedPassive, peerOptions: peerOptions, peerWindow: win)
            try close()
        case .finWait2:
            try follow(.finWait1, peerOptions: peerOptions, peerWindow: win)
            ack()
        case .closeWait:
            try follow(.establishedPassive, peerOptions: peerOptions, peerWindow: win)
            ack([.fin, .ack])
        case .closing:
            try follow(.finWait1, peerOptions: peerOptions, peerWindow: win)
            peer([.fin, .ack], ack: Self.iss + 1, win: win, options: later)
        case .lastAck:
            try follow(.closeWait, peerOptions: peerOptions, peerWindow: win)
            try close()
        case .timeWaitFromFinWait2:
            try follow(.finWait2, peerOptions: peerOptions, peerWindow: win)
            ack([.fin, .ack])
        case .timeWaitFromFinWait1:
            try follow(.finWait1, peerOptions: peerOptions, peerWindow: win)
            ack([.fin, .ack])
        case .timeWaitFromClosing:
            try follow(.closing, peerOptions: peerOptions, peerWindow: win)
            ack()
        }
    }
}
