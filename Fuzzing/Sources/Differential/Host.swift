import TunstackWire

/// One of the two that are compared: it gets the peer's packets and the application's calls.
protocol Host: ~Copyable {
    /// Opens passively, or actively towards the peer. Every sequence has a link of its own.
    mutating func begin(_ link: PeerLink, isActive: Bool) throws
    /// A packet arrives.
    mutating func receive(_ packet: [UInt8]) throws
    /// What the host has sent over this link since it was asked last.
    mutating func takeSent() throws -> [[UInt8]]
    /// A call of the application's; one that the host refuses is no call.
    mutating func call(_ action: Step.Action)
    /// Reads what there is.
    mutating func read() -> Reading
    /// Forgets the connection, in whatever state.
    mutating func end() throws
}

/// What the application got from one call.
struct Reading: Equatable {
    /// Whether there is a connection that it can read from.
    var isConnected = false
    var byteCount = 0
    /// Whether the bytes are those of the peer's stream, in order.
    var isRight = true
    var isAtEnd = false
    /// The connection was reset, refused, or has ended otherwise but by the peer's FIN.
    var hasFailed = false

    /// Adds bytes that belong at a place of the peer's stream.
    mutating func take(_ bytes: [UInt8], from place: inout Int) {
        let start = place
        if !bytes.enumerated().allSatisfy({ $0.element == View.byte(at: start + $0.offset) }) { isRight = false }
        byteCount += bytes.count
        place += bytes.count
    }

    var words: String {
        (isConnected ? "" : "no connection") + (byteCount > 0 ? "\(byteCount) bytes" : "") + (isRight ? "" : " (wrong)")
            + (isAtEnd ? " end of file" : "") + (hasFailed ? " error" : "")
    }
}
