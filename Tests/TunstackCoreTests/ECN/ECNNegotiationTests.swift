import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Agreeing on ECN (RFC 3168 §6.1.1)")
struct ECNNegotiationTests {
    private static let ce = ECNCodepoint.congestionExperienced

    @Test("nobody asks for ECN unless the application does", .requirement("RFC3168 §6.1.1"))
    func offByDefault() throws {
        #expect(!ConnectionOptions().ecn)
        let script = SegmentScript()
        try script.open()
        script.expect(.syn, ecn: 0)
        script.peer(.ecnSynAck)
        script.expect(.ack, ecn: 0)
        #expect(script.status?.usesECN == false)
        #expect(try !script.sendsCapableText())
    }

    @Test(
        "an active open asks with both flags, and a SYN-ACK with ECE alone agrees", .requirement("RFC9293 SHLD-8"),
        .requirement("RFC3168 §6.1.1"))
    func active() throws {
        let script = SegmentScript(options: .plainWithECN)
        try script.open()
        script.expect(.ecnSyn, seq: 5000, ecn: 0)
        #expect(script.status?.usesECN == false)
        script.peer(.ecnSynAck)
        script.expect(.ack, seq: 5001, ack: 1001, ecn: 0)
        #expect(script.status?.usesECN == true)
        #expect(try script.sendsCapableText())
        #expect(script.echoesMark())
    }

    @Test(
        "a SYN-ACK with both flags, or without ECE, does not agree", .requirement("RFC3168 §6.1.1"),
        arguments: [[], .cwr, [.ece, .cwr], .ae] as [TCPFlags])
    func refused(flags: TCPFlags) throws {
        let script = SegmentScript(options: .plainWithECN)
        try script.open()
        script.expect(.ecnSyn)
        script.peer(flags.union([.syn, .ack]))
        script.expect(.ack, ecn: 0)
        script.expectState(.established)
        #expect(script.status?.usesECN == false)
        #expect(try !script.sendsCapableText())
        #expect(!script.echoesMark())
    }

    @Test(
        "a listener agrees with ECE alone, an AccECN peer's question included", .requirement("RFC3168 §6.1.1"),
        arguments: [[.syn, .ece, .cwr], [.syn, .ece, .cwr, .ae]] as [TCPFlags])
    func passive(syn: TCPFlags) throws {
        let script = SegmentScript(listening: 9877, options: .plainWithECN)
        script.peer(syn)
        script.expect(.ecnSynAck, seq: 5000, ack: 1001, ecn: 0)
        script.peer(.ack)
        script.accept()
        #expect(script.status?.usesECN == true)
        #expect(try script.sendsCapableText())
        #expect(script.echoesMark())
    }

    @Test(
        "a listener without ECN answers as it would any SYN", .requirement("RFC3168 §6.1.1"),
        .requirement("RFC8311 §4.1"))
    func passiveWithout() throws {
        let script = SegmentScript(listening: 9877)
        script.peer(.ecnSyn)
        script.expect([.syn, .ack], seq: 5000, ack: 1001, ecn: 0)
        script.peer(.ack)
        script.accept()
        #expect(script.status?.usesECN == false)
        #expect(try !script.sendsCapableText())
        #expect(!script.echoesMark())
    }

    @Test(
        "a SYN with only one of the flags does not ask", .requirement("RFC3168 §6.1.1"),
        arguments: [.ece, .cwr, .ae, [.ece, .ae]] as [TCPFlags])
    func halfAQuestion(flags: TCPFlags) throws {
        let script = SegmentScript(listening: 9877, options: .plainWithECN)
        script.peer(flags.union(.syn))
        script.expect([.syn, .ack])
        script.peer(.ack)
        script.accept()
        #expect(script.status?.usesECN == false)
    }

    @Test(
        "a SYN with any reserved bits and ECN flags is answered by a SYN-ACK", .requirement("RFC3168 §6.1.1"),
        arguments: 0..<16, [false, true])
    func reservedBits(bits: Int, usesECN: Bool) {
        for flags in [.syn, .ecnSyn, [.syn, .ece], [.syn, .cwr]] as [TCPFlags] {
            let script = SegmentScript(listening: 9877, options: usesECN ? .plainWithECN : .plain)
            script.injectSyn(flags, reservedBits: UInt8(bits))
            script.expectDrop(nil)
            script.expect(usesECN && flags == .ecnSyn ? .ecnSynAck : [.syn, .ack], seq: 5000, ack: 1001)
        }
    }

    @Test("reserved bits on data change nothing", arguments: 0..<16)
    func reservedBitsOnData(bits: Int) throws {
        let script = SegmentScript.withECN()
        script.injectData("abc", reservedBits: UInt8(bits))
        script.expect(.ack, seq: 5001, ack: 1004)
        #expect(try script.read() == "abc")
    }

    @Test(
        "a SYN that is sent again does not ask again, and our text goes without ECT whatever the answer",
        .requirement("RFC3168 §6.1.1.1"))
    func fallback() throws {
        let script = SegmentScript(options: .plainWithECN)
        try script.open()
        script.expect(.ecnSyn, at: .zero)
        script.at(.seconds(4))
        script.expect(.syn, seq: 5000, at: .seconds(1))
        script.expect(.syn, seq: 5000, at: .seconds(3))
        // The answer to the first SYN: the peer may mark its text, and must hear of marks on it (§6.1.1).
        script.peer(.ecnSynAck)
        script.expect(.ack)
        #expect(script.status?.usesECN == false)
        #expect(try !script.sendsCapableText())
        #expect(script.echoesMark())
    }

    @Test("the answer to a SYN that did not ask does not bring ECN", .requirement("RFC3168 §6.1.1.1"))
    func fallbackAnswered() throws {
        let script = SegmentScript(options: .plainWithECN)
        try script.open()
        script.expect(.ecnSyn)
        script.at(.seconds(1))
        script.expect(.syn)
        script.peer([.syn, .ack])
        script.expect(.ack)
        #expect(try !script.sendsCapableText())
        #expect(!script.echoesMark())
    }

    @Test(
        "a peer that falls back gets a SYN-ACK without ECE and text without ECT; marks are still echoed",
        .requirement("RFC3168 §6.1.1.1"))
    func peerFallsBack() throws {
        let script = SegmentScript(listening: 9877, options: .plainWithECN)
        script.peer(.ecnSyn, seq: 1000)
        script.expect(.ecnSynAck)
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        script.peer(.ack)
        script.accept()
        #expect(script.status?.usesECN == false)
        #expect(try !script.sendsCapableText())
        #expect(script.echoesMark())
    }

    @Test("a SYN that asks after one that did not comes too late", .requirement("RFC3168 §6.1.1"))
    func asksTooLate() throws {
        let script = SegmentScript(listening: 9877, options: .plainWithECN)
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack])
        script.peer(.ecnSyn, seq: 1000)
        script.expect([.syn, .ack])
        script.peer(.ack)
        script.accept()
        #expect(try !script.sendsCapableText())
    }

    @Test("a SYN-ACK that is sent again still agrees", .requirement("RFC3168 §6.1.1"))
    func synAckAgain() {
        let script = SegmentScript(listening: 9877, options: .plainWithECN)
        script.peer(.ecnSyn)
        script.expect(.ecnSynAck, at: .zero)
        script.at(.seconds(1))
        script.expect(.ecnSynAck, at: .seconds(1))
    }

    @Test("two SYNs that cross agree when both ask and both agree", .requirement("RFC3168 §6.1.1"))
    func simultaneous() throws {
        let script = SegmentScript(options: .plainWithECN)
        try script.open()
        script.expect(.ecnSyn)
        script.peer(.ecnSyn)
        script.expect(.ecnSynAck, seq: 5000, ack: 1001, ecn: 0)
        script.peer(.ecnSynAck, seq: 1000)
        script.expectNothing()
        script.expectState(.established)
        #expect(try script.sendsCapableText())
        #expect(script.echoesMark())
    }

    @Test("two SYNs that cross bring no ECN when only ours asks", .requirement("RFC3168 §6.1.1"))
    func simultaneousAlone() throws {
        let script = SegmentScript(options: .plainWithECN)
        try script.open()
        script.expect(.ecnSyn)
        script.peer(.syn)
        script.expect([.syn, .ack])
        script.peer(.ecnSynAck, seq: 1000)
        #expect(try !script.sendsCapableText())
        #expect(!script.echoesMark())
    }

    @Test(
        "a SYN-ACK of a simultaneous open from which a middlebox has taken the flag ends ECN for our text",
        .requirement("RFC3168 §6.1.1"))
    func simultaneousCleared() throws {
        let script = SegmentScript(options: .plainWithECN)
        try script.open()
        script.expect(.ecnSyn)
        script.peer(.ecnSyn)
        script.expect(.ecnSynAck)
        script.peer([.syn, .ack], seq: 1000)
        script.expectState(.established)
        #expect(try !script.sendsCapableText())
        #expect(script.echoesMark())
    }

    @Test("a mark on a SYN or a SYN-ACK means nothing", .requirement("RFC3168 §6.1.1"))
    func markedSyn() throws {
        let passive = SegmentScript(listening: 9877, options: .plainWithECN)
        passive.peer(.ecnSyn, ecn: Self.ce)
        passive.expect(.ecnSynAck)
        passive.peer(.ack)
        passive.accept()
        try passive.send("abc")
        passive.expect([.psh, .ack], "abc")

        let active = SegmentScript(options: .plainWithECN)
        try active.open()
        active.expect(.ecnSyn)
        active.peer(.ecnSynAck, "text", ecn: Self.ce)
        active.expect(.ack, seq: 5001, ack: 1005)
        #expect(active.stack.counters.congestionMarksReceived + passive.stack.counters.congestionMarksReceived == 0)
    }

    @Test("the option cannot be changed once the SYN has left")
    func settled() throws {
        let script = SegmentScript.withECN()
        try script.setOptions { $0.ecn = false }
        #expect(try script.stack.options(of: #require(script.connection)).ecn)
    }
}

extension SegmentScript {
    /// A SYN of the peer with reserved bits.
    fileprivate func injectSyn(_ flags: TCPFlags, reservedBits: UInt8) {
        inject(flags, seq: Self.irs, ack: 0, text: [], reservedBits: reservedBits)
    }

    /// Text of the peer with reserved bits, the first of its connection.
    fileprivate func injectData(_ text: String, reservedBits: UInt8) {
        inject([.psh, .ack], seq: Self.irs + 1, ack: Self.iss + 1, text: Array(text.utf8), reservedBits: reservedBits)
    }

    private func inject(_ flags: TCPFlags, seq: UInt32, ack: UInt32, text: [UInt8], reservedBits: UInt8) {
        let header = TCPHeader(
            sourcePort: key.remote.port, destinationPort: key.local.port, sequenceNumber: SequenceNumber(seq),
            acknowledgmentNumber: SequenceNumber(ack), flags: flags, window: 65_535)
        var packet = Packets.tcp(header, from: Self.peerAddress, to: Self.localAddress, text: text)
        let tcp = IPv4Header.minimumLength
        packet[tcp + 12] |= reservedBits
        packet[tcp + 16] = 0
        packet[tcp + 17] = 0
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(
            source: Self.peerAddress, destination: Self.localAddress, protocolNumber: IPProtocol.tcp.rawValue,
            length: packet.count - tcp)
        Array(packet[tcp...]).withRawSpan { checksum.add($0) }
        let value = checksum.finish()
        packet[tcp + 16] = UInt8(value >> 8)
        packet[tcp + 17] = UInt8(value & 0xFF)
        inject(packet)
    }
}
