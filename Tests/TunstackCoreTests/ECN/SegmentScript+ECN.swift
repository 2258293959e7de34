import Testing
import TunstackCore
import TunstackWire

extension ConnectionOptions {
    /// The plain options with explicit congestion notification.
    static var plainWithECN: ConnectionOptions { plain { $0.ecn = true } }
}

extension TCPFlags {
    /// A SYN that asks for ECN.
    static var ecnSyn: TCPFlags { [.syn, .ece, .cwr] }
    /// A SYN-ACK that agrees.
    static var ecnSynAck: TCPFlags { [.syn, .ack, .ece] }
}

extension SegmentScript {
    /// An accepted connection with ECN whose full-sized segments carry 1,000 bytes. Our next number is 5001, the peer's 1001.
    static func withECN(
        options: ConnectionOptions = .plainWithECN, peerOptions: TCPOptions = TCPOptions(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> SegmentScript {
        var options = options
        options.maximumSegmentSize = 1_000
        var peerOptions = peerOptions
        peerOptions.maximumSegmentSize = 1_000
        let script = SegmentScript(listening: 9877, options: options, sourceLocation: sourceLocation)
        script.peer(.ecnSyn, options: peerOptions)
        script.expect(.ecnSynAck, sourceLocation: sourceLocation)
        script.peer(.ack)
        script.accept(sourceLocation: sourceLocation)
        #expect(script.status?.usesECN == true, sourceLocation: sourceLocation)
        return script
    }

    /// The next segment that the stack sent is this one, and its IP header says this about ECN.
    func expect(
        _ flags: TCPFlags, seq: UInt32? = nil, ack: UInt32? = nil, length: Int? = nil, ecn: UInt8,
        at time: Interval? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let packet = expect(flags, seq: seq, ack: ack, length: length, at: time, sourceLocation: sourceLocation)
        #expect(packet?.ip.ecn == ecn, "the ECN field", sourceLocation: sourceLocation)
    }

    /// Whether text that we send now leaves ECN-capable.
    func sendsCapableText(sourceLocation: SourceLocation = #_sourceLocation) throws -> Bool {
        try send("text", sourceLocation: sourceLocation)
        return expect([.psh, .ack], "text", sourceLocation: sourceLocation)?.ip.ecn == ECNCodepoint.capable0
    }

    /// Whether a mark on the peer's text is echoed.
    func echoesMark(sourceLocation: SourceLocation = #_sourceLocation) -> Bool {
        peer([.psh, .ack], "text", ecn: ECNCodepoint.congestionExperienced)
        return takeSent()?.tcp?.flags.contains(.ece) == true
    }
}
