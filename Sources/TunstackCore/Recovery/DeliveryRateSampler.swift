/// Measures how fast the path delivers (draft-ietf-ccwg-bbr, "Delivery Rate Samples"): every segment remembers what had been
/// delivered when it left, and its acknowledgment tells what has been delivered since.
struct DeliveryRateSampler {
    /// All bytes delivered (C.delivered).
    private(set) var delivered = 0
    /// All bytes lost (C.lost).
    private(set) var lost = 0
    /// When the last of them was acknowledged (C.delivered_time).
    private var deliveredAt = Instant.origin
    /// When the segment left that the next sample begins with (C.first_send_time).
    private var firstSentAt = Instant.origin
    /// The number of bytes delivered at which what is sent now is not the application's lack of data any more; zero while it is
    /// the window that limits (C.app_limited).
    private var applicationLimitedUntil = 0

    var isApplicationLimited: Bool { applicationLimitedUntil > 0 }

    /// Nothing has been sent yet.
    init() {}

    /// As it was before a rest: what has been delivered and lost, and that the application had no more to send.
    init(delivered: Int, lost: Int, isApplicationLimited: Bool) {
        self.delivered = delivered
        self.lost = lost
        applicationLimitedUntil = isApplicationLimited ? max(1, delivered) : 0
    }

    /// With nothing in flight, the other initializer makes an equal one.
    var mayRest: Bool { applicationLimitedUntil == 0 || applicationLimitedUntil == max(1, delivered) }

    /// Writes into a segment that leaves what its acknowledgment will be measured against. `inFlight` is without it.
    mutating func stamp(_ segment: inout SentSegment, inFlight: Int, at now: Instant) {
        if inFlight == 0 {
            firstSentAt = now
            deliveredAt = now
        }
        segment.firstSentAt = firstSentAt
        segment.deliveredAt = deliveredAt
        segment.delivered = delivered
        segment.lost = UInt32(truncatingIfNeeded: lost)
        segment.inFlight = Int32(clamping: inFlight + Int(segment.length))
        segment.isApplicationLimited = isApplicationLimited
    }

    /// The application has nothing more to send, though the window would allow it.
    mutating func onApplicationLimited(inFlight: Int) {
        applicationLimitedUntil = max(1, delivered + inFlight)
    }

    /// `segment` was delivered.
    mutating func onDelivered(_ segment: SentSegment, at now: Instant) {
        delivered += Int(segment.length)
        deliveredAt = now
    }

    /// A duplicate acknowledgment without SACK says that some segment was delivered (RFC 6937 §3).
    mutating func onDelivered(bytes: Int, at now: Instant) {
        delivered += bytes
        deliveredAt = now
    }

    mutating func onLost(_ bytes: Int) { lost += bytes }

    /// What one acknowledgment tells, of which `segment` is the newest that it delivers; nil if it tells nothing.
    mutating func sample(endingWith segment: SentSegment?, minimumRoundTrip: Interval?) -> DeliveryRate? {
        if applicationLimitedUntil > 0, delivered > applicationLimitedUntil { applicationLimitedUntil = 0 }
        guard let segment else { return nil }
        firstSentAt = segment.sentAt
        let sending = segment.sentAt - segment.firstSentAt
        let acknowledging = deliveredAt - segment.deliveredAt
        let interval = max(sending, acknowledging)
        // Shorter than any round trip: acknowledgments came compressed, and would tell of a speed that is not there.
        guard interval > .zero, interval >= minimumRoundTrip ?? .zero else { return nil }
        return DeliveryRate(
            delivered: delivered - segment.delivered, interval: interval,
            isApplicationLimited: segment.isApplicationLimited, priorDelivered: segment.delivered,
            inFlightAtSend: Int(segment.inFlight), lost: lostSince(segment))
    }

    /// Bytes lost since `segment` left.
    func lostSince(_ segment: SentSegment) -> Int {
        Int(UInt32(truncatingIfNeeded: lost) &- segment.lost)
    }
}
