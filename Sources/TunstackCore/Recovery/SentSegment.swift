import TunstackWire

/// A segment that has been sent and not yet been acknowledged cumulatively: where it is believed to be, and what the connection had
/// delivered when it left, from which the delivery rate is computed.
struct SentSegment {
    /// Where the segment is believed to be.
    enum Place: UInt8 {
        /// In the network.
        case flight
        /// Lost, and not sent again yet.
        case missing
        /// At the receiver, beyond a gap (RFC 2018).
        case receiver
    }

    /// Its first number.
    var start: SequenceNumber
    /// Its numbers, a FIN among them.
    var length: Int32
    /// When it left for the last time.
    var sentAt: Instant
    /// It has left more than once.
    var isRetransmitted = false
    /// The application had too little to send when it left.
    var isApplicationLimited = false
    /// It is a piece of a probe for a larger path MTU, which has not been sent again.
    var isSizeProbe = false
    /// It carries PSH, whatever leaves with it.
    var isPushed = false
    /// It was the last that left together with others.
    var endsBurst = false
    /// It ends a record: what follows is not repaired in the same segment.
    var endsRecord = false
    var place = Place.flight

    // The connection's delivery when it left (see `DeliveryRateSampler`).
    var firstSentAt = Instant.origin
    var deliveredAt = Instant.origin
    var delivered = 0
    /// Low bits of all bytes lost.
    var lost: UInt32 = 0
    var inFlight: Int32 = 0

    // Neighbours in the list of its place.
    var previous = SentSegments.none
    var next = SentSegments.none

    /// One past its last number.
    var end: SequenceNumber { start + Int(length) }
}
