import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("BBR with whatever figures")
struct BBRExtremesTests {
    /// A number below 2 to the power of up to `bits`, so that small ones are as likely as large ones.
    private static func magnitude(_ bits: UInt64, _ random: inout SplitMix64) -> Int {
        Int(random.next() & ((1 << (random.next() % (bits + 1))) - 1))
    }

    private static func interval(_ random: inout SplitMix64) -> Interval {
        Interval(nanoseconds: Int64(min(magnitude(34, &random) + 1, 10_000_000_000)))
    }

    private static func news(_ now: Instant, total: Int, _ random: inout SplitMix64) -> AcknowledgmentNews {
        let delivered = magnitude(29, &random)
        let lost = magnitude(29, &random)
        let hasRate = random.next() % 8 != 0
        let rate = DeliveryRate(
            delivered: magnitude(30, &random), interval: interval(&random),
            isApplicationLimited: random.next() % 4 == 0,
            priorDelivered: max(0, total - magnitude(30, &random)), inFlightAtSend: magnitude(29, &random), lost: lost)
        return AcknowledgmentNews(
            now: now, delivered: delivered, acknowledged: delivered, lost: lost, priorInFlight: magnitude(29, &random),
            inFlight: magnitude(29, &random), una: SequenceNumber(0), nxt: SequenceNumber(0),
            roundTrip: random.next() % 4 == 0 ? nil : interval(&random), smoothedRoundTrip: interval(&random),
            rate: hasRate ? rate : nil, totalDelivered: total + delivered, totalLost: lost,
            isWindowLimited: random.next() % 2 == 0, hadFilledWindow: random.next() % 2 == 0,
            isInRecovery: random.next() % 2 == 0,
            isAfterTimeout: random.next() % 8 == 0, isMarked: random.next() % 8 == 0)
    }

    private static func event(_ bbr: inout BBR, _ now: Instant, _ random: inout SplitMix64) {
        let inFlight = magnitude(29, &random)
        switch random.next() % 24 {
        case 0: bbr.onRecovered(inFlight: inFlight, at: now)
        case 1: bbr.onSpurious(inFlight: inFlight, at: now)
        case 2: bbr.onCongestion(random.next() % 2 == 0 ? .loss : .mark, inFlight: inFlight, at: now)
        case 3: bbr.onTimeout(inFlight: inFlight, isFirst: random.next() % 2 == 0, at: now)
        case 4: bbr.setMaximumSegmentSize(536 + Int(random.next() % 65_000))
        case 5: bbr.onIdle(for: interval(&random), rto: interval(&random))
        case 6...9:
            bbr.onLost(
                LostSegment(
                    length: magnitude(16, &random), inFlightAtSend: inFlight, lostSince: magnitude(29, &random),
                    priorDelivered: magnitude(29, &random), isApplicationLimited: random.next() % 4 == 0),
                at: now)
        default: bbr.onSent(magnitude(16, &random), inFlight: random.next() % 4 == 0 ? 0 : inFlight, at: now)
        }
    }

    @Test("no figures trap, stop it, or open the window beyond TCP's largest", arguments: UInt64(1)...5)
    func random(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var bbr = BBR(
            maximumSegmentSize: 536, initialWindow: 5_360, seed: UInt32(seed), hasSelectiveAcknowledgments: seed != 3)
        var now = Instant.origin
        var total = 0
        var seen: Set<BBR.State> = []
        for _ in 0..<20_000 {
            now = now + Self.interval(&random) / 16
            Self.event(&bbr, now, &random)
            let news = Self.news(now, total: total, &random)
            total = news.totalDelivered
            bbr.onAcknowledged(news)
            seen.insert(bbr.state)
            guard bbr.cwnd >= bbr.minPipeCwnd, bbr.cwnd <= BBR.largestWindow, bbr.pacing > 0 else {
                Issue.record("cwnd \(bbr.cwnd), pacing \(bbr.pacing)")
                return
            }
        }
        #expect(seen.count >= 4)
    }

    @Test("paths from a microsecond to ten seconds are filled", arguments: [1, 1_000, 1_000_000, 10_000_000])
    func roundTrips(microseconds: Int64) {
        let roundTrip = Interval.microseconds(microseconds)
        var path = BBRModelPath(megabits: 8, queuePackets: 10_000, roundTrip: roundTrip)
        path.run(for: max(.seconds(1), roundTrip * 16))
        let window = max(.seconds(2), roundTrip * 4)
        let delivered = path.run(for: window)[0]
        #expect(delivered * 100 > BBR.product(1_000_000, Int(window.nanoseconds), over: 1_000_000_000) * 85)
        #expect(path.flows[0].timeouts == 0)
    }

    @Test("products neither overflow nor go below zero")
    func products() {
        #expect(BBR.product(.max, .max, over: 1) == BBR.limit)
        #expect(BBR.product(.max, 3, over: .max) == 3)
        #expect(BBR.product(-1, 5, over: 2) == 0)
        #expect(BBR.product(7, 5, over: 0) == 35)
        #expect(Ratio(7, over: 10).of(BBR.unbounded) == BBR.unbounded)
        #expect(Ratio(7, over: 10).of(1_000) == 700)
    }
}
