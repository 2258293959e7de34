import TestSupport
import TunstackWire

@testable import TunstackCore

/// A path with one bottleneck for all flows: a queue that drops what does not fit, a rate, and random loss behind it.
/// Exact to the nanosecond, and the same for the same seed.
struct BBRModelPath {
    /// The bottleneck's rate, in bytes per second.
    var rate: Int
    /// What the queue holds, in bytes.
    var queueLimit: Int
    /// The round trip without a queue.
    var roundTrip: Interval
    /// Of a million packets, so many get lost at random.
    var lossPerMillion = 0
    /// Acknowledgments come up to this much later, but in order.
    var jitter = Interval.zero
    /// Acknowledgments arrive only at multiples of this time.
    var aggregation = Interval.zero
    /// From this queue on, packets are marked.
    var markingThreshold = Int.max
    var flows: [BBRModelFlow]
    private(set) var now = Instant.origin
    private(set) var drops = 0
    /// The longest queue, in bytes, since it was last set to zero.
    var longestQueue = 0
    /// The states that the first flow has gone through, with the time it entered each.
    private(set) var states: [(state: BBR.State, at: Instant)] = []
    private var random: SplitMix64
    private var busyUntil = Instant.origin

    init(
        megabits: Int, queuePackets: Int, roundTrip: Interval, flows: [BBRModelFlow] = [BBRModelFlow()],
        seed: UInt64 = 1
    ) {
        rate = megabits * 125_000
        queueLimit = queuePackets * 1448
        self.roundTrip = roundTrip
        self.flows = flows
        random = SplitMix64(seed: seed)
    }

    /// Bytes that wait in the queue now.
    var queue: Int {
        let wait = max(0, (busyUntil - now).nanoseconds)
        return BBR.product(Int(wait), rate, over: 1_000_000_000)
    }

    /// Lets everything happen until `end`; returns the bytes each flow has delivered meanwhile.
    @discardableResult
    mutating func run(until end: Instant) -> [Int] {
        let before = flows.map(\.delivered)
        while true {
            var first = 0
            var next = Instant.distantFuture
            for index in flows.indices {
                let event = flows[index].nextEvent(now)
                if event < next { (first, next) = (index, event) }
            }
            guard next < end else { break }
            now = max(now, next)
            if let number = flows[first].step(at: now) { carry(number, of: first) }
            let state = flows[0].controller.state
            if states.last?.state != state { states.append((state, now)) }
        }
        now = end
        return zip(flows, before).map { $0.delivered - $1 }
    }

    @discardableResult
    mutating func run(for interval: Interval) -> [Int] { run(until: now + interval) }

    private mutating func carry(_ number: Int, of index: Int) {
        let size = flows[index].size
        let waiting = queue
        guard waiting + size <= queueLimit + size else {
            drops += 1
            return
        }
        longestQueue = max(longestQueue, waiting)
        busyUntil = max(busyUntil, now) + Interval(nanoseconds: Int64(size) * 1_000_000_000 / Int64(rate))
        if lossPerMillion > 0, random.next() % 1_000_000 < UInt64(lossPerMillion) { return }
        var arrival = busyUntil + roundTrip
        if jitter > .zero {
            arrival = arrival + Interval(nanoseconds: Int64(random.next() % UInt64(jitter.nanoseconds)))
            if let last = flows[index].arrivals.last { arrival = max(arrival, last.at) }
        }
        if aggregation > .zero {
            let ticks = (arrival.nanoseconds + aggregation.nanoseconds - 1) / aggregation.nanoseconds
            arrival = Instant(nanoseconds: ticks * aggregation.nanoseconds)
        }
        flows[index].arrivals.append((arrival, number, waiting >= markingThreshold))
    }
}
