/// What a describer subtracts from the numbers of a segment to show them from the start of its conversation.
struct SequenceOrigins: Equatable, Sendable {
    /// The origin of what the segment's sender sends: of its sequence numbers.
    var sender: UInt32
    /// The origin of what its receiver sends: of acknowledgment numbers and SACK blocks.
    var receiver: UInt32

    /// Numbers as they are on the wire.
    static let absolute = SequenceOrigins(sender: 0, receiver: 0)

    /// The same, seen from the other end.
    var reversed: Self { SequenceOrigins(sender: receiver, receiver: sender) }
}

/// Remembers the first sequence numbers of conversations, of the latest ones only.
struct SequenceOriginTable: Sendable {
    /// The most conversations remembered; a new one then takes the place of the oldest.
    static let capacity = 4096

    /// Two ends in a fixed order, so that both directions of a conversation have the same key.
    private struct Conversation: Hashable {
        var first: Endpoint
        var second: Endpoint
    }

    private var origins: [Conversation: SequenceOrigins] = [:]
    /// Who is in the table, as a ring in order of arrival.
    private var arrivals: [Conversation] = []
    private var oldest = 0

    /// The origins for the numbers of one segment, and whether they are known only since this segment.
    ///
    /// A conversation begins with the first segment seen that has ACK, and anew with each SYN that has ACK: only such a
    /// segment tells about both directions.
    mutating func origins(
        for header: TCPHeader, from source: Endpoint, to destination: Endpoint
    ) -> (origins: SequenceOrigins, areNew: Bool) {
        let isReversed = Self.precedes(destination, source)
        let conversation =
            isReversed
            ? Conversation(first: destination, second: source) : Conversation(first: source, second: destination)
        if !header.flags.contains(.syn), let known = origins[conversation] {
            return (isReversed ? known.reversed : known, false)
        }
        let new = SequenceOrigins(
            sender: header.sequenceNumber.rawValue, receiver: (header.acknowledgmentNumber - 1).rawValue)
        if origins.updateValue(isReversed ? new.reversed : new, forKey: conversation) == nil {
            remember(conversation)
        }
        return (new, true)
    }

    private mutating func remember(_ conversation: Conversation) {
        if arrivals.count < Self.capacity {
            arrivals.append(conversation)
        } else {
            origins[arrivals[oldest]] = nil
            arrivals[oldest] = conversation
            oldest = (oldest + 1) % Self.capacity
        }
    }

    private static func precedes(_ a: Endpoint, _ b: Endpoint) -> Bool {
        (a.address.high, a.address.low, a.port.rawValue) < (b.address.high, b.address.low, b.port.rawValue)
    }
}
