import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Answering echoed marks (RFC 3168 §6.1.2)")
struct CongestionResponseTests {
    private static let ect = ECNCodepoint.capable0
    private static let marked: TCPFlags = [.ack, .ece]

    /// Ten segments of 1,000 bytes are on their way, and twenty wait.
    private func loaded(
        options: ConnectionOptions = .plainWithECN, peerOptions: TCPOptions = TCPOptions()
    ) throws -> SegmentScript {
        let script = SegmentScript.withECN(options: options, peerOptions: peerOptions)
        try script.send(count: 30_000)
        for number in stride(from: UInt32(5_001), to: 15_001, by: 1_000) {
            script.expect(.ack, seq: number, length: 1_000, ecn: Self.ect)
        }
        script.expectNothing()
        return script
    }

    @Test(
        "an echo shrinks the window once, and the next new text says so", .requirement("RFC9293 SHLD-8"),
        .requirement("RFC3168 §6.1.2"))
    func once() throws {
        let script = try loaded()
        script.peer(Self.marked, ack: 6_001)
        #expect(script.status?.recovery == .reducing)
        let threshold = try #require(script.status?.slowStartThreshold)
        #expect(threshold < 10_000)
        script.peer(Self.marked, ack: 7_001)
        script.expect([.ack, .cwr], seq: 15_001, length: 1_000, ecn: Self.ect)
        script.peer(Self.marked, ack: 9_001)
        script.expect(.ack, seq: 16_001, length: 1_000, ecn: Self.ect)
        script.peer(Self.marked, ack: 11_001)
        script.takeAllSent()
        // All that was out when the window shrank is acknowledged; CWR has only just arrived at the peer.
        script.peer(Self.marked, ack: 15_001)
        #expect(script.status?.recovery == .open)
        #expect(script.status?.slowStartThreshold == threshold)
        for packet in script.takeAllSent() { #expect(packet.tcp?.flags == .ack) }
        #expect(script.stack.counters.congestionEchoesReceived == 5)
        #expect(script.stack.counters.segmentsRetransmitted == 0)
    }

    @Test("an echo after CWR has arrived shrinks the window again", .requirement("RFC3168 §6.1.2"))
    func again() throws {
        let script = try loaded()
        script.peer(Self.marked, ack: 7_001)
        script.expect([.ack, .cwr], seq: 15_001, length: 1_000, ecn: Self.ect)
        script.peer(Self.marked, ack: 15_001)
        script.takeAllSent()
        let threshold = try #require(script.status?.slowStartThreshold)
        script.peer(Self.marked, ack: 16_001)
        #expect(script.status?.recovery == .reducing)
        #expect(try #require(script.status?.slowStartThreshold) < threshold)
        script.peer(.ack)
        #expect(script.takeAllSent().first?.tcp?.flags.contains(.cwr) == true)
    }

    @Test("an echo does not widen the window", .requirement("RFC3168 §6.1.2"))
    func noGrowth() throws {
        let script = try loaded()
        script.peer(Self.marked, ack: 7_001)
        script.expect([.ack, .cwr], seq: 15_001, length: 1_000)
        script.peer(Self.marked, ack: 15_001)
        let window = try #require(script.status?.congestionWindow)
        script.takeAllSent()
        #expect(window <= 5_000)
    }

    @Test(
        "without ECN an echo is ignored", .requirement("RFC3168 §6.1.2"),
        arguments: [[], [.ece, .cwr]] as [TCPFlags])
    func notNegotiated(question: TCPFlags) throws {
        let script = SegmentScript(listening: 9877, options: .plain { $0.maximumSegmentSize = 1_000 })
        script.peer(question.union(.syn), options: TCPOptions(maximumSegmentSize: 1_000))
        script.expect([.syn, .ack])
        script.peer(.ack)
        script.accept()
        try script.send(count: 30_000)
        script.takeAllSent()
        script.peer(Self.marked, ack: 7_001)
        #expect(script.status?.recovery == .open)
        for packet in script.takeAllSent() {
            #expect(packet.tcp?.flags == .ack)
            #expect(packet.ip.ecn == 0)
        }
        #expect(script.stack.counters.congestionEchoesReceived == 0)
    }

    @Test("an echo on an old acknowledgment is ignored", .requirement("RFC3168 §6.1.2"))
    func oldAcknowledgment() throws {
        let script = try loaded()
        script.peer(.ack, ack: 7_001)
        script.takeAllSent()
        script.peer(Self.marked, ack: 6_001)
        #expect(script.status?.recovery == .open)
    }

    @Test("text that is repaired carries neither ECT nor CWR; new text does both", .requirement("RFC3168 §6.1.5"))
    func fastRetransmit() throws {
        let script = try loaded()
        for _ in 0..<3 { script.peer(.ack, ack: 5_001) }
        // Limited transmit, before anything was reduced.
        for number in [15_001, 16_001] as [UInt32] { script.expect(.ack, seq: number, length: 1_000, ecn: Self.ect) }
        script.expect(.ack, seq: 5_001, length: 1_000, ecn: 0)
        let threshold = try #require(script.status?.slowStartThreshold)
        for _ in 0..<6 { script.peer(Self.marked, ack: 5_001) }
        #expect(script.status?.recovery == .fastRecovery)
        #expect(script.status?.slowStartThreshold == threshold)
        script.expect([.ack, .cwr], seq: 17_001, length: 1_000, ecn: Self.ect)
        for packet in script.takeAllSent() { #expect(packet.tcp?.flags == .ack) }
    }

    @Test("after a time-out echoes do nothing more, and new text tells of the smaller window")
    func timeout() throws {
        let script = try loaded()
        script.advance(by: .milliseconds(200))
        script.expect(.ack, seq: 5_001, length: 1_000, ecn: 0)
        let threshold = try #require(script.status?.slowStartThreshold)
        script.peer(Self.marked, ack: 15_001)
        #expect(script.status?.slowStartThreshold == threshold)
        script.expect([.ack, .cwr], seq: 15_001, length: 1_000, ecn: Self.ect)
        script.takeAllSent()
    }

    @Test("a window probe carries neither ECT nor CWR", .requirement("RFC3168 §6.1.6"))
    func windowProbe() throws {
        let script = try loaded()
        script.peer(Self.marked, ack: 6_001)
        script.peer(Self.marked, ack: 15_001, win: 0)
        for packet in script.takeAllSent() { #expect(packet.tcp?.flags.contains(.cwr) == false) }
        script.advance(by: .seconds(1))
        script.expect(.ack, seq: 15_001, length: 1, ecn: 0)
        script.takeAllSent()
        script.peer(.ack, ack: 15_001)
        script.expect([.ack, .cwr], seq: 15_001, length: 1_000, ecn: Self.ect)
        script.takeAllSent()
    }

    @Test("a keep-alive probe and a FIN alone carry no ECT", .requirement("RFC3168 §6.1.4"))
    func withoutText() throws {
        let script = SegmentScript.withECN(
            options: .plain {
                $0.ecn = true
                $0.keepAlive = KeepAlive()
            })
        script.advance(by: .seconds(7_200))
        script.expect(.ack, seq: 5_000, ecn: 0)
        try script.close()
        script.expect([.fin, .ack], seq: 5_001, ecn: 0)
    }

    @Test("with selective acknowledgment the answer is the same, and nothing is sent twice")
    func selective() throws {
        let script = try loaded(
            options: .plain {
                $0.ecn = true
                $0.selectiveAcknowledgment = true
            }, peerOptions: TCPOptions(sackPermitted: true))
        script.peer(Self.marked, ack: 7_001)
        #expect(script.status?.recovery == .reducing)
        script.expect([.ack, .cwr], seq: 15_001, length: 1_000, ecn: Self.ect)
        script.peer(.ack, ack: 15_001)
        #expect(script.status?.recovery == .open)
        for packet in script.takeAllSent() { #expect(packet.tcp?.flags == .ack) }
    }

    @Test("the differentiated services stay beside ECT", .requirement("RFC9293 MUST-48"))
    func differentiatedServices() throws {
        let script = SegmentScript.withECN(
            options: .plain {
                $0.ecn = true
                $0.differentiatedServices = 46
            })
        try script.send("abc")
        let packet = script.expect([.psh, .ack], "abc")
        #expect(packet?.ip.dscp == 46)
        #expect(packet?.ip.ecn == Self.ect)
    }

    @Test("an echo while nothing is in the network shrinks nothing", .requirement("RFC3168 §6.1.2"))
    func nothingInTheNetwork() throws {
        let script = try loaded()
        while script.status?.unacknowledgedBytes != 0 {
            script.peer(.ack)
            script.takeAllSent()
        }
        let window = try #require(script.status?.congestionWindow)
        script.peer(Self.marked)
        #expect(script.status?.recovery == .open)
        #expect(script.status?.congestionWindow == window)
        script.expectNothing()
    }
}
