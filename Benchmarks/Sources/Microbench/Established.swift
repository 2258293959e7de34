import BenchmarkSupport
import TunstackCore
import TunstackWire

/// A stack with one connection, its application and its peer.
struct Established: ~Copyable {
    var core: Stack
    let id: ConnectionID
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// The number of the first byte that we send, and of the peer's.
    let firstNumber: UInt32
    static let firstPeerNumber: UInt32 = 1
    private(set) var packet = Block(capacity: 65_535)
    private(set) var text = Block(capacity: 1 << 18)

    init() {
        var configuration = StackConfiguration(address: IPv4Network(IPv4Address(10, 77, 0, 2), prefixLength: 24))
        configuration.defaultConnectionOptions.noDelay = true
        // No wall clock moves here that would let paced segments go.
        configuration.defaultConnectionOptions.pacing = false
        var random = SameNumbers()
        core = Stack(configuration: configuration, random: &random, at: now)
        do {
            let listener = try core.listen(on: Template.local, at: now)
            let syn = Template(
                textLength: 0, flags: .syn, sequenceNumber: 0,
                options: TCPOptions(
                    maximumSegmentSize: 1_460, windowScale: 10, sackPermitted: true,
                    timestamps: TCPTimestamps(value: 1, echoReply: 0)))
            Self.deliver(syn.block, to: &core, at: now)
            guard Self.fill(&packet, from: &core, at: now) else { preconditionFailure("no SYN-ACK") }
            firstNumber = packet.withBytes(Template.sequenceNumber) &+ 1
            var ack = Template(textLength: 0)
            ack.set(acknowledgmentNumber: firstNumber)
            Self.deliver(ack.block, to: &core, at: now)
            guard let id = core.accept(listener) else { preconditionFailure("no connection") }
            self.id = id
        } catch {
            preconditionFailure("the port is free")
        }
        text.fill { output in unsafe output.append(repeating: UInt8(ascii: "y"), count: 1 << 17, as: UInt8.self) }
    }

    mutating func advance(_ interval: Interval) {
        now = now + interval
        core.advance(to: now)
    }

    mutating func deliver(_ template: borrowing Template) {
        Self.deliver(template.block, to: &core, at: now)
    }

    /// Makes the next packet; false if there is none.
    mutating func transmit() -> Bool { Self.fill(&packet, from: &core, at: now) }

    /// What the application does when it is told: reads everything.
    mutating func readEverything() -> Int {
        var count = 0
        while core.nextEvent() != nil {}
        while case .bytes(let more) = read() { count += more }
        return count
    }

    private mutating func read() -> ReceiveResult {
        do throws(ConnectionError) {
            return try Self.receive(into: &text, on: id, of: &core, at: now)
        } catch {
            preconditionFailure("the connection is open")
        }
    }

    /// Hands over text to send; how much was taken.
    mutating func send(_ count: Int) -> Int {
        do throws(ConnectionError) {
            return try Self.send(text, count, on: id, of: &core, at: now)
        } catch {
            preconditionFailure("the connection is open")
        }
    }

    // Functions of their parts, because a closure over `self` would need all of it at once.

    private static func deliver(_ block: borrowing Block, to core: inout Stack, at now: Instant) {
        block.withBytes { bytes in
            let reason = core.receive(bytes, checksum: .verified, at: now)
            precondition(reason == nil, "a packet was dropped")
        }
    }

    private static func fill(_ packet: inout Block, from core: inout Stack, at now: Instant) -> Bool {
        packet.fill { output in core.nextTransmit(into: &output, at: now) }
    }

    private static func receive(
        into text: inout Block, on id: ConnectionID, of core: inout Stack, at now: Instant
    ) throws(ConnectionError) -> ReceiveResult {
        try text.fill { output throws(ConnectionError) in try core.receive(into: &output, on: id, at: now) }
    }

    private static func send(
        _ text: borrowing Block, _ count: Int, on id: ConnectionID, of core: inout Stack, at now: Instant
    ) throws(ConnectionError) -> Int {
        try text.withBytes { bytes throws(ConnectionError) in
            try core.send(bytes.extracting(..<count), on: id, at: now)
        }
    }
}

/// The way of a segment in: from the packet to the application's memory, acknowledgments included. As a driver does it, in
/// batches: packets, events, reading, acknowledgments.
struct Receiving: ~Copyable, Operation {
    private var end = Established()
    private var segment: Template
    private var number = Established.firstPeerNumber
    private let textLength: Int
    private let batch: Int

    init(textLength: Int, batch: Int) {
        segment = Template(textLength: textLength)
        segment.set(acknowledgmentNumber: end.firstNumber)
        self.textLength = textLength
        self.batch = batch
        // The window that a SYN tells is not scaled; the next acknowledgment tells the whole.
        receive(1)
    }

    mutating func run(_ count: Int) {
        for _ in 0..<count / batch { receive(batch) }
    }

    private mutating func receive(_ batch: Int) {
        for _ in 0..<batch {
            segment.set(sequenceNumber: number)
            end.deliver(segment)
            number &+= UInt32(textLength)
        }
        let read = end.readEverything()
        precondition(read == textLength * batch, "text is missing")
        while end.transmit() {}
        end.advance(.microseconds(10))
    }
}

/// The way of a segment out: from the application's memory to the packet, and the acknowledgments of every second one.
struct Sending: ~Copyable, Operation {
    private static let textLength = 1_448
    private static let batch = 16

    private var end = Established()
    private var acknowledgment = Template(textLength: 0)
    private var acknowledged: UInt32

    init() {
        acknowledged = end.firstNumber
        acknowledgment.set(sequenceNumber: Established.firstPeerNumber)
    }

    mutating func run(_ count: Int) {
        for _ in 0..<count / Self.batch {
            let taken = end.send(Self.textLength * Self.batch)
            precondition(taken == Self.textLength * Self.batch, "the send buffer is full")
            var segments = 0
            while segments < Self.batch {
                while end.transmit() {
                    segments += 1
                    acknowledgment.set(timestampEcho: end.packet.withBytes(Template.timestamp))
                }
                acknowledge(segments)
            }
            end.advance(.microseconds(10))
            acknowledged &+= UInt32(Self.textLength * Self.batch)
            while end.core.nextEvent() != nil {}
        }
    }

    /// Acknowledges the first so many segments of the batch, two at a time.
    private mutating func acknowledge(_ segments: Int) {
        for number in stride(from: 2, through: segments, by: 2) {
            acknowledgment.set(acknowledgmentNumber: acknowledged &+ UInt32(number * Self.textLength))
            end.deliver(acknowledgment)
        }
    }
}
