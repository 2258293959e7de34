extension Scenario {
    /// Every scenario, in the order of a connection's life.
    public static let all: [Scenario] = [
        golden, refused, handshake, staleSyn, isn, synTimeout, simultaneousOpen, synFlood, close, halfClose,
        threeSegmentClose, simultaneousClose, finWait1ToTimeWait, closeWait, finWait2, timeWait, quietTime,
        keepAlive, halfOpen, abort, numbers, pushUrgent, loss, zeroWindow, states,
    ]

    /// The scenario of this name.
    public static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }
}
