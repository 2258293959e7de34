import TunstackCore
import TunstackWire

/// Changes a byte of what is sent again, or does not send it.
struct RetransmissionSaboteur: Saboteur {
    let changes: Bool
    private var highest: [ConnectionKey: SequenceNumber] = [:]

    init(changes: Bool) {
        self.changes = changes
    }

    mutating func replacements(for packet: [UInt8], at now: Instant) -> [[UInt8]] {
        guard let segment = packet.segment, segment.textLength > 0 else { return [packet] }
        let key = ConnectionKey(local: segment.source, remote: segment.destination)
        let end = segment.seq + segment.textLength
        guard let sent = highest[key], segment.seq.isBefore(sent) else {
            highest[key] = end
            return [packet]
        }
        highest[key] = SequenceNumber.max(sent, end)
        guard changes else { return [] }
        return [packet.rewritten { _, text in text[text.count / 2] ^= 0x40 }]
    }
}

/// Does not send an acknowledgment that says nothing new but a larger window.
struct WindowUpdateSaboteur: Saboteur {
    private var latest: [ConnectionKey: TCPHeader] = [:]

    mutating func replacements(for packet: [UInt8], at now: Instant) -> [[UInt8]] {
        guard let segment = packet.segment, segment.flags.contains(.ack) else { return [packet] }
        let key = ConnectionKey(local: segment.source, remote: segment.destination)
        if let last = latest[key], segment.length == 0, last.acknowledgmentNumber == segment.ack,
            segment.header.window > last.window
        {
            return []
        }
        latest[key] = segment.header
        return [packet]
    }
}

/// Changes the headers of segments.
struct HeaderSaboteur: Saboteur {
    private let change: (inout TCPHeader, Int) -> Void
    private var count = 0

    /// - Parameter change: changes a header; it is told how many have left before, this one included.
    init(_ change: @escaping (inout TCPHeader, Int) -> Void) {
        self.change = change
    }

    mutating func replacements(for packet: [UInt8], at now: Instant) -> [[UInt8]] {
        count += 1
        return [packet.rewritten { header, _ in change(&header, count) }]
    }
}

/// Answers a bare segment that has a flag with another: with what it last sent, but bare.
struct AnsweringSaboteur: Saboteur {
    let flag: TCPFlags
    private var latest: [ConnectionKey: (header: TCPHeader, next: SequenceNumber)] = [:]

    init(flag: TCPFlags) {
        self.flag = flag
    }

    mutating func replacements(for packet: [UInt8], at now: Instant) -> [[UInt8]] {
        if let segment = packet.segment, segment.flags.contains(.ack), !segment.flags.contains(.rst) {
            let key = ConnectionKey(local: segment.source, remote: segment.destination)
            latest[key] = (segment.header, segment.seq + segment.length)
        }
        return [packet]
    }

    mutating func replies(to packet: [UInt8]) -> [[UInt8]] {
        guard let segment = packet.segment, segment.length == 0, let source = segment.destination.address.v4,
            segment.flags == flag || segment.flags == flag.union(.ack),
            let (header, next) = latest[ConnectionKey(local: segment.destination, remote: segment.source)]
        else { return [] }
        var answer = header
        answer.flags = flag.union(.ack)
        answer.sequenceNumber = next
        answer.options.sackBlocks = SACKBlocks()
        return [[UInt8](segment: answer, from: source, to: segment.source.address)]
    }
}

/// Lets the clock stop after some packets.
struct TimerSaboteur: Saboteur {
    private var count = 0

    var stopsClock: Bool { count >= 10 }

    mutating func replacements(for packet: [UInt8], at now: Instant) -> [[UInt8]] {
        count += 1
        return [packet]
    }
}

/// Damages a checksum now and then.
struct ChecksumSaboteur: Saboteur {
    private var count = 0

    mutating func replacements(for packet: [UInt8], at now: Instant) -> [[UInt8]] {
        count += 1
        guard count.isMultiple(of: 10), let last = packet.last else { return [packet] }
        return [packet.dropLast() + [last ^ 1]]
    }
}

extension [UInt8] {
    fileprivate var segment: TracedSegment? { withRawSpan { TracedSegment($0) } }

    /// The packet with another header or text, and the right checksums; itself if it is no segment.
    fileprivate func rewritten(_ change: (inout TCPHeader, inout [UInt8]) -> Void) -> [UInt8] {
        guard let segment, let source = segment.source.address.v4 else { return self }
        var header = segment.header
        var text = Array(suffix(segment.textLength))
        change(&header, &text)
        guard header != segment.header || text != Array(suffix(segment.textLength)) else { return self }
        return [UInt8](segment: header, from: source, to: segment.destination.address, text: text)
    }
}
