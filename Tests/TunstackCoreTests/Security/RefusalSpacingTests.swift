import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Bare ACKs that are refused (RFC 9293 §3.10.7.4)")
struct RefusalSpacingTests {
    private static let routes: [Route] = [
        .synReceivedPassive, .establishedPassive, .finWait1, .finWait2, .closeWait, .closing, .lastAck,
        .timeWaitFromFinWait2,
    ]

    /// Something that no state with a window takes: half a million numbers beyond it.
    private static func refused(by script: SegmentScript) -> UInt32 { script.peerNext &+ 500_000 }

    @Test(
        "are answered once in half a second, so that no two ends answer each other's answers for ever",
        arguments: routes)
    func spacing(route: Route) {
        let script = SegmentScript.reached(by: route)
        script.takeAllSent()
        let start = script.now
        for _ in 0..<3 { script.peer(.ack, seq: Self.refused(by: script)) }
        #expect(script.takeAllSent().count == 1)
        #expect(script.stack.counters[.outsideWindow] == 3)
        script.advance(by: .milliseconds(499))
        script.takeAllSent()
        script.peer(.ack, seq: Self.refused(by: script))
        script.expectNothing()
        script.advance(by: .milliseconds(1))
        script.takeAllSent()
        #expect(script.now - start == .milliseconds(500))
        script.peer(.ack, seq: Self.refused(by: script))
        #expect(script.takeAllSent().count == 1)
    }

    @Test("text that is refused is answered every time", arguments: routes)
    func text(route: Route) {
        let script = SegmentScript.reached(by: route)
        script.takeAllSent()
        for _ in 0..<3 { script.peer(.ack, "far", seq: Self.refused(by: script)) }
        #expect(script.takeAllSent().count == 3)
    }

    @Test("an acknowledgment of what was never sent is answered once in half a second, too")
    func unacceptable() {
        let script = SegmentScript.established()
        for _ in 0..<3 { script.peer(.ack, ack: 9_000) }
        script.expect(.ack, seq: 5001, ack: 1001)
        script.expectNothing()
        #expect(script.stack.counters[.unacceptableAcknowledgment] == 3)
    }
}
