import TestSupport
import Testing

@testable import TunstackCore

/// What single steps leave behind. How the whole fares on a path is for `BBRPathTests`.
@Suite("BBR, step by step")
struct BBRStepTests {
    private static let segment = 1_448

    private static func bbr(roundTrip: Interval? = .milliseconds(20)) -> BBR {
        BBR(maximumSegmentSize: segment, initialWindow: 14_480, seed: 1, roundTrip: roundTrip)
    }

    private static func at(_ milliseconds: Int64) -> Instant { .origin + .milliseconds(milliseconds) }

    @Test("before a round trip is known the initial window stands for what the path holds")
    func noRoundTrip() {
        var bbr = Self.bbr(roundTrip: nil)
        #expect(bbr.bdp == 14_480)
        bbr.cycleBandwidth = 1_000_000
        #expect(bbr.bdp == 14_480)
    }

    @Test("times count from the first event, whichever it is", arguments: [true, false])
    func begin(isAcknowledgment: Bool) {
        var bbr = Self.bbr()
        if isAcknowledgment {
            bbr.onAcknowledged(AcknowledgmentNews(at: Self.at(100_000), delivered: Self.segment, inFlight: 14_480))
        } else {
            bbr.onSent(Self.segment, inFlight: 0, at: Self.at(100_000))
        }
        #expect(bbr.cycleStamp == Self.at(100_000))
        #expect(bbr.state == .startup)
    }

    @Test("ProbeRTT keeps the window for afterwards, and no more acknowledgments of a probe are awaited")
    func probeRTTBegins() {
        var bbr = Self.bbr()
        bbr.state = .probeCruise
        bbr.ackPhase = .probeStarting
        bbr.cwnd = 50_000
        bbr.isProbeRTTDue = true
        bbr.checkProbeRTT(AcknowledgmentNews(delivered: Self.segment, inFlight: 50_000))
        #expect(bbr.state == .probeRTT)
        #expect(bbr.ackPhase == .probeStopping)
        #expect(bbr.priorCwnd == 50_000)
    }

    @Test("after ProbeRTT a flow that has not filled the path goes on with Startup, the others cruise")
    func probeRTTEnds() {
        for isFull in [true, false] {
            var bbr = Self.bbr()
            bbr.state = .probeRTT
            bbr.isFullBandwidthReached = isFull
            bbr.probeRTTDoneStamp = Self.at(200)
            bbr.bandwidthShortterm = 1
            bbr.checkProbeRTTDone(at: Self.at(201))
            #expect(bbr.state == (isFull ? .probeCruise : .startup))
            #expect(bbr.bandwidthShortterm == BBR.unbounded)
        }
    }

    @Test("the short-term bounds are lifted together")
    func shortTermBounds() {
        var bbr = Self.bbr()
        bbr.bandwidthShortterm = 1
        bbr.inflightShortterm = 1
        bbr.resetShortTermModel()
        #expect(bbr.bandwidthShortterm == BBR.unbounded && bbr.inflightShortterm == BBR.unbounded)
    }

    @Test("signals that are reset leave nothing of the latest round")
    func congestionSignals() {
        var bbr = Self.bbr()
        bbr.isLossInRound = true
        bbr.bandwidthLatest = 1_000
        bbr.inflightLatest = 1_000
        bbr.resetCongestionSignals()
        #expect(bbr.bandwidthLatest == 0 && bbr.inflightLatest == 0 && !bbr.isLossInRound)
    }

    @Test("while cruising, little loss without a queue lowers nothing")
    func lossWithoutQueue() {
        var bbr = Self.bbr()
        bbr.state = .probeCruise
        bbr.isLossInRound = true
        bbr.isLossRoundStart = true
        bbr.updateCongestionSignals(
            RateSample(
                AcknowledgmentNews(delivered: Self.segment), probeRTTSamplesEnd: 0, minRTT: .milliseconds(20)))
        #expect(bbr.bandwidthShortterm == BBR.unbounded)
        #expect(!bbr.isLossInRound)
    }

    @Test("when a recovery is over, the next one saves anew what it may have to undo")
    func nextRecovery() {
        var bbr = Self.bbr()
        bbr.onCongestion(.loss, inFlight: 14_480, at: Self.at(1))
        bbr.onRecovered(inFlight: 14_480, at: Self.at(2))
        bbr.bandwidthShortterm = 777
        bbr.onCongestion(.loss, inFlight: 14_480, at: Self.at(3))
        #expect(bbr.undoBandwidthShortterm == 777)
    }

    @Test("a flow that begins to send after a recovery begins from idle; within one it does not")
    func idleAfterRecovery() {
        var bbr = Self.bbr()
        bbr.onCongestion(.loss, inFlight: 14_480, at: Self.at(1))
        bbr.onSent(Self.segment, inFlight: 0, at: Self.at(2))
        #expect(!bbr.isIdleRestart)
        bbr.onRecovered(inFlight: 14_480, at: Self.at(3))
        bbr.onSent(Self.segment, inFlight: 0, at: Self.at(4))
        #expect(bbr.isIdleRestart)
    }

    @Test("what was acknowledged beyond the rate is remembered for a second window once the path is full")
    func aggregation() {
        for isFull in [true, false] {
            var bbr = Self.bbr()
            bbr.isFullBandwidthReached = isFull
            bbr.roundCount = 100
            bbr.extraAcked = 5_000
            bbr.priorExtraAcked = 9_000
            bbr.updateAckAggregation(AcknowledgmentNews(at: Self.at(10), delivered: Self.segment))
            #expect(bbr.priorExtraAcked == (isFull ? 5_000 : 0))
        }
    }

    @Test("with the path's bandwidth known the window grows by what is acknowledged, up to what the model allows")
    func window() {
        var bbr = Self.bbr()
        bbr.isFullBandwidthReached = true
        bbr.cycleBandwidth = 10_000_000
        bbr.cwnd = 20_000
        bbr.setCwnd(newlyAcked: Self.segment, totalDelivered: 1_000_000)
        #expect(bbr.cwnd == 20_000 + Self.segment)
        bbr.cwnd = 10_000_000
        bbr.setCwnd(newlyAcked: Self.segment, totalDelivered: 1_000_000)
        #expect(bbr.cwnd < 1_000_000)
    }
}
