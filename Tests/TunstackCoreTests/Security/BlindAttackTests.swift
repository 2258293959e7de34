import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Blind attacks (RFC 5961)")
struct BlindAttackTests {
    /// The window of a plain connection: 65535 bytes from 1001 on.
    private static let synchronized: [Route] = [
        .establishedPassive, .establishedActive, .finWait1, .finWait2, .closeWait, .closing, .lastAck,
    ]

    @Test("only the exact number resets", .requirement("RFC5961 §3.2"), arguments: synchronized)
    func resetNumbers(route: Route) {
        let script = SegmentScript.reached(by: route)
        let rcv = script.peerNext
        let nxt = script.stackNext
        let edge = script.status.map { $0.receiveNext + $0.receiveWindow }
        for seq in [rcv + 1, rcv + 1_000, (edge?.rawValue ?? 0) - 1] {
            script.peer(.rst, seq: seq)
            script.expectDrop(.challengedReset)
            script.expect(.ack, seq: nxt, ack: rcv)
            script.expectState(route.state)
        }
        for seq in [rcv - 1, edge?.rawValue ?? 0, rcv &- 100_000, rcv &+ 0x8000_0000] {
            script.peer(.rst, seq: seq)
            script.expectDrop(.outsideWindow)
            script.expectNothing()
            script.expectState(route.state)
        }
        script.peer(.rst, seq: rcv)
        script.expectDrop(nil)
        script.expectNothing()
        script.expectState(.closed)
    }

    @Test("a peer that means its reset answers the challenge with the exact number", .requirement("RFC5961 §3.2"))
    func challengeAnswered() {
        let script = SegmentScript.established()
        script.peer(.rst, seq: 1_500)
        let challenge = script.expect(.ack, seq: 5001, ack: 1001)
        // What RFC 9293 §3.10.7.1 has a peer in CLOSED send: the number is that of the ACK.
        script.peer(.rst, seq: challenge?.tcp?.acknowledgmentNumber.rawValue)
        script.expectState(.closed)
        script.expectCloseReason(.resetByPeer)
    }

    @Test("no SYN resets a connection, whatever its number", .requirement("RFC5961 §4.2"), arguments: synchronized)
    func synNumbers(route: Route) {
        let script = SegmentScript.reached(by: route)
        let rcv = script.peerNext
        let nxt = script.stackNext
        for seq in [0, 1_000, rcv - 1, rcv, rcv + 1, rcv + 65_000, rcv &+ 0x8000_0000, .max] {
            for flags in [.syn, [.syn, .ack]] as [TCPFlags] {
                script.peer(flags, seq: seq, ack: nxt)
                script.expect(.ack, seq: nxt, ack: rcv)
                script.expectNothing()
                script.expectState(route.state)
            }
        }
    }

    @Test(
        "a peer that has crashed and begins anew finds out by the challenge", .requirement("RFC5961 §4.2"),
        .requirement("mission B43"))
    func halfOpenConnection() {
        let script = SegmentScript.established()
        script.peer(.syn, seq: 700_000_000)
        let challenge = script.expect(.ack, seq: 5001, ack: 1001)
        // RFC 9293 §3.5.1, Figure 9: the ACK makes no sense to it, and its reset has the number of that ACK.
        script.peer(.rst, seq: challenge?.tcp?.acknowledgmentNumber.rawValue)
        script.expectState(.closed)
        script.expectCloseReason(.resetByPeer)
    }

    @Test("a peer that has lost power is found by the answer to the next segment", .requirement("mission B43"))
    func lostPeer() throws {
        let script = SegmentScript.established()
        try script.send("are you there")
        script.expect([.psh, .ack], "are you there", seq: 5001)
        script.peer(.rst, seq: 1001)
        script.expectCloseReason(.resetByPeer)
        #expect(script.stack.bufferBytesInUse == 0)
    }

    @Test(
        "an acknowledgment is believed within the largest window ever seen", .requirement("RFC9293 MAY-12"),
        .requirement("RFC5961 §5.2"))
    func acknowledgmentRange() throws {
        let script = SegmentScript.established(peerWindow: 1_000)
        // SND.UNA = SND.NXT = 5001, MAX.SND.WND = 1000.
        for ack in [5_002, 6_000, 4_000, 3_000, 0x8000_0000 + 5_001] as [UInt32] {
            script.peer([.psh, .ack], "evil", seq: 1001, ack: ack)
            script.expectDrop(.unacceptableAcknowledgment)
            script.expect(.ack, seq: 5001, ack: 1001)
            #expect(script.status?.readableBytes == 0)
        }
        for (seq, ack) in [(1001, 5_001), (1005, 4_001), (1009, 4_500)] as [(UInt32, UInt32)] {
            script.peer([.psh, .ack], "good", seq: seq, ack: ack)
            script.expectDrop(nil)
            script.expect(.ack, ack: seq + 4)
        }
        #expect(try script.read() == "goodgoodgood")
    }

    @Test(
        "what is in the network does not bring the oldest acceptable acknowledgment closer",
        .requirement("RFC5961 §5.2"))
    func oldestAcknowledgment() throws {
        let script = SegmentScript.established(peerWindow: 1_000)
        try script.send(count: 500)
        script.takeAllSent()
        // SND.UNA = 5001, SND.NXT = 5501, MAX.SND.WND = 1000.
        script.peer([.psh, .ack], "good", seq: 1001, ack: 4_001)
        script.expectDrop(nil)
        script.expect(.ack, ack: 1_005)
        #expect(try script.read() == "good")
    }

    @Test("challenges are sent at a limited rate, and the withheld ones counted", .requirement("RFC5961 §7"))
    func rateLimit() {
        let script = SegmentScript.reached(by: .establishedPassive) {
            $0.limits.challengeAcknowledgmentsPerSecond = 10
        }
        func attack() -> Int {
            for offset in 1...100 as ClosedRange<UInt32> { script.peer(.rst, seq: 1001 + offset) }
            return script.takeAllSent().count
        }
        #expect(attack() == 10)
        #expect(script.stack.counters.challengeAcknowledgmentsSent == 10)
        #expect(script.stack.counters.challengeAcknowledgmentsWithheld == 90)
        script.at(.milliseconds(999))
        #expect(attack() == 0)
        // A budget that a third party could count on would tell it of the connection's numbers (CVE-2016-5696).
        var budgets: Set<Int> = []
        for second in 1...30 as ClosedRange<Int64> {
            script.at(.seconds(second))
            budgets.insert(attack())
        }
        #expect(budgets.isSubset(of: Set(5...10)))
        #expect(budgets.count > 2)
        script.expectState(.established)
    }

    @Test("bare ACKs that miss the window are answered once at a time, so that two ends cannot bounce them")
    func ackLoop() {
        let script = SegmentScript.reached(by: .establishedPassive)
        for _ in 0..<100 { script.peer(.ack, seq: 500_000) }
        #expect(script.takeAllSent().count == 1)
        // The ordinary work goes on meanwhile.
        script.peer([.psh, .ack], "abc")
        script.expect(.ack, ack: 1004)
    }

    @Test(
        "several reasons to acknowledge make one ACK", .requirement("RFC9293 MUST-58"), .requirement("RFC9293 MUST-59"))
    func merged() throws {
        let script = SegmentScript.established()
        script.batch {
            script.peer([.psh, .ack], "abc")
            script.peer(.rst, seq: 2_000)
            script.peer([.psh, .ack], "def")
            script.peer(.syn, seq: 2_000)
        }
        script.expect(.ack, seq: 5001, ack: 1007)
        script.expectNothing()
        #expect(try script.read() == "abcdef")
    }

    @Test("a reset counts even with a closed window", .requirement("RFC9293 MUST-66"))
    func resetThroughClosedWindow() {
        let script = SegmentScript.established(options: .plain { $0.receiveBufferBytes = 3 })
        script.peer([.psh, .ack], "abc")
        script.takeAllSent()
        #expect(script.status?.receiveWindow == 0)
        script.peer(.rst, seq: 1005)
        script.expectState(.established)
        script.peer(.rst, seq: 1004)
        script.expectState(.closed)
    }
}
