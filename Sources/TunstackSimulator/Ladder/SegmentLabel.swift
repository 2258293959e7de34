import TunstackCore
import TunstackWire

/// What a ladder writes on an arrow beside flags, numbers and length.
public struct LadderDetails: OptionSet, Sendable {
    /// The set as bits.
    public let rawValue: UInt8

    /// The set with these bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The window field, as it stands in the header.
    public static let window = LadderDetails(rawValue: 1 << 0)
    /// The options that a student of the handshake or of loss looks for: MSS, window scale, SACK blocks.
    public static let options = LadderDetails(rawValue: 1 << 1)
}

/// Writes labels for segments, and remembers where each sender's numbers began to count from there.
struct SegmentLabels {
    private struct Direction: Hashable {
        let source: Endpoint
        let destination: Endpoint
    }

    private let numbering: PacketDescriber.Numbering
    private let details: LadderDetails
    private var origins: [Direction: SequenceNumber] = [:]

    init(numbering: PacketDescriber.Numbering, details: LadderDetails) {
        self.numbering = numbering
        self.details = details
    }

    /// The label of the next segment in the order of sending: `FIN ACK seq=11 ack=11`.
    mutating func label(_ segment: TracedSegment) -> String {
        let there = Direction(source: segment.source, destination: segment.destination)
        let back = Direction(source: segment.destination, destination: segment.source)
        if segment.flags.contains(.syn) { origins[there] = segment.seq }

        var words = [Self.names(of: segment.flags)]
        words.append("seq=\(number(segment.seq, from: origins[there]))")
        if segment.flags.contains(.ack) { words.append("ack=\(number(segment.ack, from: origins[back]))") }
        if segment.textLength > 0 { words.append("len=\(segment.textLength)") }
        if segment.flags.contains(.urg) { words.append("urg=\(segment.header.urgentPointer)") }
        if details.contains(.window) { words.append("win=\(segment.header.window)") }
        if details.contains(.options) { words += options(segment.header.options, origin: origins[back]) }
        return words.joined(separator: " ")
    }

    /// Numbers are counted from the sender's SYN, if that was seen.
    private func number(_ number: SequenceNumber, from origin: SequenceNumber?) -> String {
        guard numbering == .relative, let origin else { return number.description }
        return String(number - origin)
    }

    private func options(_ options: TCPOptions, origin: SequenceNumber?) -> [String] {
        var words: [String] = []
        if let size = options.maximumSegmentSize { words.append("mss=\(size)") }
        if let shift = options.windowScale { words.append("wscale=\(shift)") }
        for index in 0..<options.sackBlocks.count {
            let block = options.sackBlocks[index]
            words.append("sack=\(number(block.start, from: origin)):\(number(block.end, from: origin))")
        }
        return words
    }

    /// The flags by their names in RFC 9293 §3.1.
    private static func names(of flags: TCPFlags) -> String {
        let all: [(TCPFlags, String)] = [
            (.syn, "SYN"), (.fin, "FIN"), (.rst, "RST"), (.psh, "PSH"), (.urg, "URG"), (.ack, "ACK"),
        ]
        let names = all.filter { flags.contains($0.0) }.map(\.1)
        return names.isEmpty ? "no flags" : names.joined(separator: " ")
    }
}
