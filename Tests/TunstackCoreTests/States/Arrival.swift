import Testing
import TunstackCore
import TunstackWire

/// The kinds of segments that can arrive in any state, in the order of the checks of RFC 9293 §3.10.7.4.
enum Arrival: CaseIterable, Sendable, CustomTestStringConvertible {
    /// A SYN with a number far from the window: a new connection attempt.
    case syn
    /// A SYN inside the window.
    case synInWindow
    /// The SYN that opened the connection, again.
    case synAgain
    /// The peer's SYN with an acknowledgment of ours.
    case synAck
    /// A bare ACK of everything that was sent.
    case ack
    /// A bare ACK of less than is acknowledged already.
    case oldAck
    /// A bare ACK of what lies further back than any window has reached.
    case ancientAck
    /// A bare ACK of what has not been sent.
    case ackOfUnsentData
    /// Three bytes in order, with an ACK of everything.
    case text
    /// Three bytes beyond the window.
    case textOutsideWindow
    /// Three bytes that lie before the window.
    case oldText
    /// Four bytes, the first of which lies before the window.
    case overlappingText
    /// The peer's FIN, which does not acknowledge the last number of ours.
    case fin
    /// The peer's FIN, with an ACK of everything.
    case finAndAck
    /// A FIN one number before the window: the one that was taken in, again.
    case finAgain
    /// A reset with the exact number.
    case reset
    /// A reset with the exact number and an ACK of everything.
    case resetWithAck
    /// A reset with another number inside the window.
    case resetInWindow
    /// A reset outside the window.
    case resetOutsideWindow
    /// No control bit at all, with the exact number.
    case nothing

    var testDescription: String { "\(self)" }

    /// A header's worth of numbers.
    struct Numbers {
        var flags: TCPFlags
        var seq: UInt32
        var ack: UInt32 = 0
        var textLength = 0

        /// SEG.SEQ + SEG.LEN.
        var end: UInt32 {
            seq &+ UInt32(textLength) &+ (flags.contains(.syn) ? 1 : 0) &+ (flags.contains(.fin) ? 1 : 0)
        }
    }

    /// The segment for a connection whose SND.UNA, SND.NXT and RCV.NXT are these.
    func numbers(una: UInt32, nxt: UInt32, rcv: UInt32) -> Numbers {
        switch self {
        case .syn: Numbers(flags: .syn, seq: 900_000_000)
        case .synInWindow: Numbers(flags: .syn, seq: rcv + 10)
        case .synAgain: Numbers(flags: .syn, seq: SegmentScript.irs)
        case .synAck: Numbers(flags: [.syn, .ack], seq: SegmentScript.irs, ack: SegmentScript.iss + 1)
        case .ack: Numbers(flags: .ack, seq: rcv, ack: nxt)
        case .oldAck: Numbers(flags: .ack, seq: rcv, ack: una - 1)
        case .ancientAck: Numbers(flags: .ack, seq: rcv, ack: una &- 70_000)
        case .ackOfUnsentData: Numbers(flags: .ack, seq: rcv, ack: nxt + 10)
        case .text: Numbers(flags: [.psh, .ack], seq: rcv, ack: nxt, textLength: 3)
        case .textOutsideWindow: Numbers(flags: [.psh, .ack], seq: rcv + 70_000, ack: nxt, textLength: 3)
        case .oldText: Numbers(flags: [.psh, .ack], seq: rcv - 3, ack: nxt, textLength: 3)
        case .overlappingText: Numbers(flags: [.psh, .ack], seq: rcv - 1, ack: nxt, textLength: 4)
        case .fin: Numbers(flags: [.fin, .ack], seq: rcv, ack: una)
        case .finAndAck: Numbers(flags: [.fin, .ack], seq: rcv, ack: nxt)
        case .finAgain: Numbers(flags: [.fin, .ack], seq: rcv - 1, ack: nxt)
        case .reset: Numbers(flags: .rst, seq: rcv)
        case .resetWithAck: Numbers(flags: [.rst, .ack], seq: rcv, ack: nxt)
        case .resetInWindow: Numbers(flags: .rst, seq: rcv + 5)
        case .resetOutsideWindow: Numbers(flags: .rst, seq: rcv + 70_000)
        case .nothing: Numbers(flags: [], seq: rcv)
        }
    }
}

/// What an arrival leads to.
struct Outcome: Sendable {
    /// The one segment that answers it, if any.
    enum Answer: Sendable {
        case silence
        /// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>, RCV.NXT having advanced by so many.
        case ack(_ advance: UInt32 = 0)
        /// <SEQ=ISS><ACK=SEG.SEQ+1><CTL=SYN,ACK>
        case synAck
        /// <SEQ=SEG.ACK><CTL=RST>
        case reset
        /// <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
        case resetWithAck
    }

    var state: State
    var answer: Answer
    var drop: DropReason?

    init(_ state: State, _ answer: Answer = .silence, drop: DropReason? = nil) {
        self.state = state
        self.answer = answer
        self.drop = drop
    }
}
