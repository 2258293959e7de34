import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Retransmission timeout (RFC 6298, RFC 9293 §3.8.1)")
struct RetransmissionTests {
    @Test("the handshake is the first measurement", .requirement("RFC9293 MUST-18"), .requirement("RFC6298 §2.2"))
    func handshake() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        #expect(script.status?.smoothedRoundTrip == .milliseconds(100))
        #expect(script.status?.retransmissionTimeout == .milliseconds(300))
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.advance(by: .milliseconds(299))
        script.expectNothing()
        script.advance(by: .milliseconds(1))
        script.expect([.psh, .ack], "x", seq: 5_001, at: .milliseconds(400))
    }

    @Test("so it is for a client", .requirement("RFC6298 §2.2"))
    func clientHandshake() throws {
        let script = SegmentScript()
        try script.open()
        script.expect(.syn)
        script.at(.milliseconds(80))
        script.peer([.syn, .ack])
        script.expect(.ack)
        #expect(script.status?.smoothedRoundTrip == .milliseconds(80))
        #expect(script.status?.retransmissionTimeout == .milliseconds(240))
    }

    @Test(
        "one segment at a time is measured, and its round trip counts", .requirement("RFC6298 §2.3"),
        .requirement("RFC6298 §3"))
    func measurement() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 2_000)
        script.takeAllSent()
        script.advance(by: .milliseconds(200))
        script.peer(.ack, ack: 6_001)
        // RTTVAR = 3/4 · 50 + 1/4 · 100, SRTT = 7/8 · 100 + 1/8 · 200.
        #expect(script.status?.smoothedRoundTrip == .microseconds(112_500))
        #expect(script.status?.retransmissionTimeout == .microseconds(362_500))
        // The second segment left before the first was acknowledged and was not timed.
        script.advance(by: .milliseconds(50))
        script.peer(.ack, ack: 7_001)
        #expect(script.status?.smoothedRoundTrip == .microseconds(112_500))
    }

    @Test(
        "on request every acknowledgment measures, with the oldest segment that it tells of",
        .requirement("RFC6298 §2.3"))
    func everySegment() throws {
        var options = ConnectionOptions.selective
        options.timesEverySegment = true
        let script = SegmentScript.recovering(options: options)
        for count in [2_000, 1_000] {
            try script.send(count: count)
            script.takeAllSent()
            script.advance(by: .milliseconds(10))
        }
        script.advance(by: .milliseconds(130))
        script.acknowledge(7_001)
        // SRTT = 7/8 · 100 + 1/8 · 150.
        #expect(script.status?.smoothedRoundTrip == .microseconds(106_250))
        script.advance(by: .milliseconds(10))
        script.acknowledge(8_001)
        // And 7/8 · 106.25 + 1/8 · 150.
        #expect(script.status?.smoothedRoundTrip == Interval(nanoseconds: 111_718_750))
    }

    @Test(
        "each time-out doubles the wait", .requirement("RFC6298 §5.6"), .requirement("RFC6298 §5.5"),
        .requirement("RFC9293 MUST-19"))
    func backOff() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send("x")
        let times = script.texts(until: .seconds(20)).map(\.milliseconds)
        #expect(times == [100, 400, 1_000, 2_200, 4_600, 9_400, 19_000])
    }

    @Test("the wait is bounded by the largest RTO", .requirement("RFC6298 §2.5"))
    func largest() throws {
        let script = SegmentScript.measured(
            .milliseconds(100),
            options: .plain {
                $0.maximumRTO = .seconds(2)
                $0.dataTimeout = .seconds(60)
            })
        try script.send("x")
        let times = script.texts(until: .seconds(9)).map(\.milliseconds)
        #expect(times == [100, 400, 1_000, 2_200, 4_200, 6_200, 8_200])
    }

    @Test("an acknowledgment of something new starts the timer anew", .requirement("RFC6298 §5.3"))
    func restart() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 2_000)
        script.takeAllSent()
        script.at(.milliseconds(380))
        script.peer(.ack, ack: 6_001)
        let rto = try #require(script.status?.retransmissionTimeout)
        script.advance(by: rto - .milliseconds(1))
        script.expectNothing()
        script.advance(by: .milliseconds(1))
        script.expectStream(6_001...7_000, pushed: true, at: .milliseconds(380) + rto)
    }

    @Test("an acknowledgment of nothing new does not", .requirement("RFC6298 §5.3"))
    func noRestart() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.at(.milliseconds(350))
        script.peer(.ack, ack: 5_001)
        script.at(.milliseconds(400))
        script.expect([.psh, .ack], "x", at: .milliseconds(400))
    }

    @Test("a segment that leaves while the timer runs does not start it anew", .requirement("RFC6298 §5.1"))
    func laterSegments() throws {
        let script = SegmentScript.measured(.milliseconds(100), options: .plain { $0.noDelay = true })
        try script.send("a")
        script.expect([.psh, .ack], "a")
        script.at(.milliseconds(350))
        try script.send("b")
        script.expect([.psh, .ack], "b")
        script.at(.milliseconds(400))
        // Both go in one segment now.
        script.expect([.psh, .ack], "ab", seq: 5_001, at: .milliseconds(400))
    }

    @Test("when everything is acknowledged the timer is off", .requirement("RFC6298 §5.2"))
    func off() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.peer(.ack)
        script.advance(by: .minutes(10))
        script.expectNothing()
        #expect(script.stack.nextDeadline == nil)
    }

    @Test("a segment that was sent twice is not measured", .requirement("RFC9293 MUST-18"), .requirement("RFC6298 §3"))
    func karn() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.at(.milliseconds(400))
        script.expect([.psh, .ack], "x")
        script.at(.milliseconds(410))
        script.peer(.ack)
        #expect(script.status?.smoothedRoundTrip == .milliseconds(100))
    }

    @Test("with timestamps it is, since the echo tells which copy arrived", .requirement("RFC7323 §4.1"))
    func timestampsResolve() throws {
        var options = ConnectionOptions.plain
        options.timestamps = true
        let script = SegmentScript.measured(
            .milliseconds(100), options: options, timestamps: TCPTimestamps(value: 1, echoReply: 0))
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.at(.milliseconds(400))
        script.expect([.psh, .ack], "x")
        script.at(.milliseconds(600))
        // The echo names the second copy, which left at 400 ms.
        script.peer(.ack, options: TCPOptions(timestamps: TCPTimestamps(value: 2, echoReply: 400)))
        #expect(script.status?.smoothedRoundTrip == .microseconds(112_500))
    }

    @Test(
        "while text keeps flowing timestamps bring no more samples than there are without",
        .requirement("RFC7323 §4.2"))
    func timestampsDoNotCrowd() throws {
        let script = SegmentScript.measured(
            .milliseconds(100), options: .plain { $0.timestamps = true },
            timestamps: TCPTimestamps(value: 1, echoReply: 0))
        try script.send(count: 30_000)
        let first = script.takeAllSent()
        script.advance(by: .milliseconds(200))
        for packet in first.prefix(5) {
            let end = try #require(packet.tcp).sequenceNumber + packet.payload.count
            script.peer(
                .ack, ack: end.rawValue, options: TCPOptions(timestamps: TCPTimestamps(value: 2, echoReply: 100)))
            #expect(!script.takeAllSent().isEmpty)
            // SRTT = 7/8 · 100 + 1/8 · 200, after the first of them and after the others.
            #expect(script.status?.smoothedRoundTrip == .microseconds(112_500))
            script.advance(by: .milliseconds(10))
        }
    }

    @Test(
        "the doubled RTO stays until something that was sent once is acknowledged",
        .requirement("RFC9293 MUST-19"), .requirement("RFC9293 MUST-18"), .requirement("RFC6298 §5.7"))
    func keepsBackedOff() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send("a")
        script.expect([.psh, .ack], "a")
        script.at(.milliseconds(400))
        script.expect([.psh, .ack], "a")
        script.at(.milliseconds(600))
        script.peer(.ack)
        #expect(script.status?.retransmissionTimeout == .milliseconds(600))
        try script.send("b")
        script.expect([.psh, .ack], "b")
        script.advance(by: .milliseconds(500))
        script.expectNothing()
        script.peer(.ack)
        // SRTT = 7/8 · 100 + 1/8 · 500 = 150, RTTVAR = 3/4 · 50 + 1/4 · 400 = 137.5.
        #expect(script.status?.retransmissionTimeout == .milliseconds(700))
    }

    @Test(
        "a path slower than the RTO does not make every segment leave twice", .requirement("RFC9293 MUST-19"))
    func slowPath() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        var retransmissions: [UInt64] = []
        for _ in 0..<6 {
            try script.send("x")
            script.advance(by: .milliseconds(800))
            script.takeAllSent()
            script.peer(.ack)
            retransmissions.append(script.stack.counters.retransmissionTimeouts)
        }
        #expect(retransmissions.last == retransmissions[2], "\(retransmissions)")
    }

    @Test(
        "after a SYN that had to be sent again data begins with an RTO of three seconds", .requirement("RFC6298 §5.7"))
    func synFallback() throws {
        let script = SegmentScript()
        try script.open()
        script.expect(.syn, at: .zero)
        script.at(.seconds(1))
        script.expect(.syn, at: .seconds(1))
        script.at(.milliseconds(1_010))
        script.peer([.syn, .ack], options: TCPOptions(maximumSegmentSize: 1_000))
        script.expect(.ack)
        #expect(script.status?.smoothedRoundTrip == .zero, "Karn: which SYN was answered is unknown")
        #expect(script.status?.retransmissionTimeout == .seconds(3))
        #expect(script.status?.congestionWindow == 1_000, "RFC 5681 §3.1: one segment to begin with")
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.at(.milliseconds(4_009))
        script.expectNothing()
        script.at(.milliseconds(4_010))
        script.expect([.psh, .ack], "x")
    }

    @Test(
        "after a time-out the first segment alone goes, and what follows is paced by slow start",
        .requirement("RFC5681 §3.1"), .requirement("RFC6298 §5.4"))
    func goBack() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 8_000)
        script.expectStream(5_001...13_000, pushed: true)
        script.at(.milliseconds(400))
        script.expectStream(5_001...6_000)
        script.expectNothing()
        #expect(script.status?.congestionWindow == 1_000)
        #expect(script.status?.slowStartThreshold == 4_000)
        script.peer(.ack, ack: 6_001)
        script.expectStream(6_001...8_000)
        script.expectNothing()
        script.peer(.ack, ack: 7_001)
        script.expectStream(8_001...10_000)
        // The peer had the rest.
        script.peer(.ack, ack: 13_001)
        script.expectNothing()
        #expect(script.status?.unacknowledgedBytes == 0)
    }

    @Test("a retransmission carries the acknowledgment and window of now, and the same bytes")
    func freshHeader() throws {
        let script = SegmentScript.measured(.milliseconds(100), options: .plain { $0.receiveBufferBytes = 10_000 })
        try script.send("data")
        script.expect([.psh, .ack], "data", ack: 1_001, win: 10_000)
        script.peer([.psh, .ack], "news", ack: 5_001)
        script.expect(.ack, ack: 1_005, win: 9_996)
        script.at(.milliseconds(400))
        script.expect([.psh, .ack], "data", ack: 1_005, win: 9_996)
    }

    @Test("a FIN is retransmitted like data", .requirement("mission B30"))
    func fin() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send("end")
        script.expect([.psh, .ack], "end")
        try script.close()
        script.expect([.fin, .ack], seq: 5_004)
        script.at(.milliseconds(400))
        script.expect([.fin, .psh, .ack], "end", seq: 5_001)
        script.peer(.ack, ack: 5_004)
        script.expectNothing()
        script.advance(by: .milliseconds(650))
        script.expect([.fin, .ack], seq: 5_004)
        script.peer(.ack, ack: 5_005)
        script.advance(by: .seconds(30))
        script.expectNothing()
    }
}
