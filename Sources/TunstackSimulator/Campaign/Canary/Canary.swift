import TunstackWire

/// A bug that is planted on purpose, so that it can be told whether the oracles would find one like it.
public enum Canary: String, Sendable, CaseIterable {
    /// A byte of every retransmission is changed, and the checksum is right.
    case changedRetransmission = "changed-retransmission"
    /// Windows that open again are not announced.
    case swallowedWindowUpdate = "swallowed-window-update"
    /// Every window that is announced is half of what it should be, so edges are drawn back.
    case shrunkWindow = "shrunk-window"
    /// Now and then a byte is acknowledged that has not arrived.
    case hastyAcknowledgment = "hasty-acknowledgment"
    /// A reset is answered by a reset.
    case answeredReset = "answered-reset"
    /// The FIN is sent at the number of the last byte.
    case earlyFin = "early-fin"
    /// The stack is not called any more when its deadline comes.
    case lostTimer = "lost-timer"
    /// Nothing that was lost is sent again.
    case lostRetransmission = "lost-retransmission"
    /// Every tenth packet has a wrong checksum.
    case wrongChecksum = "wrong-checksum"
    /// Every bare acknowledgment is answered by one.
    case endlessAcknowledgments = "endless-acknowledgments"

    /// What is planted, in one line.
    public var summary: String {
        switch self {
        case .changedRetransmission: "a byte of every retransmission is changed, and the checksum is right"
        case .swallowedWindowUpdate: "windows that open again are not announced"
        case .shrunkWindow: "every window announced is half of what it should be"
        case .hastyAcknowledgment: "now and then a byte is acknowledged that has not arrived"
        case .answeredReset: "a reset is answered by a reset"
        case .earlyFin: "the FIN is sent at the number of the last byte"
        case .lostTimer: "after a while no timer fires any more"
        case .lostRetransmission: "nothing that was lost is sent again"
        case .wrongChecksum: "every tenth packet has a wrong checksum"
        case .endlessAcknowledgments: "every bare acknowledgment is answered by one"
        }
    }

    /// The oracle that must find it.
    public var oracle: String {
        switch self {
        case .changedRetransmission: "text"
        case .swallowedWindowUpdate, .shrunkWindow: "windows"
        case .hastyAcknowledgment: "acknowledgments"
        case .answeredReset: "resets"
        case .earlyFin: "numbers"
        case .lostTimer: "ending"
        case .lostRetransmission: "progress"
        case .wrongChecksum: "checksums"
        case .endlessAcknowledgments: "quiet"
        }
    }

    /// Within how many seeds, from 1 on, it must be found.
    public var seedsAllowed: Int { 50 }

    func makeSaboteur() -> any Saboteur {
        switch self {
        case .changedRetransmission: RetransmissionSaboteur(changes: true)
        case .lostRetransmission: RetransmissionSaboteur(changes: false)
        case .swallowedWindowUpdate: WindowUpdateSaboteur()
        case .shrunkWindow: HeaderSaboteur { header, _ in if !header.flags.contains(.syn) { header.window /= 2 } }
        case .hastyAcknowledgment:
            HeaderSaboteur { header, count in
                if count.isMultiple(of: 7), header.flags == .ack { header.acknowledgmentNumber += 1 }
            }
        case .earlyFin:
            HeaderSaboteur { header, _ in
                if header.flags.contains(.fin) { header.sequenceNumber += -1 }
            }
        case .answeredReset: AnsweringSaboteur(flag: .rst)
        case .endlessAcknowledgments: AnsweringSaboteur(flag: .ack)
        case .lostTimer: TimerSaboteur()
        case .wrongChecksum: ChecksumSaboteur()
        }
    }
}
