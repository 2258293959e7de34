import TunstackCore
import TunstackWire

/// What can happen at one end.
enum HostEvent: Hashable {
    case passiveOpen
    case activeOpen
    case send
    case close
    case abort
    case release
    /// The listener is closed.
    case stopListening
    /// Time passes until the next thing is due.
    case timer
    /// A packet arrives: its number in the checker's list.
    case packet(Int32)

    /// Everything but packets.
    static let own: [HostEvent] = [
        .passiveOpen, .activeOpen, .send, .close, .abort, .release, .stopListening, .timer,
    ]
}

/// One end: a real stack with an application that takes whatever comes.
///
/// Its clock stands still but for the event `timer`. So the two ends' clocks are independent of each other, which allows everything
/// that two clocks and a network with any delay can do, and more.
struct CheckedHost: ~Copyable {
    private var stack: Stack
    private var now = Instant.origin
    private let key: ConnectionKey
    private let options: ConnectionOptions
    private let releases: Bool
    private var listener: ListenerID?
    private var connection: ConnectionID?
    private var calls: CheckerBounds.Calls
    private var sent: UInt8 = 0
    private var received: UInt8 = 0
    /// A byte came that is not the next of the stream.
    private(set) var isTorn = false

    /// What happened in the last event.
    private(set) var transitions: [StateTransition] = []

    init(_ key: ConnectionKey, firstNumber: SequenceNumber, calls: CheckerBounds.Calls, bounds: CheckerBounds) {
        guard let address = key.local.address.v4 else { preconditionFailure("checked hosts have IPv4 addresses") }
        var configuration = StackConfiguration(address: IPv4Network(address, prefixLength: 24))
        configuration.initialSequenceNumbers = .fixed(firstNumber)
        configuration.recordsTransitions = true
        configuration.defaultConnectionOptions = bounds.options
        configuration.limits.challengeAcknowledgmentsPerSecond = 1 << 20
        var random = SeededRandom(seed: 1)
        stack = Stack(configuration: configuration, random: &random, at: now)
        self.key = key
        self.calls = calls
        options = bounds.options
        releases = bounds.releases
    }

    /// The state of the pair of sockets.
    var state: State { stack.state(of: key) }

    /// Nothing is left that could do anything.
    var isAtRest: Bool { state == .closed && stack.earliestTimer == nil }

    /// It waits for what only a timer can bring about, and none runs.
    var isStuck: Bool { stack.lacksTimer }

    /// Whatever decides what comes next.
    var portrait: [Int64] {
        let own: [Int] = [
            calls.activeOpens, calls.passiveOpens, calls.sends, Int(sent), Int(received), isTorn ? 1 : 0,
            listener == nil ? 0 : 1, connection == nil ? 0 : 1,
        ]
        return own.map(Int64.init) + stack.portrait(at: now).words
    }

    /// Lets something happen.
    ///
    /// - Parameter bytes: the packet, if one arrives.
    /// - Returns: what the stack sends then; nil if the event makes no sense here, and then nothing has changed.
    mutating func handle(_ event: HostEvent, _ bytes: [UInt8] = []) -> [[UInt8]]? {
        transitions = []
        switch event {
        case .packet: _ = bytes.withRawSpan { stack.receive($0, at: now) }
        case .timer:
            guard let due = stack.earliestTimer else { return nil }
            now = max(now, due)
            stack.advance(to: now)
        default: guard call(event) else { return nil }
        }
        return settle()
    }

    private mutating func call(_ event: HostEvent) -> Bool {
        do {
            switch event {
            case .passiveOpen:
                guard calls.passiveOpens > 0, listener == nil else { return false }
                listener = try stack.listen(on: key.local, at: now)
                calls.passiveOpens -= 1
            case .activeOpen:
                guard calls.activeOpens > 0, connection == nil else { return false }
                connection = try stack.open(to: key.remote, from: key.local, options: options, at: now)
                calls.activeOpens -= 1
            case .stopListening:
                guard let listener else { return false }
                stack.closeListener(listener, at: now)
                self.listener = nil
            default:
                guard let connection else { return false }
                return try call(event, on: connection)
            }
            return true
        } catch {
            // A call that is refused changes nothing (RFC 9293 §3.10), so it is none of those that make sense.
            return false
        }
    }

    private mutating func call(_ event: HostEvent, on connection: ConnectionID) throws(ConnectionError) -> Bool {
        switch event {
        case .send:
            guard calls.sends > 0 else { return false }
            let byte = [sent]
            let count = try byte.withRawSpan { span throws(ConnectionError) in
                try stack.send(span, on: connection, at: now)
            }
            guard count == 1 else { return false }
            sent += 1
            calls.sends -= 1
        case .close: try stack.close(connection, at: now)
        case .abort: stack.abort(connection, at: now)
        case .release:
            guard releases else { return false }
            stack.release(connection, at: now)
            self.connection = nil
        default: return false
        }
        return true
    }

    /// Fetches everything until the stack is quiet.
    private mutating func settle() -> [[UInt8]] {
        var packets: [[UInt8]] = []
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            var isSent = true
            while isSent {
                isSent = false
                let packet = [UInt8](rawCapacity: stack.configuration.mtu) {
                    isSent = stack.nextTransmit(into: &$0, at: now)
                }
                if isSent { packets.append(packet) }
            }
            while let event = stack.nextEvent() {
                isQuiet = false
                answer(event)
            }
        }
        forgetWhatIsOver()
        while let record = stack.nextTransition() { transitions.append(record.transition) }
        return packets
    }

    /// The application: accepts and reads.
    private mutating func answer(_ event: StackEvent) {
        if case .acceptable(let listener) = event, let accepted = stack.accept(listener) {
            if let connection { stack.release(connection, at: now) }
            connection = accepted
            // As in RFC 9293 a passive OPEN is for one connection. With numbers that are fixed a second one would repeat those of the
            // first, which no clock lets happen (§3.4.1).
            stack.closeListener(listener, at: now)
            self.listener = nil
        }
        if let connection { read(connection) }
    }

    /// The application lets go of what is over; of the end of TIME-WAIT no event tells.
    private mutating func forgetWhatIsOver() {
        guard let connection, stack.status(connection)?.state == .closed else { return }
        stack.release(connection, at: now)
        self.connection = nil
    }

    private mutating func read(_ connection: ConnectionID) {
        let bytes = [UInt8](rawCapacity: 64) { output in
            do throws(ConnectionError) {
                _ = try stack.receive(into: &output, on: connection, at: now)
            } catch {
                // It has ended with nothing to read.
                return
            }
        }
        for byte in bytes {
            if byte != received { isTorn = true }
            received += 1
        }
    }
}
