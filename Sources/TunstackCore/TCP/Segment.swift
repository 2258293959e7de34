import TunstackWire

/// An arriving segment in the RFC's variables (RFC 9293 §3.3.1, "current segment variables"). Its text travels beside it as
/// a span.
struct Segment {
    /// The connection it claims to belong to, seen from our end.
    let key: ConnectionKey
    /// SEG.SEQ
    var seq: SequenceNumber
    /// SEG.ACK; means nothing unless `flags` has ACK.
    let ack: SequenceNumber
    /// The control bits.
    var flags: TCPFlags
    /// The window field as it stands in the header.
    private let window: UInt16
    /// RFC 7323 §2.2: the window field of a segment with SYN is never scaled.
    private let windowIsScaled: Bool
    /// SEG.UP, as the offset in the header.
    let urgentPointer: UInt16
    let options: TCPOptions
    /// Bytes of text.
    let textLength: Int
    /// The text lies in the receive buffer already, where it belongs (`Placement`); the span beside the segment is empty.
    var isPlaced = false
    /// A router on the way has marked the packet (RFC 3168 §5).
    let hasExperiencedCongestion: Bool

    /// SEG.LEN: the text, and one each for SYN and FIN.
    var len: Int { textLength + (flags.contains(.syn) ? 1 : 0) + (flags.contains(.fin) ? 1 : 0) }

    /// SEG.WND, in bytes.
    func wnd(shift: UInt8) -> Int { windowIsScaled ? Int(window) << Int(shift) : Int(window) }

    /// The number of the first byte of text.
    var textStart: SequenceNumber { flags.contains(.syn) ? seq + 1 : seq }
    /// The number that a FIN has, or would have.
    var finSequence: SequenceNumber { textStart + textLength }

    init(header: TCPHeader, key: ConnectionKey, textLength: Int, hasExperiencedCongestion: Bool) {
        self.key = key
        seq = header.sequenceNumber
        ack = header.acknowledgmentNumber
        flags = header.flags
        window = header.window
        windowIsScaled = !header.flags.contains(.syn)
        urgentPointer = header.urgentPointer
        options = header.options
        self.textLength = textLength
        self.hasExperiencedCongestion = hasExperiencedCongestion
    }

    /// Cuts off a SYN that the receiver has seen before, and what ECE and CWR mean beside one.
    mutating func removeSyn() {
        seq += 1
        flags.subtract([.syn, .ece, .cwr])
    }
}

/// What a step of segment processing decides.
enum Disposition: Equatable {
    /// The next step looks at the segment.
    case proceed
    /// The segment is done with, as it should be.
    case consumed
    /// The segment is not used.
    case drop(DropReason)

    /// Why the segment is not used; nil if it is.
    var dropReason: DropReason? {
        if case .drop(let reason) = self { reason } else { nil }
    }
}
