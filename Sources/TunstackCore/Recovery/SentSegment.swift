import TunstackWire

/// A segment that has been sent and not yet been acknowledged cumulatively: where it is believed to be, and what the connection had
/// delivered when it left, from which the delivery rate is computed. Or a super-segment, all of whose segments share one fate so far.
/// What RACK keeps of a segment is among it (RFC 8985 §6.1).
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

    struct Marks: OptionSet {
        let rawValue: UInt8

        /// It carries PSH, whatever leaves with it.
        static let isPushed = Marks(rawValue: 1 << 0)
        /// It was the last that left together with others.
        static let endsBurst = Marks(rawValue: 1 << 1)
        /// It ends a record: what follows is not repaired in the same segment.
        static let endsRecord = Marks(rawValue: 1 << 2)
    }

    /// Its first number.
    var start: SequenceNumber
    /// Its numbers, a FIN among them.
    var length: Int32
    /// When it left for the last time.
    var sentAt: Instant
    /// Of a super-segment: the numbers in each of its segments, the last of which may have fewer; 0 for a segment.
    var segmentSize: UInt16 = 0
    /// It has left more than once.
    var isRetransmitted = false
    /// The application had too little to send when it left.
    var isApplicationLimited = false
    /// It is a piece of a probe for a larger path MTU, which has not been sent again.
    var isSizeProbe = false
    /// What is special about its end; of a super-segment, about that of the last of its segments.
    var marks: Marks = []
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

/// Super-segments.
extension SentSegment {
    /// Segments that it stands for.
    var segmentCount: Int {
        segmentSize == 0 ? 1 : (Int(length) + Int(segmentSize) - 1) / Int(segmentSize)
    }

    /// Its segments from `first` on, so many, as a record of their own. They were in the network together with those before them.
    private func segments(from first: Int, count: Int) -> SentSegment {
        var part = self
        let offset = first * Int(segmentSize)
        part.start = start + offset
        part.length = min(Int32(count) * Int32(segmentSize), length - Int32(offset))
        part.inFlight -= Int32(end - part.end)
        if part.end != end { part.marks = [] }
        if part.segmentCount == 1 { part.segmentSize = 0 }
        return part
    }

    /// One of its segments. A FIN that follows a full one comes out as a segment of its own.
    func segment(_ index: Int) -> SentSegment { segmentSize == 0 ? self : segments(from: index, count: 1) }

    /// Its segments that an acknowledgment of `una` covers whole; nil if there are none, or if it is no super-segment.
    func front(acknowledgedBy una: SequenceNumber) -> SentSegment? {
        guard segmentSize > 0, una - start >= Int(segmentSize) else { return nil }
        return segments(from: 0, count: (una - start) / Int(segmentSize))
    }
}
