import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Congestion control at its extremes")
struct CongestionExtremesTests {
    private func number(_ generator: inout SplitMix64, bits: Int) -> Int {
        Int(truncatingIfNeeded: generator.next() >> UInt64(64 - Int.random(in: 1...bits, using: &generator)))
    }

    /// One event of any kind, with any numbers.
    private func event(_ controller: inout some CongestionController, at now: Instant, _ generator: inout SplitMix64) {
        let flight = number(&generator, bits: 63)
        switch generator.next() % 40 {
        case 0: controller.onCongestion(.loss, inFlight: flight, at: now)
        case 1: controller.onCongestion(.mark, inFlight: flight, at: now)
        case 2: controller.onTimeout(inFlight: flight, isFirst: Bool.random(using: &generator), at: now)
        case 3: controller.onSpurious(inFlight: flight, at: now)
        case 4, 5: controller.onRecovered(inFlight: flight, at: now)
        case 6: controller.setMaximumSegmentSize(number(&generator, bits: 18) - 3)
        case 7:
            controller.onIdle(
                for: Interval(nanoseconds: Int64(number(&generator, bits: 63))),
                rto: Interval(nanoseconds: Int64(number(&generator, bits: 40)) - 1))
        case 8: controller.onHandshakeRetransmitted()
        case 9: controller.onSent(number(&generator, bits: 16), inFlight: flight, at: now)
        case 10:
            controller.onLost(
                LostSegment(
                    length: number(&generator, bits: 20), inFlightAtSend: flight, lostSince: 0, priorDelivered: 0,
                    isApplicationLimited: false), at: now)
        default:
            controller.onAcknowledged(
                AcknowledgmentNews(
                    now: now, delivered: number(&generator, bits: 31), acknowledged: 0, lost: 0,
                    priorInFlight: flight, inFlight: 0,
                    una: SequenceNumber(UInt32(truncatingIfNeeded: generator.next())),
                    nxt: SequenceNumber(UInt32(truncatingIfNeeded: generator.next())),
                    roundTrip: Bool.random(using: &generator)
                        ? Interval(nanoseconds: Int64(number(&generator, bits: 63))) : nil,
                    smoothedRoundTrip: Interval(nanoseconds: Int64(number(&generator, bits: 63))), rate: nil,
                    totalDelivered: 0, totalLost: 0, isWindowLimited: generator.next() % 8 != 0,
                    hadFilledWindow: generator.next() % 2 == 0,
                    isInRecovery: generator.next() % 4 == 0, isAfterTimeout: generator.next() % 4 == 0,
                    isMarked: generator.next() % 8 == 0, isReordered: generator.next() % 2 == 0))
        }
    }

    @Test(
        "no sequence of events with whatever numbers traps or leaves the window's bounds",
        arguments: [1, 536, 1_448, 65_495])
    func randomEvents(mss: Int) {
        func check(_ controller: some CongestionController) {
            var controller = controller
            var generator = SplitMix64(seed: UInt64(mss))
            var now = Instant.origin
            for _ in 0..<25_000 {
                now = now + Interval(nanoseconds: Int64(number(&generator, bits: 45)) - 1_000)
                event(&controller, at: now, &generator)
                guard controller.cwnd >= 1, controller.cwnd <= 1 << 30, controller.ssthresh >= 2,
                    controller.pacingRate.map({ $0 >= 1 }) ?? true, !controller.phase.isEmpty
                else {
                    Issue.record("cwnd \(controller.cwnd), ssthresh \(controller.ssthresh)")
                    return
                }
            }
        }
        check(Cubic(maximumSegmentSize: mss))
        check(NewReno(maximumSegmentSize: mss))
    }

    @Test(
        "the largest window grows to its bound and no further, at any round trip",
        arguments: [536, 8_960], [1_000, 10_000_000_000] as [Int64])
    func largestWindow(mss: Int, roundTrip: Int64) {
        func check(_ controller: some CongestionController) {
            var controller = controller
            while controller.cwnd < 1 << 29 {
                controller.onAcknowledged(
                    AcknowledgmentNews(delivered: 1 << 20, smoothed: Interval(nanoseconds: roundTrip)))
            }
            controller.lose(inFlight: controller.cwnd)
            #expect(controller.cwnd >= 1 << 28)
            var now = Instant.origin
            for _ in 0..<10_000 {
                now = now + .seconds(1)
                controller.onAcknowledged(
                    AcknowledgmentNews(
                        at: now, delivered: controller.cwnd, smoothed: Interval(nanoseconds: roundTrip)))
            }
            #expect(controller.cwnd <= 1 << 30)
            #expect(controller.pacingRate.map { $0 > 0 } == true)
        }
        check(Cubic(maximumSegmentSize: mss))
        check(NewReno(maximumSegmentSize: mss))
    }

    @Test("an algorithm takes no more memory than recorded")
    func sizes() {
        #expect(MemoryLayout<NewReno>.stride <= 160)
        #expect(MemoryLayout<Cubic>.stride <= 248)
    }
}
