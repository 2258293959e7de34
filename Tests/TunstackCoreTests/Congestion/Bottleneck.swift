import TunstackWire

@testable import TunstackCore

/// A sender that always has data, and one link of a fixed rate and delay with a bounded queue that drops at its tail:
/// packets of one size, every one acknowledged by itself, in virtual time. The path keeps the order, so whatever is
/// overtaken is lost.
struct Bottleneck<Controller: CongestionController> {
    struct Sample {
        var delivered = 0
        var dropped = 0
    }

    private struct Transmission {
        let sequence: Int
        let sentAt: Int64
        let inFlight: Int
        /// When its acknowledgment arrives; nil if the queue was full.
        let acknowledgedAt: Int64?
    }

    private(set) var controller: Controller
    /// Packets delivered and dropped in each second.
    private(set) var seconds: [Sample] = []
    /// Packets dropped until slow start was over and a second beyond.
    private(set) var droppedInSlowStart = 0
    /// The loss episodes.
    private(set) var recoveries = 0
    let packetsPerSecond: Int64

    private let mss = 1_448
    private let roundTrip: Int64
    private let serialization: Int64
    private let queueLimit: Int64
    private let period: Int64?

    private var now: Int64 = 0
    private var linkFree: Int64 = 0
    private var mayLeave: Int64 = 0
    private var slowStartEnd: Int64?
    private var network: [Transmission] = []
    private var head = 0
    private var lost: [Int] = []
    private var missing: Set<Int> = []
    private var next = 0
    private var inFlight = 0
    private var recoveryEnd: Int?
    private var smoothed: Int64 = 0
    // Proportional rate reduction (RFC 6937 §3).
    private var allowance = 0
    private var deliveredInRecovery = 0
    private var sentInRecovery = 0
    private var flightAtLoss = 1

    /// `roundTrip` in nanoseconds; `queue` in packets of 1500 bytes; every `losingEvery`th packet is lost in addition.
    init(
        _ controller: Controller, bitsPerSecond: Int64, roundTrip: Int64, queue: Int64, losingEvery period: Int64? = nil
    ) {
        self.controller = controller
        self.roundTrip = roundTrip
        self.period = period
        serialization = 1_500 * 8 * 1_000_000_000 / bitsPerSecond
        packetsPerSecond = 1_000_000_000 / serialization
        queueLimit = queue
    }

    mutating func run(seconds count: Int) {
        let end = Int64(count) * 1_000_000_000
        seconds = Array(repeating: Sample(), count: count)
        while now < end {
            let arrival = head < network.count ? nextArrival() : Int64.max
            let departure = room >= mss ? max(now, mayLeave) : Int64.max
            guard min(arrival, departure) < end else { return }
            if departure < arrival {
                now = departure
                send()
            } else {
                now = arrival
                acknowledge()
            }
        }
    }

    /// Utilisation of the link from one second to another, in thousandths.
    func utilisation(_ range: Range<Int>) -> Int {
        let delivered = seconds[range].reduce(0) { $0 + $1.delivered }
        return delivered * 1_000 / (Int(packetsPerSecond) * range.count)
    }

    private var room: Int { recoveryEnd == nil ? controller.cwnd - inFlight : allowance }

    private func nextArrival() -> Int64 {
        for index in head..<network.count {
            if let time = network[index].acknowledgedAt { return time }
        }
        // All that is left was lost: the time-out is not modelled, an acknowledgment of nothing comes late.
        return now + 1_000_000_000
    }

    private mutating func send() {
        let sequence = lost.isEmpty ? next : lost.removeFirst()
        if sequence == next {
            next += 1
            missing.insert(sequence)
        }
        controller.onSent(mss, inFlight: inFlight, at: Instant(nanoseconds: now))
        inFlight += mss
        if recoveryEnd != nil {
            allowance -= mss
            sentInRecovery += mss
        }
        let isFull = (linkFree - now) / serialization >= queueLimit
        let isLost = period.map { Int64(network.count + 1) % $0 == 0 } ?? false
        if isFull || isLost {
            seconds[Int(now / 1_000_000_000)].dropped += 1
            if now < (slowStartEnd ?? .max) { droppedInSlowStart += 1 }
        } else {
            linkFree = max(linkFree, now) + serialization
        }
        network.append(
            Transmission(
                sequence: sequence, sentAt: now, inFlight: inFlight,
                acknowledgedAt: isFull || isLost ? nil : linkFree + roundTrip))
        if let rate = controller.pacingRate {
            mayLeave = max(now, mayLeave) + Int64(mss) * 1_000_000_000 / Int64(rate)
        }
    }

    private mutating func acknowledge() {
        let priorInFlight = inFlight
        let isWindowLimited = room < 2 * mss || controller.pacingRate != nil
        var newlyLost = 0
        let instant = Instant(nanoseconds: now)
        while head < network.count, network[head].acknowledgedAt == nil {
            lost.append(network[head].sequence)
            newlyLost += mss
            controller.onLost(
                LostSegment(
                    length: mss, inFlightAtSend: network[head].inFlight, lostSince: newlyLost, priorDelivered: 0,
                    isApplicationLimited: false), at: instant)
            head += 1
        }
        guard head < network.count else { return }
        let arrived = network[head]
        head += 1
        missing.remove(arrived.sequence)
        inFlight -= mss + newlyLost
        if recoveryEnd == nil, newlyLost > 0 {
            recoveryEnd = next
            recoveries += 1
            flightAtLoss = max(priorInFlight, 1)
            (deliveredInRecovery, sentInRecovery) = (0, 0)
            controller.onCongestion(.loss, inFlight: priorInFlight, at: instant)
        }
        if let end = recoveryEnd, missing.allSatisfy({ $0 >= end }) {
            recoveryEnd = nil
            controller.onRecovered(inFlight: inFlight, at: instant)
        }
        let sample = now - arrived.sentAt
        smoothed = smoothed == 0 ? sample : smoothed + (sample - smoothed) / 8
        let una = recoveryEnd == nil ? arrived.sequence + 1 : 0
        controller.onAcknowledged(
            AcknowledgmentNews(
                now: instant, delivered: mss, acknowledged: mss, lost: newlyLost, priorInFlight: priorInFlight,
                inFlight: inFlight, una: SequenceNumber(0) + una, nxt: SequenceNumber(0) + next,
                roundTrip: Interval(nanoseconds: sample), smoothedRoundTrip: Interval(nanoseconds: smoothed),
                rate: nil, totalDelivered: 0, totalLost: 0, isWindowLimited: isWindowLimited,
                hadFilledWindow: isWindowLimited,
                isInRecovery: recoveryEnd != nil, isAfterTimeout: false, isMarked: false))
        seconds[Int(now / 1_000_000_000)].delivered += 1
        if slowStartEnd == nil, controller.ssthresh != .max { slowStartEnd = now + 1_000_000_000 }
        if recoveryEnd != nil { reduceProportionally(lost: newlyLost) }
    }

    private mutating func reduceProportionally(lost: Int) {
        deliveredInRecovery += mss
        let target = controller.ssthresh
        if inFlight > target {
            allowance = (deliveredInRecovery * target + flightAtLoss - 1) / flightAtLoss - sentInRecovery
        } else {
            allowance = min(target - inFlight, max(deliveredInRecovery - sentInRecovery, mss) + mss)
        }
        // The first repair leaves at once.
        if sentInRecovery == 0 { allowance = max(allowance, mss) }
    }
}
