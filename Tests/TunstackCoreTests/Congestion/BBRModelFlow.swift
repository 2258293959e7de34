import TestSupport
import TunstackWire

@testable import TunstackCore

/// A sender in the model: it numbers its packets, samples the delivery rate as the draft says, and finds losses by
/// what was acknowledged after them. What is lost is sent again under a new number, so numbers only rise.
struct BBRModelFlow {
    private struct Packet {
        let sent: Instant
        let firstSent: Instant
        let deliveredTime: Instant
        let delivered: Int
        let lost: Int
        let inFlight: Int
        let isApplicationLimited: Bool
        var isOutstanding = true
    }

    var controller: BBR
    let size: Int
    /// Bytes per second that the application writes; nil for as much as goes.
    var applicationRate: Int?
    /// When the application begins.
    let start: Instant
    private(set) var delivered = 0
    private(set) var lost = 0
    private(set) var inFlight = 0
    private(set) var timeouts = 0
    private(set) var roundTrip = Interval.zero
    private(set) var shortestRoundTrip = Interval(nanoseconds: .max)
    private(set) var smoothed = Interval.zero
    private var packets: [Packet] = []
    private var firstOutstanding = 0
    private var firstSent = Instant.origin
    private var deliveredTime = Instant.origin
    private var applicationLimitedUntil = 0
    private var written = 0
    private var writtenAt: Instant
    private var recoveryEnd: Int?
    private var isAfterTimeout = false
    private var limitedAt = -1
    private var markEnd = 0
    private var nextSend = Instant.origin
    private var timer = Instant.distantFuture
    /// Acknowledgments on their way here: when they arrive, of which packet, and whether they carry a mark.
    var arrivals: [(at: Instant, number: Int, isMarked: Bool)] = []
    private var firstArrival = 0

    init(size: Int = 1448, seed: UInt32 = 1, applicationRate: Int? = nil, start: Instant = .origin) {
        controller = BBR(maximumSegmentSize: size, initialWindow: 10 * size, seed: seed)
        self.size = size
        self.applicationRate = applicationRate
        self.start = start
        writtenAt = start
    }

    /// When the next thing happens here.
    mutating func nextEvent(_ now: Instant) -> Instant {
        var next = min(timer, firstArrival < arrivals.count ? arrivals[firstArrival].at : .distantFuture)
        if inFlight + size <= controller.cwnd { next = min(next, max(nextSend, dataReady, now)) }
        return next
    }

    /// When the application has a packet's worth to send.
    private var dataReady: Instant {
        guard let applicationRate else { return start }
        guard applicationRate > 0 else { return .distantFuture }
        let missing = Int64(max(0, size - written))
        return writtenAt
            + Interval(nanoseconds: missing * 1_000_000_000 / Int64(applicationRate) + (missing > 0 ? 1 : 0))
    }

    private mutating func write(until now: Instant) {
        guard let applicationRate, now > writtenAt else { return }
        written = min(written + Int((now - writtenAt).nanoseconds) * applicationRate / 1_000_000_000, 64 * size)
        writtenAt = now
    }

    /// Does what is due, and returns the number of a packet to put on the path.
    mutating func step(at now: Instant) -> Int? {
        if firstArrival < arrivals.count, arrivals[firstArrival].at <= now {
            let arrival = arrivals[firstArrival]
            firstArrival += 1
            acknowledge(arrival.number, isMarked: arrival.isMarked, at: now)
            return nil
        }
        if timer <= now {
            timeOut(at: now)
            return nil
        }
        guard inFlight + size <= controller.cwnd, max(nextSend, dataReady) <= now else { return nil }
        return send(at: now)
    }

    private mutating func send(at now: Instant) -> Int {
        write(until: now)
        controller.onSent(size, inFlight: inFlight, at: now)
        if inFlight == 0 {
            firstSent = now
            deliveredTime = now
        }
        inFlight += size
        packets.append(
            Packet(
                sent: now, firstSent: firstSent, deliveredTime: deliveredTime, delivered: delivered, lost: lost,
                inFlight: inFlight, isApplicationLimited: applicationLimitedUntil > 0))
        let pause = controller.pacingRate.map { Int64(size) * 1_000_000_000 / Int64(max($0, 1)) } ?? 0
        nextSend = max(now, nextSend) + Interval(nanoseconds: pause)
        if applicationRate != nil {
            written -= size
            if written < size, inFlight + size <= controller.cwnd { applicationLimitedUntil = delivered + inFlight }
        }
        if inFlight + size > controller.cwnd { limitedAt = packets.count }
        if timer == .distantFuture { timer = now + timeout }
        return packets.count - 1
    }

    private var timeout: Interval { smoothed == .zero ? .seconds(60) : max(.milliseconds(200), smoothed * 2) }

    // MARK: Acknowledgments

    private mutating func acknowledge(_ number: Int, isMarked: Bool, at now: Instant) {
        let packet = packets[number]
        guard packet.isOutstanding else { return }
        let priorInFlight = inFlight
        let priorLost = lost
        packets[number].isOutstanding = false
        inFlight -= size
        delivered += size
        deliveredTime = now
        firstSent = packet.sent
        let rate = DeliveryRate(
            delivered: delivered - packet.delivered,
            interval: max(packet.sent - packet.firstSent, now - packet.deliveredTime),
            isApplicationLimited: packet.isApplicationLimited, priorDelivered: packet.delivered,
            inFlightAtSend: packet.inFlight, lost: lost - packet.lost)
        if applicationLimitedUntil > 0, delivered > applicationLimitedUntil { applicationLimitedUntil = 0 }
        roundTrip = now - packet.sent
        shortestRoundTrip = min(shortestRoundTrip, roundTrip)
        smoothed = smoothed == .zero ? roundTrip : (smoothed * 7 + roundTrip) / 8
        findLosses(below: number - 2, at: now)
        if lost > priorLost, recoveryEnd == nil {
            recoveryEnd = packets.count
            controller.onCongestion(.loss, inFlight: inFlight, at: now)
        }
        if isMarked, number >= markEnd {
            markEnd = packets.count
            controller.onCongestion(.mark, inFlight: inFlight, at: now)
        }
        if let end = recoveryEnd, number >= end {
            recoveryEnd = nil
            isAfterTimeout = false
            controller.onRecovered(inFlight: inFlight, at: now)
        }
        controller.onAcknowledged(
            AcknowledgmentNews(
                now: now, delivered: size, acknowledged: size, lost: lost - priorLost, priorInFlight: priorInFlight,
                inFlight: inFlight, una: SequenceNumber(0) + firstOutstanding * size,
                nxt: SequenceNumber(0) + packets.count * size, roundTrip: roundTrip, smoothedRoundTrip: smoothed,
                rate: rate, totalDelivered: delivered, totalLost: lost, isWindowLimited: limitedAt >= number,
                hadFilledWindow: limitedAt >= number,
                isInRecovery: recoveryEnd != nil, isAfterTimeout: isAfterTimeout, isMarked: isMarked))
        if inFlight + size > controller.cwnd { limitedAt = packets.count }
        timer = inFlight > 0 ? now + timeout : .distantFuture
    }

    private mutating func findLosses(below end: Int, at now: Instant) {
        while firstOutstanding < end {
            if packets[firstOutstanding].isOutstanding {
                let packet = packets[firstOutstanding]
                packets[firstOutstanding].isOutstanding = false
                inFlight -= size
                lost += size
                if applicationRate != nil { written += size }
                controller.onLost(
                    LostSegment(
                        length: size, inFlightAtSend: packet.inFlight, lostSince: lost - packet.lost,
                        priorDelivered: packet.delivered, isApplicationLimited: packet.isApplicationLimited),
                    at: now)
            }
            firstOutstanding += 1
        }
    }

    private mutating func timeOut(at now: Instant) {
        timeouts += 1
        isAfterTimeout = true
        recoveryEnd = packets.count
        findLosses(below: packets.count, at: now)
        controller.onTimeout(inFlight: inFlight, isFirst: true, at: now)
        timer = .distantFuture
    }
}
