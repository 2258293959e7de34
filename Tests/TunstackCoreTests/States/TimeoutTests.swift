import TestSupport
import Testing
import TunstackCore

@Suite("TIMEOUTS in every state (RFC 9293 §3.10.8)")
struct TimeoutTests {
    /// Where silence leads: the last state before the time is up, and the one after.
    struct Row: Sendable, CustomTestStringConvertible {
        var route: Route
        var lasts: Interval?
        var then: State
        var reason: CloseReason?

        var testDescription: String { "\(route)" }

        static let all = [
            Row(route: .listen, then: .listen),
            Row(route: .synSent, lasts: .seconds(180), then: .closed, reason: .establishmentTimedOut),
            Row(route: .synReceivedPassive, lasts: .seconds(180), then: .listen),
            Row(route: .synReceivedActive, lasts: .seconds(180), then: .closed, reason: .establishmentTimedOut),
            Row(route: .establishedPassive, then: .established),
            Row(route: .establishedActive, then: .established),
            Row(route: .finWait1, lasts: .seconds(100), then: .closed, reason: .timedOut),
            Row(route: .finWait2, then: .finWait2),
            Row(route: .closeWait, then: .closeWait),
            Row(route: .closing, lasts: .seconds(100), then: .closed, reason: .timedOut),
            Row(route: .lastAck, lasts: .seconds(100), then: .closed, reason: .timedOut),
            Row(route: .timeWaitFromFinWait2, lasts: .seconds(60), then: .closed, reason: .closed),
            Row(route: .timeWaitFromFinWait1, lasts: .seconds(60), then: .closed, reason: .closed),
            Row(route: .timeWaitFromClosing, lasts: .seconds(60), then: .closed, reason: .closed),
        ]
    }

    @Test(
        "a silent peer ends what waits for it, and nothing else", .requirement("mission B32"),
        .requirement("RFC9293 MUST-20"), .requirement("RFC9293 SHLD-11"), arguments: Row.all)
    func silence(_ row: Row) {
        let script = SegmentScript.reached(by: row.route)
        if let lasts = row.lasts {
            script.at(lasts - .milliseconds(1))
            script.expectState(row.route.state)
            script.at(lasts)
            script.expectState(row.then)
        }
        script.advance(by: .seconds(100_000))
        // Where the listener remains, it is all that is left of a connection that is over.
        script.expectState(row.then)
        if row.reason != nil { script.expectCloseReason(row.reason) }
        script.takeAllSent()
    }

    @Test("a time-out doubles the RTO even where only the floor made it what it is", .requirement("RFC6298 §5.5"))
    func backOffFromFloor() throws {
        let script = SegmentScript.established()
        try script.close()
        script.at(.seconds(4))
        let times = script.takeAllSent().map { $0.time.nanoseconds / 1_000_000 }
        #expect(times == [0, 200, 600, 1_400, 3_000])
    }
}
