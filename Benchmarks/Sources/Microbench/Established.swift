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
    /// The packet that was made last, or its headers.
    private(set) var packet = Block(capacity: 65_535)
    private(set) var text = Block(capacity: 1 << 18)

    /// - Parameter hasOffload: packets leave in pieces, as super-segments and without checksums.
    init(hasOffload: Bool = false) {
        var configuration = StackConfiguration(address: IPv4Network(IPv4Address(10, 77, 0, 2), prefixLength: 24))
        configuration.defaultConnectionOptions.noDelay = true
        // No wall clock moves here that would let paced segments go.
        configuration.defaultConnectionOptions.pacing = false
        if hasOffload { configuration.transmitOffload = TransmitOffload(largestPacket: 65_535, fillsChecksum: true) }
        var random = SameNumbers()
        core = Stack(configuration: configuration, random: &random, at: now)
        do {
            let listener = try core.listen(on: Template.local, at: now)
            Self.deliver(Template.syn().block, to: &core, at: now)
            guard Self.transmit(from: &core, headers: &packet, at: now) != nil else {
                preconditionFailure("no SYN-ACK")
            }
            firstNumber = packet.withBytes(Template.sequenceNumber) &+ 1
            var ack = Template(textLength: 0)
            ack.set(acknowledgmentNumber: firstNumber)
            Self.deliver(ack.block, to: &core, at: now)
            guard let id = core.accept(listener) else { preconditionFailure("no connection") }
            self.id = id
        } catch {
            preconditionFailure("the port is free")
        }
        text.fill { output in unsafe output.append(repeating: UInt8(ascii: "y"), count: 1 << 18, as: UInt8.self) }
    }

    mutating func advance(_ interval: Interval) {
        now = now + interval
        core.advance(to: now)
    }

    mutating func deliver(_ template: borrowing Template) {
        Self.deliver(template.block, to: &core, at: now)
    }

    /// Makes the next packet, whole and with its checksum; false if there is none.
    mutating func transmit() -> Bool { Self.fill(&packet, from: &core, at: now) }

    /// Makes the next packet in pieces, of which the text is left where it is; bytes of text, nil if there is none.
    mutating func transmitInPieces() -> Int? { Self.transmit(from: &core, headers: &packet, at: now) }

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

    /// What an echo service does: accepts, and sends back what has come. It has let go of what was closed.
    mutating func echo() {
        while let event = core.nextEvent() {
            switch event {
            case .acceptable(let listener): while let id = core.accept(listener) { echo(on: id) }
            case .connection(let id, _): echo(on: id)
            }
        }
    }

    private mutating func echo(on id: ConnectionID) {
        do throws(RelayError) {
            while true {
                switch try core.relay(from: id, to: id, at: now) {
                case .bytes(0), .wouldBlock: return
                case .bytes: continue
                case .endOfStream:
                    core.release(id, at: now)
                    return
                }
            }
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

    private static func transmit(from core: inout Stack, headers: inout Block, at now: Instant) -> Int? {
        headers.fill { output in
            var byteCount: Int?
            _ = core.nextTransmit(header: &output, at: now) { _, text, moreText, _ in
                byteCount = text.byteCount + moreText.byteCount
            }
            return byteCount
        }
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
