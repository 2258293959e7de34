import TunstackCore
import TunstackSimulator
import TunstackWire

/// The stack, in memory. Its time stands still but for a microsecond with each packet.
struct StackHost: Host, ~Copyable {
    private var stack: Stack
    private var now = Instant.origin
    private var listener: ListenerID?
    private var connection: ConnectionID?
    /// The place in the peer's stream from which the application reads next, and in its own from which it sends.
    private var (readPlace, sendPlace) = (1, 1)

    init(address: IPv4Network) {
        var random = SeededRandom(seed: 1)
        var configuration = StackConfiguration(address: address)
        configuration.defaultConnectionOptions.noDelay = true
        configuration.defaultConnectionOptions.acceptsMissingTimestamps = true
        // Earlier sequences have used the port.
        configuration.defaultConnectionOptions.reusesAddress = true
        stack = Stack(configuration: configuration, random: &random, at: now)
    }

    private mutating func tick() { now = now + .microseconds(10) }

    mutating func begin(_ link: PeerLink, isActive: Bool) throws {
        (connection, readPlace, sendPlace) = (nil, 1, 1)
        // An initial sequence number of its own for every sequence.
        now = now + .seconds(1)
        if isActive {
            connection = try stack.open(to: link.peer, from: link.host, at: now)
        } else if listener == nil {
            listener = try stack.listen(on: link.host, at: now)
        }
    }

    mutating func receive(_ packet: [UInt8]) {
        tick()
        packet.withRawSpan { _ = stack.receive($0, at: now) }
    }

    mutating func takeSent() -> [[UInt8]] {
        var packets: [[UInt8]] = []
        while true {
            var isSent = false
            let packet = [UInt8](rawCapacity: 1_500) { isSent = stack.nextTransmit(into: &$0, at: now) }
            guard isSent else { break }
            packets.append(packet)
        }
        while stack.nextEvent() != nil {}
        if connection == nil, let listener { connection = stack.accept(listener) }
        return packets
    }

    mutating func call(_ action: Step.Action) {
        guard let connection else { return }
        tick()
        do throws(ConnectionError) {
            switch action {
            case .segment: break
            case .send(let count):
                let bytes = (sendPlace..<sendPlace + count).map(View.byte)
                sendPlace += try bytes.withRawSpan { span throws(ConnectionError) in
                    try stack.send(span, on: connection, at: now)
                }
            case .shutdown: try stack.close(connection, at: now)
            case .close: stack.release(connection, at: now)
            case .abort:
                stack.abort(connection, at: now)
                stack.release(connection, at: now)
            }
        } catch {
            // The kernel refuses such calls, too.
        }
        switch action {
        case .close, .abort: self.connection = nil
        case .segment, .send, .shutdown: break
        }
    }

    mutating func read() -> Reading {
        guard let connection else { return Reading() }
        var reading = Reading(isConnected: true)
        while true {
            var result = Result<ReceiveResult, ConnectionError>.success(.wouldBlock)
            let bytes = [UInt8](rawCapacity: 65_536) { output in
                do throws(ConnectionError) {
                    result = .success(try stack.receive(into: &output, on: connection, at: now))
                } catch {
                    result = .failure(error)
                }
            }
            reading.take(bytes, from: &readPlace)
            switch result {
            case .success(.bytes): continue
            case .success(.wouldBlock): return reading
            case .success(.endOfStream): reading.isAtEnd = true
            case .failure: reading.hasFailed = true
            }
            return reading
        }
    }

    mutating func end() {
        if let connection {
            stack.abort(connection, at: now)
            stack.release(connection, at: now)
        }
        connection = nil
        // A second connection that the sequence has opened.
        while let listener, let other = stack.accept(listener) {
            stack.abort(other, at: now)
            stack.release(other, at: now)
        }
        _ = takeSent()
    }
}
