import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Giving up (RFC 9293 §3.8.3)")
struct GivingUpTests {
    @Test(
        "the application is told at R1, the third retransmission, and the connection goes on",
        .requirement("RFC9293 SHLD-9"), .requirement("RFC9293 SHLD-10"), .requirement("RFC9293 MUST-20"))
    func r1() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send("x")
        #expect(script.texts(until: .milliseconds(2_199)).count == 3)
        script.expectEvents([])
        #expect(script.texts(until: .milliseconds(2_200)).count == 1)
        script.expectEvents(.retransmissionThreshold)
        #expect(script.status?.retransmissions == 3)
        _ = script.texts(until: .seconds(20))
        script.expectEvents([])
        script.peer(.ack)
        script.expectEvents(.sendsAcknowledged)
        #expect(script.status?.retransmissions == 0)
        script.expectState(.established)
    }

    @Test("R1 can be chosen", .requirement("RFC9293 SHLD-10"))
    func chosenR1() throws {
        let script = SegmentScript.measured(.milliseconds(100), options: .plain { $0.retransmissionThreshold = 5 })
        try script.send("x")
        #expect(script.texts(until: .milliseconds(9_399)).count == 5)
        script.expectEvents([])
        #expect(script.texts(until: .milliseconds(9_400)).count == 1)
        script.expectEvents(.retransmissionThreshold)
    }

    @Test(
        "the connection ends at R2 exactly, 100 s by default, and the application is told why",
        .requirement("RFC9293 MUST-20"), .requirement("RFC9293 SHLD-11"))
    func r2() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        script.at(.seconds(5))
        try script.send("x")
        _ = script.texts(until: .seconds(105) - Interval(nanoseconds: 1))
        script.expectState(.established)
        _ = script.texts(until: .seconds(105))
        script.expectState(.closed)
        script.expectCloseReason(.timedOut)
        #expect(script.takeEvents().contains(.closed))
        #expect(script.stack.bufferBytesInUse == 0)
        #expect(script.stack.nextDeadline == nil)
    }

    @Test(
        "an application can choose R2 for a connection", .requirement("RFC9293 MUST-21"),
        arguments: [7, 60, 700] as [Int64])
    func chosenR2(seconds: Int64) throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.setOptions { $0.dataTimeout = .seconds(seconds) }
        try script.send("x")
        let end = Interval.milliseconds(100) + .seconds(seconds)
        _ = script.texts(until: end - .milliseconds(1))
        script.expectState(.established)
        _ = script.texts(until: end)
        script.expectState(.closed)
    }

    @Test("progress puts R2 off", .requirement("RFC9293 MUST-20"))
    func progress() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 5_000)
        for acknowledged in 1...4 as ClosedRange<UInt32> {
            script.advance(by: .seconds(99))
            script.takeAllSent()
            script.peer(.ack, ack: 5_001 + acknowledged * 1_000)
            script.takeAllSent()
        }
        script.expectState(.established)
        script.advance(by: .seconds(99))
        script.takeAllSent()
        script.expectState(.established)
        script.advance(by: .seconds(1))
        script.takeAllSent()
        script.expectState(.closed)
    }

    @Test("an R2 shorter than the RTO is met exactly too", .requirement("RFC9293 MUST-21"))
    func shortR2() throws {
        let script = SegmentScript.measured(.milliseconds(900), options: .plain { $0.dataTimeout = .seconds(2) })
        #expect(script.status?.retransmissionTimeout == .milliseconds(2_700))
        try script.send(count: 2_000)
        script.takeAllSent()
        script.at(.seconds(2))
        script.peer(.ack, ack: 6_001)
        script.at(.milliseconds(3_999))
        script.expectState(.established)
        script.at(.seconds(4))
        script.expectState(.closed)
    }
}
