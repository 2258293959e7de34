import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Options of the handshake (RFC 9293 §3.7.1, RFC 7323 §2, §3, RFC 2018 §2)")
struct OptionNegotiationTests {
    /// Timestamps 100 ms into the peer's clock.
    private static let peerTimestamps = TCPTimestamps(value: 100, echoReply: 0)
    private static let everything = TCPOptions(
        maximumSegmentSize: 1_400, windowScale: 3, sackPermitted: true, timestamps: peerTimestamps)

    @Test("an active open offers MSS, SACK, timestamps and window scale", .requirement("mission B46"))
    func offer() throws {
        let script = SegmentScript(options: ConnectionOptions())
        try script.open()
        let packet = script.expect(
            .syn, win: 65_535,
            options: TCPOptions(
                maximumSegmentSize: 1_460, windowScale: 7, sackPermitted: true,
                timestamps: TCPTimestamps(value: 0, echoReply: 0)))
        #expect(
            packet?.line == "Flags [S], seq 5000, win 65535, "
                + "options [mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 7], length 0")
    }

    @Test(
        "a SYN-ACK answers what was offered, in the order of the trace", .requirement("mission B17"),
        .requirement("mission B46"))
    func answer() {
        let script = SegmentScript(listening: 9877, options: ConnectionOptions())
        script.at(.milliseconds(7))
        script.peer(.syn, seq: 1000, options: Self.everything)
        let packet = script.expect([.syn, .ack])
        #expect(
            packet?.line == "Flags [S.], seq 5000, ack 1001, win 65535, "
                + "options [mss 1460,sackOK,TS val 7 ecr 100,nop,wscale 7], length 0")
    }

    @Test("a SYN-ACK offers nothing that the SYN did not", .requirement("RFC9293 SHLD-5"))
    func answerToNothing() {
        let script = SegmentScript(listening: 9877, options: ConnectionOptions())
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack], options: TCPOptions(maximumSegmentSize: 1_460))
    }

    @Test("options that we do not want are not agreed to")
    func unwanted() throws {
        let script = SegmentScript.established(peerOptions: Self.everything)
        try script.send("abc")
        script.expect([.psh, .ack], "abc", options: TCPOptions())
        // The peer's windows are not scaled either.
        #expect(script.status?.sendWindow == 65_535)
    }

    @Test("timestamps are on every segment once both ends have agreed", .requirement("RFC7323 §3.2"))
    func timestamps() throws {
        let script = SegmentScript.established(options: ConnectionOptions(), peerOptions: Self.everything)
        script.at(.milliseconds(20))
        try script.send("abc")
        script.expect(
            [.psh, .ack], "abc", options: TCPOptions(timestamps: TCPTimestamps(value: 20, echoReply: 100)))
        script.peer([.psh, .ack], "def", options: TCPOptions(timestamps: TCPTimestamps(value: 130, echoReply: 20)))
        script.expect(.ack, options: TCPOptions(timestamps: TCPTimestamps(value: 20, echoReply: 130)))
    }

    @Test(
        "windows are scaled only if both SYNs say so", .requirement("RFC7323 §2.2"),
        arguments: [nil, 0, 7, 14] as [UInt8?], [nil, 0, 3, 14, 15, 255] as [UInt8?])
    func windowScale(ours: UInt8?, theirs: UInt8?) {
        let options = ConnectionOptions.plain { $0.windowScale = ours }
        let script = SegmentScript.established(
            options: options, peerOptions: TCPOptions(windowScale: theirs), peerWindow: 1_000)
        script.peer(.ack, win: 1_000)
        // A shift above 14 counts as 14 (§2.3).
        let shift = ours == nil ? 0 : Int(min(theirs ?? 0, 14))
        #expect(script.status?.sendWindow == 1_000 << shift)
        script.peer([.psh, .ack], "abc")
        let room = 480 * 1_024
        let scaled = ours == nil || theirs == nil ? 65_535 : (room >> Int(ours ?? 0))
        script.expect(.ack, ack: 1004)
        #expect(script.status.map { $0.receiveWindow <= room } == true)
        #expect(scaled > 0)
    }

    @Test("the window of a SYN is never scaled", .requirement("RFC7323 §2.2"))
    func windowOfSyn() throws {
        let options = ConnectionOptions.plain { $0.windowScale = 7 }
        let script = SegmentScript(options: options)
        try script.open()
        script.expect(.syn, win: 65_535)
        script.peer([.syn, .ack], seq: 1000, win: 1_000, options: TCPOptions(windowScale: 7))
        script.expect(.ack, win: UInt16(480 * 1_024 >> 7))
        #expect(script.status?.sendWindow == 1_000)
        script.peer(.ack, win: 1_000)
        #expect(script.status?.sendWindow == 128_000)
    }
}

@Suite("Maximum segment size (RFC 9293 §3.7.1, RFC 6691)")
struct MaximumSegmentSizeTests {
    private static func length(
        peer announced: UInt16?, mtu: Int = 1_500, timestamps: Bool = false
    ) throws -> Int? {
        let options = ConnectionOptions.plain { $0.timestamps = timestamps }
        let peerOptions = TCPOptions(
            maximumSegmentSize: announced, timestamps: timestamps ? TCPTimestamps(value: 1, echoReply: 0) : nil)
        let script = SegmentScript.established(options: options, peerOptions: peerOptions) { $0.mtu = mtu }
        try script.send(bytes: StreamBytes.at(0, count: 4_000))
        return script.takeAllSent().first?.payload.count
    }

    @Test("without the option segments are 536 bytes", .requirement("RFC9293 MUST-15"), .requirement("mission B16"))
    func absent() throws {
        #expect(try Self.length(peer: nil) == 536)
        #expect(try Self.length(peer: 0) == 536)
    }

    @Test(
        "segments are no larger than the peer and the MTU allow", .requirement("RFC9293 MUST-14"),
        .requirement("RFC9293 MUST-16"))
    func smaller() throws {
        #expect(try Self.length(peer: 1_000) == 1_000)
        #expect(try Self.length(peer: 1_460) == 1_460)
        #expect(try Self.length(peer: 9_000) == 1_460)
        #expect(try Self.length(peer: 65_535, mtu: 1_000) == 960)
    }

    @Test("options that are on every segment take room from the text", .requirement("RFC9293 MUST-16"))
    func options() throws {
        #expect(try Self.length(peer: 1_460, timestamps: true) == 1_448)
        #expect(try Self.length(peer: 1_000, timestamps: true) == 988)
    }

    @Test("a hostile MSS does not make us send crumbs")
    func hostile() throws {
        #expect(try Self.length(peer: 1) == 48)
    }

    @Test(
        "what we announce never exceeds MTU - 40", .requirement("RFC9293 SHLD-6"), .requirement("RFC9293 MAY-3"),
        .requirement("RFC9293 MUST-67"),
        .requirement("RFC9293 SHLD-5"), arguments: [576, 600, 1_500, 9_000, 65_535])
    func announced(mtu: Int) throws {
        for wanted in [nil, 500, 1_460, 65_535] as [UInt16?] {
            let options = ConnectionOptions.plain { $0.maximumSegmentSize = wanted }
            let expected = min(mtu - 40, wanted.map(Int.init) ?? .max)
            let active = SegmentScript(options: options) { $0.mtu = mtu }
            try active.open()
            active.expect(.syn, options: TCPOptions(maximumSegmentSize: UInt16(expected)))
            let passive = SegmentScript(listening: 9877, options: options) { $0.mtu = mtu }
            passive.peer(.syn)
            passive.expect([.syn, .ack], options: TCPOptions(maximumSegmentSize: UInt16(expected)))
        }
    }

    @Test("no segment but a SYN carries the option", .requirement("RFC9293 MUST-65"), .requirement("mission B16"))
    func onlyOnSyn() throws {
        let script = SegmentScript(listening: 9877, options: ConnectionOptions())
        script.peer(.syn, options: TCPOptions(maximumSegmentSize: 1_460))
        script.peer(.ack)
        script.accept()
        script.peer([.psh, .ack], "abc")
        try script.send("def")
        try script.close()
        let sizes = script.takeAllSent().map { $0.tcp?.options.maximumSegmentSize }
        #expect(sizes.count == 4)
        #expect(sizes == [1_460] + Array(repeating: nil, count: 3))
    }

    @Test(
        "options are read from any segment, at any alignment, known or not", .requirement("RFC9293 MUST-4"),
        .requirement("RFC9293 MUST-5"), .requirement("RFC9293 MUST-6"), .requirement("RFC9293 MUST-7"),
        .requirement("RFC9293 MUST-64"))
    func wireForms() throws {
        let mss: [UInt8] = [2, 4, 0x04, 0x00]
        let forms: [(options: [UInt8], size: Int)] = [
            (mss, 1_024),
            ([1] + mss + [0, 0, 0], 1_024),
            ([1, 1, 1] + mss + [0], 1_024),
            ([254, 5, 1, 2, 3] + mss + [0, 0, 0], 1_024),
            ([253, 2, 1] + mss + [0], 1_024),
            // End of list: what follows does not count.
            ([0] + mss + [0, 0, 0], 536),
            // Lengths of zero, one, and beyond the end.
            ([254, 0] + mss + [0, 0], 536),
            ([254, 1] + mss + [0, 0], 536),
            (mss + [254, 40, 0, 0], 1_024),
            ([2, 3, 0x04, 0x00], 536),
        ]
        for form in forms {
            let script = SegmentScript(listening: 9877)
            script.inject(Self.syn(options: form.options))
            script.expect([.syn, .ack], ack: 1001)
            script.peer(.ack, seq: 1001)
            script.accept()
            #expect(script.status?.maximumSegmentSize == form.size, "\(form.options)")
        }
    }

    /// A SYN whose options are just these bytes, a multiple of four.
    private static func syn(options: [UInt8]) -> [UInt8] {
        let plain = TCPHeader(
            sourcePort: 40_000, destinationPort: 9877, sequenceNumber: SequenceNumber(1000), flags: .syn,
            window: 65_535)
        // The options stand where text would; the data offset then says that they are none.
        var packet = Packets.tcp(
            plain, from: SegmentScript.peerAddress, to: SegmentScript.localAddress, text: options)
        let old = UInt16(packet[32]) << 8 | UInt16(packet[33])
        packet[32] = UInt8((20 + options.count) / 4) << 4
        let new = UInt16(packet[32]) << 8 | UInt16(packet[33])
        let checksum = InternetChecksum.updated(
            UInt16(packet[36]) << 8 | UInt16(packet[37]), replacing: old, with: new)
        packet[36] = UInt8(checksum >> 8)
        packet[37] = UInt8(checksum & 0xFF)
        return packet
    }
}
