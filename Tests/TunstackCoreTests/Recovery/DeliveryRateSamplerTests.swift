import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Delivery rate samples (draft-ietf-ccwg-bbr)")
struct DeliveryRateSamplerTests {
    private func at(_ milliseconds: Int64) -> Instant { .origin + .milliseconds(milliseconds) }

    /// A segment of 1,000 bytes that leaves now.
    private func send(_ sampler: inout DeliveryRateSampler, inFlight: Int, at time: Int64) -> SentSegment {
        var segment = SentSegment(start: SequenceNumber(1), length: 1_000, sentAt: at(time))
        sampler.stamp(&segment, inFlight: inFlight, at: at(time))
        return segment
    }

    private func deliver(_ segment: SentSegment, _ sampler: inout DeliveryRateSampler, at time: Int64) {
        sampler.onDelivered(segment, at: at(time))
    }

    @Test("ten segments in a burst, acknowledged evenly, show a rate no higher than that of the acknowledgments")
    func ackRate() throws {
        var sampler = DeliveryRateSampler()
        let first = (0..<10).map { send(&sampler, inFlight: $0 * 1_000, at: 0) }
        // One a millisecond, and for each of them another one leaves.
        var second: [SentSegment] = []
        for index in 0..<10 {
            deliver(first[index], &sampler, at: 100 + Int64(index))
            _ = sampler.sample(endingWith: first[index], minimumRoundTrip: nil)
            second.append(send(&sampler, inFlight: 9_000, at: 100 + Int64(index)))
        }
        for index in 0..<10 { deliver(second[index], &sampler, at: 200 + Int64(index)) }
        let sample = sampler.sample(endingWith: second[9], minimumRoundTrip: .milliseconds(100))
        let rate = try #require(sample)
        // From the burst, with which the ten before it left, to its own sending; the acknowledgments took 100 ms.
        #expect(rate.delivered == 10_000)
        #expect(rate.interval == .milliseconds(109))
        #expect(rate.bytesPerSecond == 10_000 * 1_000 / 109)
        #expect(rate.priorDelivered == 10_000)
        #expect(rate.inFlightAtSend == 10_000)
        #expect(!rate.isApplicationLimited)
        #expect(sampler.delivered == 20_000)
    }

    @Test("acknowledgments that come compressed show no more than the rate of sending")
    func compressed() throws {
        var sampler = DeliveryRateSampler()
        let segments = (0..<10).map { send(&sampler, inFlight: $0 * 1_000, at: 50 * Int64($0)) }
        for segment in segments { deliver(segment, &sampler, at: 500) }
        let sample = sampler.sample(endingWith: segments[9], minimumRoundTrip: nil)
        let rate = try #require(sample)
        // From its own sending to the acknowledgment would be 500 ms since the connection began.
        #expect(rate.interval == .milliseconds(500))
        #expect(rate.delivered == 10_000)
    }

    @Test("an interval shorter than any round trip tells nothing")
    func tooShort() {
        var sampler = DeliveryRateSampler()
        let segment = send(&sampler, inFlight: 0, at: 0)
        deliver(segment, &sampler, at: 10)
        expectEqual(sampler.sample(endingWith: segment, minimumRoundTrip: .milliseconds(11)) == nil, true)
        expectEqual(sampler.sample(endingWith: segment, minimumRoundTrip: .milliseconds(10)) != nil, true)
        expectEqual(sampler.sample(endingWith: nil, minimumRoundTrip: nil) == nil, true)
        let same = send(&sampler, inFlight: 0, at: 20)
        deliver(same, &sampler, at: 20)
        expectEqual(sampler.sample(endingWith: same, minimumRoundTrip: nil) == nil, true)
    }

    @Test("after a pause the clock starts anew")
    func idle() throws {
        var sampler = DeliveryRateSampler()
        let first = send(&sampler, inFlight: 0, at: 0)
        deliver(first, &sampler, at: 10)
        _ = sampler.sample(endingWith: first, minimumRoundTrip: nil)
        let second = send(&sampler, inFlight: 0, at: 10_000)
        deliver(second, &sampler, at: 10_010)
        let sample = sampler.sample(endingWith: second, minimumRoundTrip: nil)
        let rate = try #require(sample)
        #expect(rate.interval == .milliseconds(10))
        #expect(rate.delivered == 1_000)
    }

    @Test("what leaves while the application lacks data is marked, until all of that has been delivered")
    func applicationLimited() {
        var sampler = DeliveryRateSampler()
        let full = send(&sampler, inFlight: 0, at: 0)
        sampler.onApplicationLimited(inFlight: 1_000)
        let limited = send(&sampler, inFlight: 1_000, at: 1)
        deliver(full, &sampler, at: 10)
        expectEqual(sampler.sample(endingWith: full, minimumRoundTrip: nil)?.isApplicationLimited, false)
        #expect(sampler.isApplicationLimited)
        deliver(limited, &sampler, at: 11)
        expectEqual(sampler.sample(endingWith: limited, minimumRoundTrip: nil)?.isApplicationLimited, true)
        #expect(!sampler.isApplicationLimited)
        // Before anything was delivered or sent, too.
        var fresh = DeliveryRateSampler()
        fresh.onApplicationLimited(inFlight: 0)
        #expect(fresh.isApplicationLimited)
    }

    @Test("a sample says what was lost since the segment left")
    func lost() throws {
        var sampler = DeliveryRateSampler()
        sampler.onLost(5_000)
        let segment = send(&sampler, inFlight: 0, at: 0)
        sampler.onLost(700)
        #expect(sampler.lostSince(segment) == 700)
        deliver(segment, &sampler, at: 10)
        expectEqual(sampler.sample(endingWith: segment, minimumRoundTrip: nil)?.lost, 700)
        #expect(sampler.lost == 5_700)
    }

    @Test("more than 2^32 bytes lost in all are no matter")
    func lostWraps() {
        var sampler = DeliveryRateSampler()
        sampler.onLost(Int(UInt32.max) - 100)
        let segment = send(&sampler, inFlight: 0, at: 0)
        sampler.onLost(300)
        #expect(sampler.lostSince(segment) == 300)
    }
}
