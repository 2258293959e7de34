import BenchmarkSupport
import TunstackCore
import TunstackWire

/// The peers of one stack, each with one connection to its echo service, and the wire between.
struct Peers: ~Copyable {
    /// Peers are told apart by address and port.
    static let most = 1 << 22

    private var stack: Stack
    private let listener: ListenerID
    private var packet = Block(capacity: 2_048)
    private var text = Block(capacity: 16)
    /// What each sends next, and what it expects next.
    private var sendNext: [SequenceNumber]
    private var receiveNext: [SequenceNumber]
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var random = SplitMix()
    /// Bytes that came back.
    private(set) var answered = 0

    private static let local = IPv4Address(10, 0, 0, 1)
    private static let port: Port = 7
    private static let portsPerAddress = 50_000

    init(count: Int, _ algorithm: CongestionAlgorithm) throws(ListenError) {
        var configuration = StackConfiguration(address: IPv4Network(Self.local, prefixLength: 8))
        configuration.limits.connections = count
        configuration.defaultConnectionOptions.congestion = algorithm
        stack = Stack(configuration: configuration, random: &random, at: now)
        listener = try stack.listen(on: Endpoint(Self.local, Self.port), at: now)
        sendNext = (0..<count).map { SequenceNumber(UInt32(truncatingIfNeeded: $0 &* 2_654_435_761)) }
        receiveNext = [SequenceNumber](repeating: SequenceNumber(1), count: count)
    }

    var connectionsAtWork: Int { stack.connectionsAtWork }

    /// Any peer but the first.
    var any: Int {
        mutating get { 1 + Int(random.next() % UInt64(sendNext.count - 1)) }
    }

    private static func address(of peer: Int) -> IPv4Address {
        IPv4Address(rawValue: 10 << 24 + 1 << 16 + UInt32(peer / portsPerAddress))
    }

    // MARK: What happens

    /// The three segments of a handshake.
    mutating func open(_ peer: Int) {
        var options = TCPOptions()
        options.maximumSegmentSize = 1_460
        options.windowScale = 7
        options.sackPermitted = true
        send(.syn, from: peer, options: options)
        sendNext[peer] += 1
        send(.ack, from: peer)
    }

    /// A byte from the peer, the service's answer, and its acknowledgment.
    mutating func echo(on peer: Int) {
        send([.psh, .ack], from: peer, textLength: 1)
        sendNext[peer] += 1
        send(.ack, from: peer)
    }

    private mutating func send(_ flags: TCPFlags, from peer: Int, textLength: Int = 0, options: TCPOptions? = nil) {
        now = now + .microseconds(2)
        var options = options ?? TCPOptions()
        options.timestamps = TCPTimestamps(value: UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000), echoReply: 0)
        let header = TCPHeader(
            sourcePort: Port(UInt16(1_024 + peer % Self.portsPerAddress)), destinationPort: Self.port,
            sequenceNumber: sendNext[peer], acknowledgmentNumber: receiveNext[peer], flags: flags, window: 512,
            options: options)
        packet.fill { output in
            IPv4Header(
                source: Self.address(of: peer), destination: Self.local, protocolNumber: .tcp,
                payloadLength: header.headerLength + textLength
            ).append(to: &output)
            header.append(to: &output, checksum: 0)
            output.appendZeros(count: textLength)
        }
        packet.withBytes { _ = stack.receive($0, checksum: .verified, at: now) }
        drain(to: peer)
    }

    /// Takes what the stack sends, lets the service answer, and fires what is due.
    private mutating func drain(to peer: Int) {
        if let deadline = stack.nextDeadline, deadline <= now { stack.advance(to: now) }
        repeat { takePackets(to: peer) } while serve()
    }

    private mutating func takePackets(to peer: Int) {
        while packet.fill({ stack.nextTransmit(into: &$0, at: now) }) {
            let (end, textLength) = packet.withBytes { bytes -> (SequenceNumber, Int) in
                let segment = bytes.extracting(droppingFirst: IPv4Header.minimumLength)
                guard let header = Self.header(of: segment) else { return (SequenceNumber(0), 0) }
                let textLength = segment.byteCount - header.headerLength
                let length = textLength + (header.flags.contains(.syn) ? 1 : 0)
                return (header.sequenceNumber + length, textLength)
            }
            receiveNext[peer] = end
            answered += textLength
        }
    }

    private static func header(of segment: RawSpan) -> TCPHeader? {
        do throws(WireError) { return try TCPHeader(parsing: segment) } catch { return nil }
    }

    /// The echo service: whether it did anything.
    private mutating func serve() -> Bool {
        var isBusy = false
        while let event = stack.nextEvent() {
            isBusy = true
            switch event {
            case .acceptable(let listener): while stack.accept(listener) != nil {}
            case .connection(let id, let events): if events.contains(.readable) { answer(id) }
            }
        }
        return isBusy
    }

    private mutating func answer(_ id: ConnectionID) {
        do throws(ConnectionError) {
            let result = try text.fill { output throws(ConnectionError) in
                try stack.receive(into: &output, on: id, at: now)
            }
            guard case .bytes = result else { return }
            _ = try text.withBytes { bytes throws(ConnectionError) in try stack.send(bytes, on: id, at: now) }
        } catch {
            preconditionFailure("the service has lost a connection: \(error)")
        }
    }
}

/// A generator that draws the same numbers in every run (Steele, Lea and Flood, 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
