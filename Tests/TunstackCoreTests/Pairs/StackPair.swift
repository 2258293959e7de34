import TunstackWire

@testable import TunstackCore

/// Two stacks back to back in virtual time.
final class StackPair {
    var wire: LossyWire
    let ends: [StackEnd]
    private(set) var now = Instant.origin
    /// A number that depends on every packet and its time.
    private(set) var fingerprint: UInt64 = 0

    static let addresses = [IPv4Address(10, 77, 0, 1), IPv4Address(10, 77, 0, 2)]
    static let ports: [Port] = [40_000, 9877]

    init(wire: LossyWire, ends: [StackEnd]) {
        self.wire = wire
        self.ends = ends
    }

    private func endpoint(_ end: Int) -> Endpoint { Endpoint(Self.addresses[end], Self.ports[end]) }

    /// The second end listens and the first opens.
    func connect() throws {
        ends[1].listener = try ends[1].stack.listen(on: endpoint(1), at: now)
        ends[0].connection = try ends[0].stack.open(to: endpoint(1), from: endpoint(0), at: now)
    }

    /// Both ends open at once (RFC 9293 §3.5, Figure 7).
    func connectSimultaneously() throws {
        for end in 0...1 {
            ends[end].connection = try ends[end].stack.open(to: endpoint(1 - end), from: endpoint(end), at: now)
        }
    }

    /// Goes on until `isDone`, for so many steps at most; false if that was not enough, or if nothing was left to wait for.
    func run(steps: Int = 200_000, until isDone: (StackPair) -> Bool) -> Bool {
        for _ in 0..<steps {
            settle()
            if isDone(self) { return true }
            guard let next = nextTime else { return false }
            now = max(now, next)
            while let flight = wire.arrive(by: now) {
                let end = ends[flight.destination]
                flight.bytes.withRawSpan { _ = end.stack.receive($0, at: now) }
            }
            for end in ends where end.stack.nextDeadline.map({ $0 <= now }) == true { end.stack.advance(to: now) }
        }
        return false
    }

    /// Lets applications and stacks have their say until nothing more comes of it.
    private func settle() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for (index, end) in ends.enumerated() {
                end.run(at: now)
                while let packet = end.nextPacket(at: now) {
                    isQuiet = false
                    note(packet)
                    wire.send(packet, to: 1 - index, at: now)
                }
            }
        }
    }

    private func note(_ packet: [UInt8]) {
        var hash = SipHash(key: SipHash.Key(low: fingerprint, high: UInt64(packet.count)))
        hash.combine(UInt64(bitPattern: now.nanoseconds))
        for start in stride(from: 0, to: min(packet.count, 64), by: 8) {
            hash.combine(packet[start..<min(start + 8, packet.count)].reduce(0) { $0 << 8 | UInt64($1) })
        }
        fingerprint = hash.finish()
    }

    private var nextTime: Instant? {
        ([wire.nextArrival] + ends.flatMap { [$0.stack.nextDeadline, $0.wakesAt] }).compactMap { $0 }.min()
    }
}
