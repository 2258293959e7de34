import TunstackCore

/// Sends packets one after the other at a rate; those that come meanwhile wait in a queue, and what finds the queue
/// full is dropped (tail drop). Each direction has a queue of its own.
///
/// A packet leaves when its last bit has been sent. Time is exact: fractions of a nanosecond are kept from packet to
/// packet, so any number of packets take just as long as their bits. The rule belongs before those that delay, for it
/// takes packets in the order in which it is asked.
public struct Bottleneck: LinkRule {
    private let rate: Int64
    private let capacity: Int
    private let markingThreshold: Int?
    private var queues = PerDirection(repeating: Queue())

    /// - Parameters:
    ///   - rate: bits per second, at least 1.
    ///   - capacity: how many packets the queue holds, the one being sent among them; at least 1.
    ///   - markingThreshold: with so many packets in the queue, a packet that comes is marked "congestion experienced"
    ///     if it allows that (RFC 3168 §5); nil for never.
    public init(bitsPerSecond rate: Int64, queue capacity: Int, markingAbove markingThreshold: Int? = nil) {
        self.rate = max(1, rate)
        self.capacity = max(1, capacity)
        self.markingThreshold = markingThreshold
    }

    /// Lets the packet wait, or drops it.
    public mutating func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        let now = packet.time
        let waiting = queues[packet.direction].waiting(at: now)
        guard waiting < capacity else { return .drop("queue full") }
        let departure = queues[packet.direction].append(bits: Int64(packet.bytes.count) * 8, at: now, rate: rate)
        return .hold(back: departure - now, markingCongestion: markingThreshold.map { waiting >= $0 } ?? false)
    }
}

extension Bottleneck {
    /// The packets that wait in one direction, as the times when they leave.
    private struct Queue: Sendable {
        private var departures: [Instant] = []
        private var first = 0
        /// When everything is sent: this instant, and `fraction` / rate nanoseconds.
        private var idleAt = Instant.origin
        private var fraction: Int64 = 0

        /// How many packets have not left.
        mutating func waiting(at now: Instant) -> Int {
            while first < departures.count, departures[first] <= now { first += 1 }
            if first * 2 > departures.count {
                departures.removeFirst(first)
                first = 0
            }
            return departures.count - first
        }

        /// Takes a packet and says when it has left.
        mutating func append(bits: Int64, at now: Instant, rate: Int64) -> Instant {
            if now > idleAt { (idleAt, fraction) = (now, 0) }
            let duration = (bits * 1_000_000_000).quotientAndRemainder(dividingBy: rate)
            fraction += duration.remainder
            let carry: Int64 = fraction >= rate ? 1 : 0
            fraction -= carry * rate
            idleAt = idleAt + Interval(nanoseconds: duration.quotient + carry)
            let departure = fraction > 0 ? idleAt + Interval(nanoseconds: 1) : idleAt
            departures.append(departure)
            return departure
        }
    }
}
