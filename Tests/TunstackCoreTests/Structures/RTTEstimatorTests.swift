import TestSupport
import Testing

@testable import TunstackCore

@Suite("Retransmission timeout (RFC 6298)")
struct RTTEstimatorTests {
    private func estimator(minimum: Interval = .milliseconds(1)) -> RTTEstimator {
        RTTEstimator(minimum: minimum, maximum: .seconds(60))
    }

    @Test("before the first measurement the RTO is one second", .requirement("RFC6298 §2.1"))
    func initial() {
        #expect(estimator().rto == .seconds(1))
        #expect(estimator().srtt == .zero)
    }

    @Test("the first measurement sets SRTT to R and RTTVAR to R/2", .requirement("RFC6298 §2.2"))
    func first() {
        var rtt = estimator()
        rtt.onSample(.milliseconds(100))
        #expect(rtt.srtt == .milliseconds(100))
        #expect(rtt.rttvar == .milliseconds(50))
        #expect(rtt.rto == .milliseconds(300))
    }

    @Test(
        "a later measurement moves RTTVAR by a quarter, with the old SRTT, and SRTT by an eighth",
        .requirement("RFC6298 §2.3"), .requirement("RFC9293 MUST-18"))
    func later() {
        var rtt = estimator()
        rtt.onSample(.milliseconds(100))
        rtt.onSample(.milliseconds(200))
        #expect(rtt.rttvar == .microseconds(62_500))
        #expect(rtt.srtt == .microseconds(112_500))
        #expect(rtt.rto == .microseconds(362_500))
        rtt.onSample(.microseconds(62_500))
        #expect(rtt.rttvar == .microseconds(59_375))
        #expect(rtt.srtt == .microseconds(106_250))
    }

    @Test(
        "a steady round trip leaves the granularity as the margin", .requirement("RFC6298 §2.3"),
        .requirement("RFC6298 §4"))
    func steady() {
        var rtt = estimator()
        for _ in 0..<100 { rtt.onSample(.milliseconds(10)) }
        #expect(rtt.srtt == .milliseconds(10))
        #expect(rtt.rto == .milliseconds(11))
    }

    @Test("the RTO stays within its bounds", .requirement("RFC6298 §2.4"), .requirement("RFC6298 §2.5"))
    func bounds() {
        var rtt = estimator(minimum: .milliseconds(200))
        rtt.onSample(.microseconds(50))
        #expect(rtt.rto == .milliseconds(200))
        rtt.onSample(.seconds(500))
        #expect(rtt.rto == .seconds(60))
        rtt.onSample(Interval(nanoseconds: .max))
        #expect(rtt.rto == .seconds(60))
        rtt.onSample(.zero)
        rtt.onSample(Interval(nanoseconds: -5))
        #expect(rtt.rto >= .milliseconds(200))
    }

    @Test(
        "each time-out doubles the RTO up to the bound", .requirement("RFC6298 §5.5"), .requirement("RFC9293 MUST-19"))
    func backOff() {
        var rtt = estimator()
        var timeouts: [Interval] = []
        for _ in 0..<8 {
            timeouts.append(rtt.rto)
            rtt.backOff()
        }
        #expect(timeouts == [1, 2, 4, 8, 16, 32, 60, 60].map { Interval.seconds($0) })
        for _ in 0..<1_000 { rtt.backOff() }
        #expect(rtt.rto == .seconds(60))
        rtt.onSample(.milliseconds(100))
        #expect(rtt.rto == .milliseconds(300), "a measurement ends the back-off")
    }

    @Test("after a SYN that timed out data begins with three seconds", .requirement("RFC6298 §5.7"))
    func handshakeFallback() {
        var rtt = estimator()
        rtt.backOff()
        rtt.onHandshakeRetransmitted()
        #expect(rtt.rto == .seconds(3))
        rtt.onSample(.milliseconds(100))
        #expect(rtt.rto == .milliseconds(300))
    }
}
