import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("SYN and SYN-ACK without an answer (RFC 9293 §3.8.3, RFC 6298 §5)")
struct SynRetransmissionTests {
    /// One second, doubled each time and held at a minute, until R2.
    private static let times: [Int64] = [1, 3, 7, 15, 31, 63, 123]

    @Test(
        "a SYN is sent again after 1, 3, 7 … seconds and given up after three minutes", .requirement("mission B18"),
        .requirement("RFC9293 MUST-22"), .requirement("RFC9293 MUST-23"), .requirement("RFC6298 §2.1"))
    func syn() throws {
        let script = SegmentScript()
        try script.open()
        script.expect(.syn, seq: 5000, at: .zero)
        script.at(.milliseconds(179_999))
        for time in Self.times { script.expect(.syn, seq: 5000, at: .seconds(time)) }
        script.expectNothing()
        script.expectState(.synSent)
        script.expectEvents(.retransmissionThreshold)
        script.at(.seconds(180))
        script.expectState(.closed)
        script.expectCloseReason(.establishmentTimedOut)
        script.expectEvents(.closed)
        #expect(script.stack.counters.failedOpens == 1)
        script.at(.seconds(1_000))
    }

    @Test(
        "a SYN-ACK is sent again after 1, 3, 7 … seconds and given up after three minutes",
        .requirement("RFC9293 MUST-22"), .requirement("mission B21"), .requirement("RFC9293 MUST-23"))
    func synAck() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack], at: .zero)
        script.at(.milliseconds(179_999))
        for time in Self.times { script.expect([.syn, .ack], seq: 5000, ack: 1001, at: .seconds(time)) }
        script.expectNothing()
        script.expectState(.synReceived)
        script.at(.seconds(180))
        script.expectState(.listen)
        script.at(.seconds(1_000))
    }

    @Test(
        "a peer that withholds the last ACK keeps the entry in SYN-RECEIVED", .requirement("mission B22"),
        .requirement("mission B21"))
    func withheldAck() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: 1000)
        script.at(.seconds(100))
        script.expectState(.synReceived)
        #expect(script.takeAllSent().count == 7)
        script.peer(.ack, seq: 1001, ack: 5001)
        script.expectState(.established)
    }

    @Test("the application chooses R2 for a SYN", .requirement("RFC9293 MUST-21"))
    func chosenLimit() throws {
        let script = SegmentScript()
        try script.open(options: .plain { $0.establishmentTimeout = .seconds(200) })
        script.at(.milliseconds(199_999))
        script.expectState(.synSent)
        script.at(.seconds(200))
        script.expectState(.closed)
        #expect(script.takeAllSent().map { $0.time.nanoseconds / 1_000_000_000 } == [0] + Self.times + [183])
    }

    @Test("the user timeout ends an open sooner")
    func userTimeout() throws {
        let script = SegmentScript()
        try script.open(options: .plain { $0.userTimeout = .seconds(10) })
        script.at(.milliseconds(9_999))
        script.expectState(.synSent)
        script.at(.seconds(10))
        script.expectCloseReason(.userTimeout)
        #expect(script.takeAllSent().count == 4)
        script.at(.seconds(1_000))
    }

    @Test("the SYN is timed only if it was sent once (Karn)", .requirement("RFC9293 MUST-18"))
    func karn() throws {
        let once = SegmentScript()
        try once.open()
        once.expect(.syn)
        once.at(.milliseconds(300))
        once.peer([.syn, .ack])
        once.expect(.ack)
        #expect(once.status?.smoothedRoundTrip == .milliseconds(300))

        let twice = SegmentScript()
        try twice.open()
        twice.at(.milliseconds(1_100))
        twice.takeAllSent()
        twice.peer([.syn, .ack])
        twice.expect(.ack)
        #expect(twice.status?.smoothedRoundTrip == .zero)
        // RFC 6298 §5.7
        #expect(twice.status?.retransmissionTimeout == .seconds(3))
    }

    @Test("the SYN-ACK's round trip is measured")
    func passiveRoundTrip() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn)
        script.expect([.syn, .ack])
        script.at(.milliseconds(50))
        script.peer(.ack)
        script.accept()
        #expect(script.status?.smoothedRoundTrip == .milliseconds(50))
    }

    @Test(
        "an answer to a SYN-ACK that was sent twice measures no round trip", .requirement("RFC6298 §3"),
        .requirement("RFC6298 §5.7"))
    func ambiguous() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn)
        script.at(.seconds(1))
        script.expect([.syn, .ack], at: .zero)
        script.expect([.syn, .ack], at: .seconds(1))
        script.advance(by: .milliseconds(100))
        script.peer(.ack)
        script.accept()
        #expect(script.status?.smoothedRoundTrip == .zero)
        #expect(script.status?.retransmissionTimeout == .seconds(3))
    }
}
