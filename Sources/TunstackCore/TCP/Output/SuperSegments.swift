import TunstackWire

/// Super-segments: many segments that leave as one packet, for the layer below to cut up.
///
/// A super-segment is new text that would leave now anyway, segment by segment; it only saves the work of doing so for each. So it
/// is made of a first segment that may leave, by taking in those that would follow it at once: as many as the windows and the pacer
/// let go, full ones all of them but for the end of the queue, which comes along if nothing would hold it back alone.
///
/// What differs from segment to segment, other than numbers and checksums, FIN and PSH, the layer below does not know how to write. So
/// there is none with urgent data, none where the
/// application has marked the end of a segment or wants bursts to end with PSH, none that tells of a smaller window (CWR), and none beside SACK blocks, of which a report
/// of a duplicate must be given once.
struct SuperSegmentLimits {
    /// Bytes that wait to be sent.
    var queued: Int
    /// What the peer's window and the congestion window allow.
    var room: Int
    /// A FIN follows the queue, and the peer's window has room for all of it and for the FIN.
    var finFits: Bool
    /// The largest packet that a super-segment may be; 0 if there are none.
    var largestPacket: Int
}

extension Connection {
    /// Takes in what would follow a full segment of new text at once.
    @inline(__always)
    mutating func widen(
        _ segment: inout OutgoingSegment, _ limits: SuperSegmentLimits, at now: Instant, _ pool: inout BufferPool
    ) {
        let size = segment.textLength
        let headers = MaximumSegmentSize.headerBytes + negotiated.lengthOnEverySegment
        guard limits.largestPacket - headers >= 2 * size, sackBytes == 0, mayLeaveTogether else { return }
        var most = min(limits.room, limits.largestPacket - headers)
        if options.pacing, let rate = congestion.pacingRate {
            most = min(most, pacer.allowance(rate: rate, segmentSize: size, at: now))
        }
        var length = min(limits.queued, most) / size * size
        let rest = limits.queued - length
        if rest < size, limits.queued <= most, limits.finFits || releasesRest { length = limits.queued }
        // A FIN may need a record of its own.
        guard length > size, recovery.segments.reserve(length / size + 2, pool: &pool) else { return }
        segment.textLength = length
        segment.segmentSize = size
    }

    /// Nothing is to be said that only one segment may say.
    @inline(__always)
    private var mayLeaveTogether: Bool {
        !options.pushesBursts && !snd.up.isAfter(snd.nxt)
            && (recovery.untoldReduction == nil || !negotiated.ecn.contains(.sends))
    }

    /// Nobody would hold back the end of the queue behind full segments: neither the application nor Nagle's algorithm.
    @inline(__always)
    private var releasesRest: Bool {
        !withholdsPartialSegment && (!smallSegmentIsOutstanding || options.noDelay)
    }
}
