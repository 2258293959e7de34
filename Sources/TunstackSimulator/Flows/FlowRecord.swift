public import TunstackCore

/// What one connection's sender did over time, as its stack and the path show it.
public struct FlowRecord: Sendable {
    /// The sender's state at one time. Places in the stream are counted from its first byte.
    public struct Sample: Sendable, Hashable {
        /// When, on the network's clock.
        public let time: Instant
        /// Bytes that the peer has acknowledged: SND.UNA.
        public let acknowledged: Int
        /// Bytes that were sent once at least: SND.NXT at its highest.
        public let sent: Int
        /// Bytes between SND.UNA and SND.NXT.
        public let bytesInFlight: Int
        /// cwnd, in bytes.
        public let congestionWindow: Int
        /// ssthresh, in bytes; nil before the first loss.
        public let slowStartThreshold: Int?
        /// SRTT; zero before the first measurement.
        public let smoothedRoundTrip: Interval
        /// How long the packet that arrived last at the peer was on its way; zero before the first.
        public let pathDelay: Interval
    }

    /// Something that happened to one segment.
    public struct Mark: Sendable, Hashable {
        /// What it was.
        public enum Kind: Sendable, Hashable {
            /// It was sent again.
            case retransmission
            /// The path lost it.
            case loss
        }

        /// What it was.
        public let kind: Kind
        /// When, on the network's clock.
        public let time: Instant
        /// The place of its first byte in the stream.
        public let offset: Int
    }

    /// When the recording began.
    public internal(set) var start: Instant
    /// The sender's states, in order of time.
    public internal(set) var samples: [Sample] = []
    /// Retransmissions and losses of segments with text, in order of time; the first of them, if there are very many.
    public internal(set) var marks: [Mark] = []
    /// Segments with text that were sent.
    public internal(set) var segments = 0
    /// Of those, how many were sent again.
    public internal(set) var retransmissions = 0
    /// Of those, how many the path lost.
    public internal(set) var losses = 0

    init(start: Instant) {
        self.start = start
    }

    /// Bits of the stream that were acknowledged per second, from the first sample to the last; 0 if there are none.
    public var goodput: Int64 {
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return 0 }
        let bits = Int128(last.acknowledged - first.acknowledged) * 8 * 1_000_000_000
        return Int64(clamping: bits / Int128((last.time - first.time).nanoseconds))
    }
}
