import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("User timeout (RFC 9293 §3.10.8, RFC 5482)")
struct UserTimeoutTests {
    private static let options = ConnectionOptions.plain { $0.userTimeout = .seconds(10) }

    @Test("data that makes no progress for so long ends the connection, to the second", .requirement("mission B43"))
    func noProgress() throws {
        let script = SegmentScript.measured(.milliseconds(100), options: Self.options)
        script.at(.seconds(30))
        try script.send("x")
        _ = script.texts(until: .milliseconds(39_999))
        script.expectState(.established)
        _ = script.texts(until: .seconds(40))
        script.expectState(.closed)
        script.expectCloseReason(.userTimeout)
    }

    @Test("an idle connection lives on")
    func idle() throws {
        let script = SegmentScript.measured(.milliseconds(100), options: Self.options)
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.peer(.ack)
        script.advance(by: .minutes(60))
        script.expectState(.established)
        script.expectNothing()
    }

    @Test("each acknowledgment of something new starts it anew")
    func progress() throws {
        let script = SegmentScript.measured(.milliseconds(100), options: Self.options)
        try script.send(count: 4_000)
        for acknowledged in 1...4 as ClosedRange<UInt32> {
            script.advance(by: .seconds(9))
            script.takeAllSent()
            script.peer(.ack, ack: 5_001 + acknowledged * 1_000)
            script.takeAllSent()
        }
        script.expectState(.established)
        script.advance(by: .minutes(10))
        script.expectState(.established)
    }

    @Test("data that waits for a shut window counts as waiting")
    func shutWindow() throws {
        let script = SegmentScript.measured(.milliseconds(100), options: Self.options)
        script.peer(.ack, win: 0)
        try script.send("x")
        for _ in 0..<20 {
            script.advance(by: .milliseconds(500))
            if !script.takeAllSent().isEmpty, script.state == .established { script.peer(.ack, ack: 5_001, win: 0) }
        }
        script.expectState(.closed)
        script.expectCloseReason(.userTimeout)
    }

    @Test("it can be set while data waits")
    func setLater() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send("x")
        script.at(.seconds(5))
        try script.setOptions { $0.userTimeout = .seconds(3) }
        _ = script.texts(until: .milliseconds(7_999))
        script.expectState(.established)
        _ = script.texts(until: .seconds(8))
        script.expectState(.closed)
        script.expectCloseReason(.userTimeout)
    }
}
