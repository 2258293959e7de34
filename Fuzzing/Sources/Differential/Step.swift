import TunstackWire

/// One thing that happens in a sequence, in numbers that do not depend on who it happens to: places in the peer's
/// stream, where its SYN has place 0, and places in the host's, counted likewise.
struct Step {
    /// What happens.
    enum Action {
        /// The peer sends a segment.
        case segment(Segment)
        /// The application sends so many bytes.
        case send(Int)
        /// The application closes its direction, and goes on reading.
        case shutdown
        /// The application lets go of the connection.
        case close
        /// The application aborts.
        case abort
    }

    /// What kind of step it is, for the report.
    let kind: String
    let action: Action
}

/// A segment of the peer's.
struct Segment {
    static let usualWindow: UInt16 = 30_000

    var flags: TCPFlags
    /// The place of its first number in the peer's stream.
    var place: Int
    /// What it acknowledges, as a place in the host's stream; counts only with ACK.
    var acknowledged = 0
    var textLength = 0
    var window = usualWindow
    var urgentPointer: UInt16 = 0
    /// How far its timestamp is from the peer's clock; nil for none, though it was agreed on.
    var timestampOffset: Int? = 0
    /// Four bytes of options that follow the others; none if it is empty.
    var strayOptions: [UInt8] = []

    /// The place after its text and FIN.
    var end: Int { place + textLength + (flags.contains(.fin) ? 1 : 0) }
}

extension Step: CustomStringConvertible {
    /// The step as a line of a report.
    var description: String {
        guard case .segment(let segment) = action else { return kind }
        var text = "\(kind): [\(segment.flags)] \(segment.place)+\(segment.textLength)"
        if segment.flags.contains(.ack) { text += " ack \(segment.acknowledged)" }
        return text + (segment.window == Segment.usualWindow ? "" : " win \(segment.window)")
    }
}

/// What was agreed on when the connection was opened.
struct Opening {
    var isActive = false
    var sackPermitted = false
    var usesTimestamps = false
    var windowScale: UInt8?
    /// Where the steps begin: after how many segments of the handshake.
    var handshakeSegments = 2
    /// The text of the SYN.
    var synText = 0
}
