import TunstackSimulator
import TunstackWire

/// What the peer has seen of a host: the host's side of the connection in places of its stream, so that two hosts can be
/// compared.
struct View {
    /// What the peer's packets have: addresses and ports.
    let link: PeerLink
    let opening: Opening
    /// The number of the host's SYN.
    private(set) var iss: SequenceNumber?
    /// One past the last place of its stream that the host has sent.
    private(set) var sent = 0
    /// The place in the peer's stream that the host expects next, as it has said last.
    private(set) var received = 0
    /// The peer has sent a SYN last.
    private var hasSentSyn = false
    /// The application has been told of the end.
    private var isOver = false
    /// The host's timestamp clock.
    private var clock: UInt32 = 0
    /// What it was on the host's SYN.
    private var clockOfSyn: UInt32 = 0
    /// The peer's timestamp clock: a tick for each segment.
    private var ticks: UInt32 = 1_000

    init(link: PeerLink, opening: Opening) {
        self.link = link
        self.opening = opening
    }

    /// The numbers of the peer begin here.
    private static let peerISS = SequenceNumber(0xFFFF_FF00)

    /// Whether the timestamp that the peer echoes is of a later segment than the host's SYN.
    var echoesLaterThanSynAck: Bool { opening.usesTimestamps && clock != clockOfSyn }

    // MARK: To the host

    /// The packet for a segment.
    mutating func packet(_ segment: Segment) -> [UInt8] {
        var options = TCPOptions()
        let isSyn = segment.flags.contains(.syn)
        hasSentSyn = isSyn
        if isSyn {
            options.maximumSegmentSize = 1_000
            options.sackPermitted = opening.sackPermitted
            options.windowScale = opening.windowScale
        }
        ticks += 1
        if opening.usesTimestamps, let offset = segment.timestampOffset {
            options.timestamps = TCPTimestamps(
                value: ticks &+ UInt32(truncatingIfNeeded: offset),
                echoReply: segment.flags.contains(.ack) ? clock : 0)
        }
        let header = TCPHeader(
            sourcePort: link.peer.port, destinationPort: link.host.port,
            sequenceNumber: Self.peerISS + segment.place,
            acknowledgmentNumber: segment.flags.contains(.ack)
                ? (iss ?? SequenceNumber(0)) + segment.acknowledged : SequenceNumber(0),
            flags: segment.flags, window: segment.window, urgentPointer: segment.urgentPointer, options: options)
        let start = segment.place + (isSyn ? 1 : 0)
        let text = (start..<start + segment.textLength).map(Self.byte)
        return link.packet(header, strayOptions: segment.strayOptions, text)
    }

    /// The byte at a place of either stream.
    static func byte(at place: Int) -> UInt8 { UInt8(truncatingIfNeeded: place &* 37 ^ place >> 5) }

    // MARK: From the host

    /// Takes in what the host has sent, and says what of it counts: all but bare ACKs and repetitions. How text is cut into
    /// segments does not.
    mutating func take(_ packets: [[UInt8]]) -> [String] {
        var news: [String] = []
        var text: Range<Int>?
        for packet in packets {
            guard let segment = packet.withRawSpan({ TracedSegment($0) }) else { continue }
            let start = sent
            if let other = take(segment, text: Array(packet.suffix(segment.textLength))) { news.append(other) }
            let end = sent - (segment.flags.contains(.fin) ? 1 : 0)
            if segment.textLength > 0, end > start { text = (text?.lowerBound ?? start)..<end }
        }
        return (text.map { ["text \($0)"] } ?? []) + news
    }

    /// Takes in a segment, and says what is new in it but for text.
    private mutating func take(_ segment: TracedSegment, text: [UInt8]) -> String? {
        let flags = segment.flags
        if flags.contains(.rst) { return describeReset(segment) }
        if flags.contains(.syn) {
            let isNew = iss != segment.seq
            iss = segment.seq
            // Another connection, perhaps.
            if isNew { sent = 1 }
            note(segment)
            clockOfSyn = clock
            guard flags.contains(.ack) else { return isNew ? "SYN" : nil }
            // It comes again as an answer, or when the host thinks that it is time.
            guard isNew || hasSentSyn else { return nil }
            return "SYN-ACK of \(received)" + (isNew ? "" : " again")
        }
        guard let iss else { return "a segment before any SYN" }
        note(segment)
        let place = segment.seq - iss
        let end = place + segment.length
        guard end > sent else { return nil }
        sent = end
        let isRight = text.enumerated().allSatisfy { $0.element == Self.byte(at: place + $0.offset) }
        return isRight ? flags.contains(.fin) ? "FIN" : nil : "wrong text"
    }

    private mutating func note(_ segment: TracedSegment) {
        clock = segment.header.options.timestamps?.value ?? clock
        guard segment.flags.contains(.ack) else { return }
        received = segment.ack - Self.peerISS
    }

    private func describeReset(_ segment: TracedSegment) -> String {
        // Without ACK the number is that of an ACK it answers, or SND.NXT; with ACK of a segment without one, zero.
        let place = iss.map { segment.seq - $0 }
        let number = segment.seq == SequenceNumber(0) ? "0" : place.map(String.init) ?? "?"
        let ack = segment.flags.contains(.ack) ? ", ack \(segment.ack - Self.peerISS)" : ""
        return "RST \(number)\(ack)"
    }

    /// What is new about what the application got: of an end of file or a failure it is told once. After either the kernel
    /// says end of file, whatever comes later.
    mutating func news(in reading: Reading) -> Reading {
        guard isOver else {
            isOver = reading.isAtEnd || reading.hasFailed
            return reading
        }
        var reading = reading
        (reading.isAtEnd, reading.hasFailed) = (false, false)
        return reading
    }

    /// So far back nothing can be new. A segment that ends at the left edge, where RFC 9293 refuses it, is good enough for
    /// the kernel to take its acknowledgment.
    private static let old = 100_000

    /// What answers a segment that tells nothing: one old byte. An ACK says what has arrived; a reset says that nobody
    /// is there.
    mutating func probe() -> [UInt8] {
        packet(Segment(flags: .ack, place: received - Self.old, acknowledged: sent, textLength: 1))
    }

    /// What the answer to a probe says.
    mutating func judgeProbe(_ packets: [[UInt8]]) -> String {
        // In the handshake the kernel accepts an echo of its SYN-ACK's timestamp only, not of a later ACK's.
        let clockBefore = clock
        defer { clock = clockBefore }
        var answer = "nothing"
        for packet in packets {
            guard let segment = packet.withRawSpan({ TracedSegment($0) }) else { continue }
            if let news = take([packet]).first, !segment.flags.contains(.rst) { answer = "news: \(news)" }
            if segment.flags.contains(.rst) {
                answer = "reset"
            } else if answer == "nothing", segment.flags.contains(.ack) {
                answer = "ACK"
            }
        }
        return answer == "ACK" ? "ACK \(received)" : answer
    }
}

/// The two ends of a connection.
struct PeerLink {
    let host: Endpoint
    let peer: Endpoint

    /// The packet with a segment. Stray options fill four bytes, or none.
    func packet(_ header: TCPHeader, strayOptions: [UInt8], _ text: [UInt8]) -> [UInt8] {
        guard let source = peer.address.v4 else { preconditionFailure("the peer has an IPv4 address") }
        var packet = [UInt8](segment: header, from: source, to: host.address, text: strayOptions + text)
        guard !strayOptions.isEmpty else { return packet }
        // What stands where text begins belongs to the options once the data offset says so.
        packet[32] += 0x10
        packet.mendTCPChecksum()
        return packet
    }
}

extension [UInt8] {
    /// Computes the TCP checksum of a packet without IP options anew.
    fileprivate mutating func mendTCPChecksum() {
        self[36] = 0
        self[37] = 0
        let sum = withRawSpan { span -> UInt16 in
            var sum = InternetChecksum()
            sum.addPseudoHeader(
                source: IPv4Address(rawValue: span.bigEndianUInt32(at: 12)),
                destination: IPv4Address(rawValue: span.bigEndianUInt32(at: 16)), protocolNumber: 6,
                length: span.byteCount - 20)
            sum.add(span.extracting(20..<span.byteCount))
            return sum.finish()
        }
        self[36] = UInt8(sum >> 8)
        self[37] = UInt8(sum & 0xFF)
    }
}
