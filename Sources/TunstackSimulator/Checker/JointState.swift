/// Both ends, what is in the network, and what may still go wrong there.
struct JointState {
    var hosts: (HostStateID, HostStateID)
    /// Packets on the way to each end, the oldest first; if the network reorders, by their numbers.
    var inboxes: ([Int32], [Int32]) = ([], [])
    var lossesLeft: Int
    var duplicatesLeft: Int

    subscript(host side: CheckedSide) -> HostStateID {
        get { side == .first ? hosts.0 : hosts.1 }
        set { if side == .first { hosts.0 = newValue } else { hosts.1 = newValue } }
    }

    subscript(inbox side: CheckedSide) -> [Int32] {
        get { side == .first ? inboxes.0 : inboxes.1 }
        set { if side == .first { inboxes.0 = newValue } else { inboxes.1 = newValue } }
    }
}

/// One of the two ends.
enum CheckedSide: CaseIterable, CustomStringConvertible {
    case first
    case second

    var description: String { self == .first ? "A" : "B" }

    var other: CheckedSide { self == .first ? .second : .first }
}

/// One thing that happens.
enum JointEvent {
    case own(CheckedSide, HostEvent)
    /// A packet, by its number, arrives at an end.
    case delivery(CheckedSide, Int32)
    case loss(CheckedSide, Int32)
    case duplication(CheckedSide, Int32)

    /// An application gives up.
    var isAbort: Bool {
        if case .own(_, .abort) = self { true } else { false }
    }
}

// MARK: - As a key

extension JointState {
    /// The state in as few numbers as possible.
    var words: [Int32] {
        var words = [hosts.0, hosts.1, Int32(lossesLeft << 16 | duplicatesLeft << 8 | inboxes.0.count)]
        words.reserveCapacity(3 + inboxes.0.count + inboxes.1.count)
        words += inboxes.0
        words += inboxes.1
        return words
    }

    init(words: [Int32]) {
        hosts = (words[0], words[1])
        lossesLeft = Int(words[2] >> 16)
        duplicatesLeft = Int(words[2] >> 8 & 0xFF)
        let split = 3 + Int(words[2] & 0xFF)
        inboxes = (Array(words[3..<split]), Array(words[split...]))
    }

    init(hosts: (HostStateID, HostStateID), lossesLeft: Int, duplicatesLeft: Int) {
        self.hosts = hosts
        self.lossesLeft = lossesLeft
        self.duplicatesLeft = duplicatesLeft
    }
}
