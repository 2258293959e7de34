import TestSupport
import Testing
import TunstackCore
import TunstackSimulator

@Suite("Everything that two ends can do (RFC 9293 §3.3.2, §3.10)")
struct StateCheckerTests {
    private static func report(_ change: (inout CheckerBounds) -> Void) -> CheckReport {
        var bounds = CheckerBounds()
        bounds.packets = 1
        bounds.losses = 0
        bounds.duplicates = 0
        bounds.first.sends = 0
        bounds.second.sends = 0
        change(&bounds)
        var checker = StateChecker(bounds)
        return checker.run(comparingEvery: 50)
    }

    /// Nothing that should not be, and these pairs of states among those that can be.
    private static func expect(_ report: CheckReport, pairs: [(State, State)], sourceLocation: SourceLocation) {
        #expect(report.isGood, "\(report.lines.joined(separator: "\n"))", sourceLocation: sourceLocation)
        #expect(report.compared > 0 && report.closedStates > 0, sourceLocation: sourceLocation)
        for (first, second) in pairs {
            #expect(
                report.pairs[StatePair(first: first, second: second)] != nil, "\(first) and \(second)",
                sourceLocation: sourceLocation)
        }
    }

    @Test(
        "client and server: every way ends in CLOSED at both ends, and no end takes an edge that there is not",
        .requirement("mission B48"), .requirement("mission B25"))
    func clientAndServer() {
        let report = Self.report { $0.losses = 1 }
        Self.expect(
            report,
            pairs: [
                (.closed, .closed), (.synSent, .listen), (.synSent, .synReceived), (.established, .synReceived),
                (.established, .established), (.finWait1, .closeWait), (.closeWait, .finWait2), (.closing, .closing),
                (.timeWait, .lastAck), (.lastAck, .timeWait), (.timeWait, .timeWait),
                // Half-open: one end has been aborted, and its reset was lost.
                (.established, .closed),
            ], sourceLocation: #_sourceLocation)
    }

    @Test("two ends that open at once, in any order of packets", .requirement("RFC9293 MUST-10"))
    func simultaneous() {
        let report = Self.report {
            $0.second = CheckerBounds.Calls(activeOpens: 1)
            $0.packets = 2
        }
        Self.expect(
            report, pairs: [(.synSent, .synSent), (.synReceived, .synReceived), (.established, .synReceived)],
            sourceLocation: #_sourceLocation)
    }

    @Test("text on its way: no end waits without a timer, whatever arrives when")
    func text() {
        let report = Self.report { $0.first.sends = 1 }
        Self.expect(
            report, pairs: [(.established, .established), (.finWait1, .established), (.closing, .closing)],
            sourceLocation: #_sourceLocation)
    }

    @Test("an end waits in FIN-WAIT-2 for a peer that is gone as long as its application holds it, and no longer")
    func held() {
        let held = Self.report { _ in }
        #expect(held.isGood && held.abandonedStates > 0)
        let released = Self.report { $0.releases = true }
        #expect(released.isGood && released.abandonedStates == 0)
    }

    @Test("the figures are the same in every run, and more room means more states")
    func deterministic() {
        let report = Self.report { _ in }
        #expect(Self.report { _ in }.states == report.states)
        #expect(Self.report { $0.packets = 2 }.states > report.states)
        #expect(report.lines.joined().contains("\(report.states) states"))
    }

    @Test("a check that runs into its limit of states is not good")
    func limited() {
        let report = Self.report { $0.states = 100 }
        #expect(!report.isComplete && !report.isGood)
    }
}
