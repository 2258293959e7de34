import TunstackCore

/// Who is told of everything that happens at a host.
protocol HostObserver: AnyObject {
    /// The host puts a packet on its link.
    func host(_ host: HostCore, sends packet: [UInt8])
    /// The host's stack has handled a packet; with a reason if it did not use it. What it causes is not sent yet.
    func host(_ host: HostCore, received packet: [UInt8], dropped: DropReason?)
    /// The host has a new connection that an application uses.
    func host(_ host: HostCore, opened socket: SocketCore)
    /// The host has come to rest after a packet, a deadline, or a call.
    func hostActed(_ host: HostCore)
    /// The host's stack and all its connections are gone.
    func hostLostPower(_ host: HostCore)
}

/// Sits between a stack and its link and spoils its work on purpose, so that oracles have something to find.
protocol Saboteur {
    /// What to send in place of a packet that the stack wants to send.
    mutating func replacements(for packet: [UInt8], at now: Instant) -> [[UInt8]]
    /// What to send because of a packet that the stack has handled, beside what the stack sends.
    mutating func replies(to packet: [UInt8]) -> [[UInt8]]
    /// Whether the stack is not told any more that time passes.
    var stopsClock: Bool { get }
}

extension Saboteur {
    mutating func replacements(for packet: [UInt8], at now: Instant) -> [[UInt8]] { [packet] }
    mutating func replies(to packet: [UInt8]) -> [[UInt8]] { [] }
    var stopsClock: Bool { false }
}
