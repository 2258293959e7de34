import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("BBR, event by event")
struct BBREventTests {
    private static let segment = 1448

    /// A controller in mid-cycle, and the path on which it got there.
    private static func running(until state: BBR.State, after start: Interval = .seconds(1)) -> BBRModelPath {
        var path = BBRModelPath(megabits: 48, queuePackets: 1000, roundTrip: .milliseconds(20))
        path.run(for: start)
        for _ in 0..<4_000 where path.flows[0].controller.state != state { path.run(for: .milliseconds(1)) }
        return path
    }

    private static func lost(_ count: Int, ofFlight inFlight: Int = 100) -> LostSegment {
        LostSegment(
            length: segment, inFlightAtSend: inFlight * segment, lostSince: count * segment, priorDelivered: 0,
            isApplicationLimited: false)
    }

    @Test("its state stays small: there is one for every connection that uses it")
    func size() {
        #expect(MemoryLayout<BBR>.size <= 360)
    }

    @Test("at first, the initial window leaves over the handshake's round trip")
    func initialPacing() {
        let bbr = BBR(
            maximumSegmentSize: 1448, initialWindow: 14_480, seed: 1, roundTrip: .milliseconds(100))
        #expect(bbr.cwnd == 14_480)
        #expect(bbr.pacingRate == 144_800 * 277 / 100)
        #expect(bbr.ssthresh == .max)
        #expect(bbr.governsRecovery)
    }

    @Test("a handshake that was sent again leaves one segment")
    func handshakeRetransmitted() {
        var bbr = BBR(maximumSegmentSize: 1448, initialWindow: 14_480, seed: 1)
        bbr.onHandshakeRetransmitted()
        #expect(bbr.cwnd == 1448)
    }

    @Test("a time-out leaves one segment above what is in flight, and its end the window before it")
    func timeout() {
        var path = Self.running(until: .probeCruise)
        let before = path.flows[0].controller.cwnd
        path.flows[0].controller.onTimeout(inFlight: 0, isFirst: true, at: path.now)
        #expect(path.flows[0].controller.cwnd == Self.segment)
        path.flows[0].controller.onTimeout(inFlight: 0, isFirst: false, at: path.now)
        path.flows[0].controller.onRecovered(inFlight: 0, at: path.now)
        #expect(path.flows[0].controller.cwnd == before)
    }

    @Test("in a probe, loss beyond a tenth of the flight sets the long-term bound and ends the probe")
    func lossWhileProbing() {
        var path = Self.running(until: .probeUp)
        path.flows[0].controller.onLost(Self.lost(10), at: path.now)
        #expect(path.flows[0].controller.state == .probeUp)
        #expect(path.flows[0].controller.inflightLongterm == BBR.unbounded)
        path.flows[0].controller.onLost(Self.lost(11), at: path.now)
        #expect(path.flows[0].controller.state == .probeDown)
        // The flight before the lost segment, and of it nothing: the tenth was lost before it.
        #expect(path.flows[0].controller.inflightLongterm == 99 * Self.segment)
    }

    @Test("a time-out in a probe leaves a bound that rests on the flight before it, not on the window of the time-out")
    func timeoutWhileProbing() {
        var path = Self.running(until: .probeUp)
        let target = path.flows[0].controller.targetInflight
        path.flows[0].controller.onTimeout(inFlight: 0, isFirst: true, at: path.now)
        path.flows[0].controller.onLost(Self.lost(20, ofFlight: 20), at: path.now)
        #expect(path.flows[0].controller.state == .probeDown)
        #expect(path.flows[0].controller.inflightLongterm == target * 7 / 10)
    }

    @Test("two lost segments of a small flight are no congestion, three are")
    func fewLost() {
        let bbr = Self.running(until: .probeUp).flows[0].controller
        #expect(!bbr.isInflightTooHigh(lost: 2 * Self.segment, inFlightAtSend: 8 * Self.segment))
        #expect(bbr.isInflightTooHigh(lost: 3 * Self.segment, inFlightAtSend: 8 * Self.segment))
    }

    @Test("in startup without a queue, loss up to a quarter of the flight is no congestion")
    func lossInStartup() {
        let bbr = BBR(maximumSegmentSize: Self.segment, initialWindow: 14_480, seed: 1)
        #expect(!bbr.isInflightTooHigh(lost: 25 * Self.segment, inFlightAtSend: 100 * Self.segment))
        #expect(bbr.isInflightTooHigh(lost: 26 * Self.segment, inFlightAtSend: 100 * Self.segment))
    }

    @Test("a probe that losses ended for nothing is taken up again, without the bound")
    func spuriousWhileProbing() {
        var path = Self.running(until: .probeUp)
        path.flows[0].controller.onLost(Self.lost(20), at: path.now)
        path.flows[0].controller.onCongestion(.loss, inFlight: 80 * Self.segment, at: path.now)
        path.flows[0].controller.onSpurious(inFlight: 80 * Self.segment, at: path.now)
        #expect(path.flows[0].controller.state == .probeRefill)
        #expect(path.flows[0].controller.inflightLongterm == BBR.unbounded)
    }

    @Test("startup that a mark ended for nothing goes on")
    func spuriousInStartup() {
        var path = BBRModelPath(megabits: 48, queuePackets: 1000, roundTrip: .milliseconds(20))
        path.run(for: .milliseconds(70))
        #expect(path.flows[0].controller.state == .startup)
        path.flows[0].controller.onCongestion(.mark, inFlight: 80 * Self.segment, at: path.now)
        #expect(path.flows[0].controller.state == .drain)
        path.flows[0].controller.onSpurious(inFlight: 80 * Self.segment, at: path.now)
        #expect(path.flows[0].controller.state == .startup)
        #expect(path.flows[0].controller.inflightLongterm == BBR.unbounded)
        path.run(for: .seconds(1))
        #expect(path.flows[0].controller.isFullBandwidthReached)
    }

    @Test("a mark in a probe ends it at the flight that met it")
    func markWhileProbing() {
        var path = Self.running(until: .probeUp)
        path.flows[0].controller.onCongestion(.mark, inFlight: 95 * Self.segment, at: path.now)
        #expect(path.flows[0].controller.state == .probeDown)
        #expect(path.flows[0].controller.inflightLongterm == 95 * Self.segment)
    }

    @Test("a mark while cruising lowers rate and flight, although the long queue lets a round deliver much")
    func markWhileCruising() {
        var path = Self.running(until: .probeCruise)
        path.rate = path.rate * 3 / 4
        path.run(for: .milliseconds(300))
        let cwnd = path.flows[0].controller.cwnd
        #expect(path.flows[0].inFlight > cwnd * 9 / 10)
        path.flows[0].controller.onCongestion(.mark, inFlight: path.flows[0].inFlight, at: path.now)
        path.run(for: .milliseconds(100))
        let controller = path.flows[0].controller
        #expect(controller.bandwidthShortterm * 100 < path.rate * 105)
        #expect(controller.inflightShortterm < cwnd * 8 / 10)
        #expect(controller.inflightShortterm >= cwnd * 7 / 10)
    }

    @Test("a mark counts without a queue, too")
    func markWithoutQueue() {
        var path = Self.running(until: .probeCruise)
        path.flows[0].controller.onCongestion(.mark, inFlight: path.flows[0].inFlight, at: path.now)
        path.run(for: .milliseconds(60))
        #expect(path.flows[0].controller.bandwidthShortterm < BBR.unbounded)
        #expect(path.flows[0].controller.inflightShortterm < BBR.unbounded)
    }

    @Test("after a probe that went too high, the next one only touches the bound, and a further one follows at once")
    func precaution() throws {
        var path = Self.running(until: .probeRefill)
        let start = path.states.count - 1
        path.flows[0].controller.inflightLongterm = 90 * Self.segment
        path.flows[0].controller.isPreviousProbeTooHigh = true
        path.run(for: .milliseconds(150))
        let after = path.states[start...]
        let up = try #require(after.first { $0.state == .probeUp })
        let down = try #require(after.first { $0.state == .probeDown })
        #expect(down.at - up.at < .milliseconds(25))
        let again = try #require(after.dropFirst().first { $0.state == .probeRefill })
        #expect(again.at - down.at < .milliseconds(50))
    }

    @Test("a pause counts as ProbeRTT: the round trip after it is believed as it is")
    func pauseForProbeRTT() {
        var path = Self.running(until: .probeCruise)
        path.flows[0].applicationRate = 0
        path.run(for: .seconds(11))
        path.roundTrip = .milliseconds(25)
        path.flows[0].applicationRate = nil
        path.run(for: .seconds(1))
        #expect(!path.states.contains { $0.state == .probeRTT })
        #expect(path.flows[0].controller.minRTT >= .milliseconds(25))
    }

    @Test("without selective acknowledgments, one loss ends a probe")
    func withoutSelectiveAcknowledgments() {
        var bbr = BBR(
            maximumSegmentSize: 1448, initialWindow: 14_480, seed: 1, hasSelectiveAcknowledgments: false)
        #expect(bbr.isInflightTooHigh(lost: 1448, inFlightAtSend: 1_448_000))
        #expect(!bbr.isInflightTooHigh(lost: 0, inFlightAtSend: 1_448_000))
        bbr.isBandwidthProbeSample = true
        bbr.state = .probeUp
        bbr.onLost(Self.lost(1), at: .origin)
        #expect(bbr.state == .probeDown)
    }

    @Test("a smaller segment size lowers the least window")
    func segmentSize() {
        var bbr = BBR(maximumSegmentSize: 1448, initialWindow: 14_480, seed: 1)
        bbr.setMaximumSegmentSize(536)
        #expect(bbr.minPipeCwnd == 4 * 536)
    }

    @Test("each state has a word for status")
    func phases() {
        var bbr = BBR(maximumSegmentSize: 1448, initialWindow: 14_480, seed: 1)
        #expect(bbr.phase == "startup")
        bbr.state = .probeUp
        #expect(bbr.phase == "probe bandwidth: up")
        bbr.state = .probeRTT
        #expect(bbr.phase == "probe round trip")
    }
}
