import TestSupport
import Testing
import TunstackCore
import TunstackWire

/// One stack, one line of test per segment, virtual time.
///
/// The stack is 10.77.0.2; the peer is 10.77.0.1:40000 and the test plays its part. Numbers are absolute and easy to read: our ISN
/// is 5000, the peer's 1000 unless the test says otherwise. Timestamps, SACK and window scaling are off unless asked for.
///
///     let script = SegmentScript(listening: 9877)
///     script.peer(.syn, seq: 1000)
///     script.expect([.syn, .ack], seq: 5000, ack: 1001)
///     script.peer(.ack, seq: 1001, ack: 5001)
///     script.expectNothing()
///     script.accept()
///
/// After each input the script fetches what the stack wants to send, and checks every packet. A packet that no line expects
/// fails the test, at the latest when the script goes away.
final class SegmentScript {
    static let localAddress = IPv4Address(10, 77, 0, 2)
    static let peerAddress = IPv4Address(10, 77, 0, 1)
    /// The stack's own number for every SYN, unless the configuration is changed.
    static let iss: UInt32 = 5_000
    /// The peer's, unless the test says otherwise.
    static let irs: UInt32 = 1_000

    /// The stack under test. Direct calls are fine; `drain()` fetches what follows from them.
    var stack: Stack
    /// Virtual time.
    private(set) var now = Instant.origin

    /// Who the peer is, and which of our sockets it speaks to. May be changed to play several peers.
    var key: ConnectionKey {
        didSet { if key != oldValue { connection = nil } }
    }
    /// The listening socket, if the script made one.
    var listener: ListenerID?
    /// The connection that calls refer to: the last that was opened or accepted.
    var connection: ConnectionID?

    /// Packets that have left and that no line has looked at.
    private(set) var sent: [SentPacket] = []
    /// Events that no line has looked at.
    private(set) var events: [StackEvent] = []
    /// Every state change so far, of all connections.
    private(set) var transitions: [TransitionRecord] = []
    /// What the stack said to the last packet.
    var lastDrop: DropReason?
    /// Where the peer of each four-tuple stands.
    private var flows: [ConnectionKey: Flow] = [:]
    /// Whether packets are fetched after every input.
    private var fetchesAtOnce = true

    /// The next numbers of both directions of a connection, as seen on the wire.
    struct Flow {
        /// What the peer would send next.
        var peerNext = SequenceNumber(SegmentScript.irs)
        /// One past the highest number that the stack has sent.
        var stackNext = SequenceNumber(SegmentScript.iss)
    }

    private let sourceLocation: SourceLocation

    /// A stack without listeners and connections.
    ///
    /// - Parameters:
    ///   - options: what every connection starts with.
    ///   - configure: changes the stack's configuration before it is made.
    init(
        options: ConnectionOptions = .plain, localPort: Port = 9877, peerPort: Port = 40_000,
        configure: (inout StackConfiguration) -> Void = { _ in }, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var configuration = StackConfiguration(address: IPv4Network(Self.localAddress, prefixLength: 24))
        configuration.initialSequenceNumbers = .fixed(SequenceNumber(Self.iss))
        configuration.timestampOffsets = .fixed(0)
        configuration.recordsTransitions = true
        configuration.defaultConnectionOptions = options
        configuration.limits.readyConnections = 0
        configure(&configuration)
        var random = SplitMix64(seed: 1)
        stack = Stack(configuration: configuration, random: &random, at: now)
        key = ConnectionKey(
            local: Endpoint(Self.localAddress, localPort), remote: Endpoint(Self.peerAddress, peerPort))
        self.sourceLocation = sourceLocation
    }

    /// A stack that listens on a port.
    convenience init(
        listening port: Port, options: ConnectionOptions = .plain, listenerOptions: ListenerOptions = ListenerOptions(),
        configure: (inout StackConfiguration) -> Void = { _ in }, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        self.init(options: options, localPort: port, configure: configure, sourceLocation: sourceLocation)
        do throws(ListenError) {
            listener = try stack.listen(on: key.local, options: listenerOptions, at: now)
            drain()
        } catch {
            Issue.record("cannot listen: \(error)", sourceLocation: sourceLocation)
        }
    }

    deinit {
        for packet in sent {
            Issue.record("nobody expected \(packet.testDescription)", sourceLocation: sourceLocation)
        }
    }
}

extension ConnectionOptions {
    /// No timestamps, no SACK, no window scaling: short lines.
    static var plain: ConnectionOptions {
        var options = ConnectionOptions()
        options.timestamps = false
        options.selectiveAcknowledgment = false
        options.windowScale = nil
        options.congestion = .newReno
        options.pacing = false
        return options
    }

    /// The plain options with a change.
    static func plain(_ change: (inout ConnectionOptions) -> Void) -> ConnectionOptions {
        var options = plain
        change(&options)
        return options
    }
}

// MARK: - Time

extension SegmentScript {
    /// Goes on to a time since the start. Timers fire on the way, each at its own time.
    func at(_ time: Interval, sourceLocation: SourceLocation = #_sourceLocation) {
        let target = Instant.origin + time
        #expect(target >= now, "the script goes back in time", sourceLocation: sourceLocation)
        run(until: target, sourceLocation: sourceLocation)
    }

    /// Lets time pass. Timers fire on the way, each at its own time.
    func advance(by interval: Interval, sourceLocation: SourceLocation = #_sourceLocation) {
        run(until: now + interval, sourceLocation: sourceLocation)
    }

    /// How often the stack may ask to be woken on the way.
    private static let mostWakeUps = 100_000

    private func run(until target: Instant, sourceLocation: SourceLocation) {
        for _ in 0..<Self.mostWakeUps {
            guard let deadline = stack.nextDeadline, deadline <= target else {
                now = max(now, target)
                stack.advance(to: now)
                drain(sourceLocation: sourceLocation)
                return
            }
            now = max(now, deadline)
            stack.advance(to: now)
            drain(sourceLocation: sourceLocation)
        }
        Issue.record("the stack keeps asking to be woken", sourceLocation: sourceLocation)
    }
}

// MARK: - What the stack has to say

extension SegmentScript {
    /// The most packets that one input may bring forth.
    private static let mostPackets = 100_000

    /// Fetches packets, events and state changes. Runs by itself after each line of a script.
    func drain(sourceLocation: SourceLocation = #_sourceLocation) {
        guard fetchesAtOnce else { return }
        let mtu = stack.configuration.mtu
        for count in 0... {
            guard let pieces = nextPieces() else { break }
            guard let packet = SentPacket(pieces, at: now, mtu: mtu, sourceLocation: sourceLocation) else { continue }
            note(packet)
            guard count < Self.mostPackets else {
                Issue.record("the stack does not stop sending", sourceLocation: sourceLocation)
                break
            }
        }
        while let event = stack.nextEvent() { events.append(event) }
        while let record = stack.nextTransition() {
            #expect(record.transition.isLegal, "\(record.transition)", sourceLocation: sourceLocation)
            transitions.append(record)
        }
    }

    /// By the plain drain where the stack has no help, or else by the gathering one.
    private func nextPieces() -> PacketPieces? {
        guard stack.configuration.transmitOffload == TransmitOffload() else { return stack.nextPieces(at: now) }
        var isSent = false
        let bytes = [UInt8](rawCapacity: stack.configuration.mtu) { isSent = stack.nextTransmit(into: &$0, at: now) }
        return isSent ? PacketPieces(header: bytes) : nil
    }

    private func note(_ packet: SentPacket) {
        sent.append(packet)
        guard let tcp = packet.tcp, let key = packet.key, !tcp.flags.contains(.rst) else { return }
        let end = tcp.sequenceNumber + packet.sequenceLength
        if tcp.flags.contains(.syn) {
            flows[key, default: Flow()].stackNext = end
        } else {
            let next = flows[key, default: Flow()].stackNext
            flows[key, default: Flow()].stackNext = SequenceNumber.max(next, end)
        }
    }

    /// Lets the stack take several inputs before it may send, as packets that arrive in one batch.
    func batch(sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void) rethrows {
        fetchesAtOnce = false
        defer {
            fetchesAtOnce = true
            drain(sourceLocation: sourceLocation)
        }
        try body()
    }

    /// The oldest packet that no line has looked at.
    func takeSent() -> SentPacket? { sent.isEmpty ? nil : sent.removeFirst() }

    /// All packets that no line has looked at.
    @discardableResult
    func takeAllSent() -> [SentPacket] {
        defer { sent = [] }
        return sent
    }

    /// All events that no line has looked at.
    @discardableResult
    func takeAllEvents() -> [StackEvent] {
        defer { events = [] }
        return events
    }

    /// What happened on the connection since the last look; events of others stay.
    @discardableResult
    func takeEvents() -> ConnectionEvents {
        var taken: ConnectionEvents = []
        events.removeAll { event in
            guard case .connection(connection, let happened) = event else { return false }
            taken.formUnion(happened)
            return true
        }
        return taken
    }

    /// Where the peer and the stack stand on the current four-tuple.
    var flow: Flow {
        get { flows[key, default: Flow()] }
        set { flows[key] = newValue }
    }

    /// One past the highest number that the stack has sent on the current four-tuple: its SND.NXT.
    var stackNext: UInt32 { flow.stackNext.rawValue }
    /// What the peer would send next on the current four-tuple: the stack's RCV.NXT if nothing was lost.
    var peerNext: UInt32 { flow.peerNext.rawValue }
}
