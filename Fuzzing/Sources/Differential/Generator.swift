import TunstackSimulator
import TunstackWire

/// Draws sequences. What is valid and what is stale depends on what has happened, so it draws a step at a time.
struct Generator {
    private var random: SeededRandom
    /// The place after all text so far, and that of the FIN.
    private var (textEnd, fin): (Int, Int?) = (1, nil)
    /// A place that no window reaches.
    private static let far = 20_000_000
    /// Options that do not belong where they are, or have a wrong length: none may change anything.
    private static let strayOptions: [[UInt8]] = [
        // Nobody's, with and without a good length; one that is longer than the header.
        [0x22, 4, 1, 2], [0x22, 0xFF, 0, 0], [0x22, 0, 0, 0], [0x22, 1, 0, 0],
        // Nothing, and an end with something behind it.
        [1, 1, 1, 1], [0, 2, 4, 0],
        // What belongs on a SYN: MSS, window scale, SACK permitted.
        [2, 4, 0, 1], [3, 3, 14, 1], [4, 2, 1, 1],
        // SACK without a block, a timestamp without a value.
        [5, 2, 1, 1], [5, 4, 0, 0], [8, 4, 0, 0],
    ]

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    private mutating func chance(_ percent: Int) -> Bool { number(0...99) < percent }

    mutating func opening() -> Opening {
        var opening = Opening()
        opening.isActive = chance(25)
        opening.sackPermitted = chance(50)
        opening.usesTimestamps = chance(50)
        opening.windowScale = chance(50) ? UInt8(number(0...7)) : nil
        opening.handshakeSegments = chance(15) ? number(0...1) : 2
        return opening
    }

    mutating func count() -> Int { number(3...14) }

    /// The next step after what a view has seen.
    mutating func step(_ view: View) -> Step {
        switch number(0...99) {
        case 0..<8: Step(kind: "SEND", action: .send(number(1...600)))
        case 8..<12: Step(kind: "shutdown", action: .shutdown)
        case 12..<14: Step(kind: "close", action: .close)
        case 14: Step(kind: "abort", action: .abort)
        default: segment(view)
        }
    }

    private mutating func segment(_ view: View) -> Step {
        var segment = Segment(flags: .ack, place: view.received, acknowledged: view.sent)
        let which = number(0...24)
        let kind = which < 13 ? drawText(which, &segment, view) : drawFlags(which, &segment)
        keepConsistent(&segment)
        if view.opening.usesTimestamps, chance(10) {
            segment.timestampOffset = [nil, -1, -1_000_000, 1_000][number(0...3)]
            return Step(kind: kind + Self.words(segment.timestampOffset), action: .segment(segment))
        }
        return Step(kind: kind, action: .segment(segment))
    }

    /// A segment with text, or an acknowledgment; says of what kind it is.
    private mutating func drawText(_ which: Int, _ segment: inout Segment, _ view: View) -> String {
        let next = segment.place
        let kind: String
        switch which {
        case 0, 1, 2:
            kind = "text in order"
            segment.textLength = number(1...400)
        case 3, 4:
            kind = "text beyond a gap"
            segment.place += number(1...500)
            segment.textLength = number(1...400)
        case 5:
            kind = "old text"
            segment.place -= number(1...500)
            segment.textLength = min(number(1...400), next - segment.place)
        case 6, 7:
            kind = "text that overlaps the left edge"
            segment.place -= number(1...200)
            segment.textLength = next - segment.place + number(1...200)
        case 8:
            kind = "text far outside the window"
            segment.place += chance(50) ? Self.far : -Self.far
            segment.textLength = number(1...100)
        case 9:
            kind = "bare ACK far outside the window"
            segment.place += chance(50) ? Self.far : -Self.far
        case 10:
            kind = "ACK of a part"
            segment.acknowledged = max(0, view.sent - number(1...300))
        case 11:
            kind = "ACK of what was never sent"
            segment.acknowledged += chance(50) ? number(1...300) : Self.far
            segment.textLength = chance(50) ? number(1...100) : 0
        default:
            kind = "ACK from long ago"
            segment.acknowledged -= Self.far
            segment.textLength = chance(50) ? number(1...100) : 0
        }
        return kind
    }

    /// A segment with other flags, another window or bad options; says of what kind it is.
    private mutating func drawFlags(_ which: Int, _ segment: inout Segment) -> String {
        let kind: String
        switch which {
        case 13, 14:
            kind = "FIN in order"
            segment.flags.insert(.fin)
            segment.textLength = chance(50) ? number(1...100) : 0
        case 15:
            kind = "FIN beyond a gap"
            segment.flags.insert(.fin)
            segment.place += number(1...300)
            segment.textLength = chance(50) ? number(1...100) : 0
        case 16:
            kind = "old FIN"
            segment.flags.insert(.fin)
            segment.place -= number(1...300)
        case 17:
            kind = "reset, exact"
            segment.flags = chance(50) ? .rst : [.rst, .ack]
        case 18:
            kind = "reset in the window"
            segment.flags = chance(50) ? .rst : [.rst, .ack]
            segment.place += number(1...500)
        case 19:
            kind = "reset far outside the window"
            segment.flags = chance(50) ? .rst : [.rst, .ack]
            segment.place += chance(50) ? Self.far : -Self.far
        case 20:
            kind = "SYN"
            segment.flags = chance(50) ? .syn : [.syn, .ack]
            segment.place = chance(50) ? 0 : segment.place + number(0...500)
        case 21:
            kind = "no ACK"
            segment.flags = chance(30) ? [] : chance(50) ? .psh : [.fin, .psh, .urg]
            segment.textLength = number(0...50)
        case 22:
            kind = "window"
            segment.window = UInt16(number(0...1) * number(1...2_000))
        case 23:
            kind = "urgent text"
            segment.flags.insert(.urg)
            segment.textLength = number(0...50)
            segment.urgentPointer = UInt16(number(0...60))
        default:
            kind = "stray option"
            segment.textLength = number(0...50)
            segment.strayOptions = Self.strayOptions[number(0...Self.strayOptions.count - 1)]
        }
        return kind
    }

    /// Most peers have made up their minds: nothing comes after the FIN, and the FIN stays where it is.
    private mutating func keepConsistent(_ segment: inout Segment) {
        guard segment.flags.isDisjoint(with: [.rst, .syn]), abs(segment.place) < 1_000_000, !chance(10) else { return }
        if let fin {
            segment.textLength = min(segment.textLength, max(0, fin - segment.place))
            if segment.place + segment.textLength != fin { segment.flags.remove(.fin) }
        } else if segment.flags.contains(.fin), segment.place + segment.textLength < textEnd {
            segment.flags.remove(.fin)
        }
        let end = segment.place + segment.textLength
        if segment.flags.contains(.fin) { fin = end }
        textEnd = max(textEnd, end)
    }

    private static func words(_ offset: Int?) -> String {
        guard let offset else { return ", without its timestamp" }
        return offset < 0 ? ", with an old timestamp" : ", with a later timestamp"
    }
}
