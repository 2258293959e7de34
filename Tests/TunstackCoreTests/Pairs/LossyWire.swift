import TestSupport
import TunstackCore

/// What a wire does to the packets on it.
struct WireFaults: Sendable {
    /// Of a thousand packets, how many are lost, doubled, held up, and have a bit turned over.
    var lost = 0
    var doubled = 0
    var heldUp = 0
    var corrupted = 0
    /// The time that a packet takes.
    var delay = Interval.milliseconds(10)
    /// The most by which one that is held up comes later.
    var longestHoldUp = Interval.milliseconds(50)
    /// Bits a second in either direction; nil for a wire that takes all packets at once.
    var rate: Int64?

    static let none = WireFaults()
}

/// Carries packets between two stacks in virtual time, as badly as it is told to. The seed decides everything.
struct LossyWire {
    /// A packet that is on its way.
    struct Flight {
        let arrival: Instant
        /// Where it goes: 0 or 1.
        let destination: Int
        let bytes: [UInt8]
    }

    let faults: WireFaults
    private var random: SplitMix64
    private var flights: [Flight] = []
    /// When each direction has put what it took on the wire.
    private var freeAt = [Instant.origin, .origin]
    private(set) var lostCount = 0
    private(set) var doubledCount = 0
    private(set) var corruptedCount = 0
    private(set) var carriedCount = 0

    init(faults: WireFaults, random: SplitMix64) {
        self.faults = faults
        self.random = random
    }

    /// When the next packet arrives.
    var nextArrival: Instant? { flights.first?.arrival }

    private mutating func happens(_ perMille: Int) -> Bool { Int.random(in: 0..<1_000, using: &random) < perMille }

    mutating func send(_ bytes: [UInt8], to destination: Int, at now: Instant) {
        if happens(faults.lost) {
            lostCount += 1
            return
        }
        if happens(faults.doubled) {
            doubledCount += 1
            carry(bytes, to: destination, at: now)
        }
        carry(bytes, to: destination, at: now)
    }

    private mutating func carry(_ bytes: [UInt8], to destination: Int, at now: Instant) {
        var bytes = bytes
        var arrival = leaving(bytes.count, to: destination, at: now) + faults.delay
        if happens(faults.corrupted), let place = bytes.indices.randomElement(using: &random) {
            corruptedCount += 1
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        if happens(faults.heldUp) {
            let longest = faults.longestHoldUp.nanoseconds
            arrival = arrival + Interval(nanoseconds: Int64.random(in: 1...longest, using: &random))
        }
        carriedCount += 1
        let place = flights.lastIndex { $0.arrival <= arrival }.map { $0 + 1 } ?? 0
        flights.insert(Flight(arrival: arrival, destination: destination, bytes: bytes), at: place)
    }

    /// When the last bit of a packet has left, behind those that came before it.
    private mutating func leaving(_ byteCount: Int, to destination: Int, at now: Instant) -> Instant {
        guard let rate = faults.rate else { return now }
        let time = Interval(nanoseconds: Int64(byteCount) * 8_000_000_000 / rate)
        freeAt[destination] = max(freeAt[destination], now) + time
        return freeAt[destination]
    }

    /// The next packet that has arrived by `now`.
    mutating func arrive(by now: Instant) -> Flight? {
        guard let first = flights.first, first.arrival <= now else { return nil }
        return flights.removeFirst()
    }
}
