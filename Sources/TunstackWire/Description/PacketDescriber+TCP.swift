extension PacketDescriber {
    /// Describes a TCP header with its numbers as they are: `Flags [S], seq 589530732, win 29200, …, length 0`.
    ///
    /// - Parameters:
    ///   - header: The header; its options are shown in the order in which they would be written.
    ///   - payloadLength: How many bytes of data follow the header, 0 or more.
    public static func describe(tcp header: TCPHeader, payloadLength: Int) -> String {
        var bytes: [UInt8] = []
        header.options.put(to: &bytes)
        let options = bytes.withRawSpan { describe(options: $0, origin: 0) }
        return describe(header, payloadLength: payloadLength, origins: .absolute, options: options)
    }

    static func describe(
        _ header: TCPHeader, payloadLength: Int, origins: SequenceOrigins, options: String
    ) -> String {
        let start = header.sequenceNumber - Int(origins.sender)
        let acknowledgment = header.acknowledgmentNumber - Int(origins.receiver)
        var text = "Flags [\(header.flags)]"
        if payloadLength > 0 {
            text += ", seq \(start):\(start + payloadLength)"
        } else if !header.flags.isDisjoint(with: [.syn, .fin, .rst]) {
            text += ", seq \(start)"
        }
        if header.flags.contains(.ack) { text += ", ack \(acknowledgment)" }
        text += ", win \(header.window)"
        if header.flags.contains(.urg) { text += ", urg \(header.urgentPointer)" }
        return text + options + ", length \(payloadLength)"
    }

    /// Describes the options in the order of the wire; empty if there are none.
    ///
    /// - Parameter origin: Where the numbers begin that SACK blocks speak of.
    static func describe(options bytes: RawSpan, origin: UInt32) -> String {
        guard !bytes.isEmpty else { return "" }
        var names: [String] = []
        var cursor = TCPOptionCursor()
        while let step = cursor.next(in: bytes) {
            names.append(describe(TCPOption(step, in: bytes), at: step, in: bytes, origin: origin))
        }
        if cursor.isMalformed { names.append("[bad opt]") }
        return ", options [" + names.joined(separator: ",") + "]"
    }

    private static func describe(
        _ option: TCPOption, at step: TCPOptionCursor.Step, in bytes: RawSpan, origin: UInt32
    ) -> String {
        switch option {
        case .endOfList: return "eol"
        case .noOperation: return "nop"
        case .maximumSegmentSize(let size): return "mss \(size)"
        case .windowScale(let shift): return "wscale \(shift)"
        case .sackPermitted: return "sackOK"
        case .timestamps(let pair): return "TS val \(pair.value) ecr \(pair.echoReply)"
        case .sack(let blocks):
            let ranges = blocks.map { "{\($0.start - Int(origin)):\($0.end - Int(origin))}" }
            return "sack \(blocks.count) " + ranges.joined()
        case .unknown(let kind, let length):
            let value = (step.offset + 2..<step.offset + length).map { hexadecimal(bytes.byte(at: $0)) }
            return "unknown-\(kind)" + (value.isEmpty ? "" : " 0x" + value.joined())
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
    }
}
