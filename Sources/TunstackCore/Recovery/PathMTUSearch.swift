/// The search for the largest packet that the path carries. Sizes are those of whole IP packets, in bytes.
///
/// ## Downwards
///
/// When the same segment has timed out twice and is larger than what every path carries, the next smaller step of a
/// short table is believed, and so on with each time-out. If the smallest does not help either, it was not the size.
///
/// ## Upwards
///
/// A segment of new text that is larger than the others is the probe (RFC 4821 §7.2). It is recorded as pieces of the
/// ordinary size, so that if it is lost it is repaired as if it had never been larger, and its loss says nothing
/// about congestion (§7.6.2). First the largest size is tried that the device and the peer allow, which most paths
/// carry; then one step of a table after another.
struct PathMTUSearch {
    /// The text of a segment that every path is taken to carry (RFC 4821 §7.2: eff_pmtu begins here).
    static let baseText = 1_024
    /// Losses of a probe before its size counts as too large (RFC 8899 §5.1.2, MAX_PROBES).
    static let mostLosses: UInt8 = 3
    /// How long a path MTU is believed before a larger one is tried (RFC 1191 §6.3).
    static let lifetime = Interval.seconds(600)

    /// Steps down: Ethernet under a larger device; what IPv6 asks of every link, and tunnels leave; what every IPv4
    /// host takes. Few, for each costs a time-out.
    private static let lowered: InlineArray<3, UInt16> = [1_500, 1_280, 576]
    /// Steps up: an old plateau of RFC 1191 §7.1, the IPv6 minimum, common tunnels, PPPoE, Ethernet, FDDI, jumbo
    /// frames, and the larger plateaus.
    private static let raised: InlineArray<9, UInt16> = [
        1_006, 1_280, 1_400, 1_492, 1_500, 4_352, 9_000, 17_914, 32_000,
    ]

    /// When the search may go on.
    private var resumesAt = Instant.origin
    /// The largest packet of the device.
    private let largest: UInt16
    /// The largest size that may yet pass (RFC 4821 §7.1, search_high).
    private var highest: UInt16
    /// The size of the probe in the network; zero for none.
    private var probed: UInt16 = 0
    /// The path MTU before time-outs lowered it; zero if they have not.
    private var before: UInt16 = 0
    /// Losses of probes of the next size.
    private var losses: UInt8 = 0
    /// Nothing larger than the path MTU has been tried yet since the search began.
    private var isFresh = true
    /// For the segment that times out smaller sizes have not helped.
    private var isExhausted = false

    /// A search up to what the device carries.
    init(largest: Int) {
        self.largest = UInt16(clamping: largest)
        highest = self.largest
    }

    /// A probe is in the network.
    var isProbing: Bool { probed > 0 }

    /// Whether a larger path MTU than `current` may be tried now.
    @inline(__always)
    func isDue(above current: Int, at now: Instant) -> Bool {
        current < Int(largest) && !isProbing && resumesAt <= now
    }

    /// The size to try; nil if there is none above `current` up to `limit`, which is what the peer takes.
    func candidate(above current: Int, limit: Int) -> Int? {
        let top = min(Int(highest), limit)
        guard top > current else { return nil }
        if isFresh { return top }
        for index in Self.raised.indices where Int(Self.raised[index]) > current {
            return Int(Self.raised[index]) <= top ? Int(Self.raised[index]) : nil
        }
        return nil
    }
}

// MARK: - Probes

extension PathMTUSearch {
    mutating func onProbeSent(size: Int) { probed = UInt16(clamping: size) }

    /// The probe has arrived; its size, which is the path MTU now.
    mutating func onProbeDelivered() -> Int? {
        guard isProbing else { return nil }
        defer { probed = 0 }
        losses = 0
        return Int(probed)
    }

    /// The probe is lost. One loss proves little, several do.
    mutating func onProbeLost(current: Int, limit: Int, at now: Instant) {
        guard isProbing else { return }
        losses += 1
        if losses >= Self.mostLosses {
            highest = probed - 1
            losses = 0
            isFresh = false
        }
        probed = 0
        if candidate(above: current, limit: limit) == nil { pause(at: now) }
    }

    /// A router says that a packet was too big, and how large one could have been: no less than is believed already,
    /// so it was the probe.
    mutating func onProbeRefused(nextHopMTU: Int, current: Int, at now: Instant) {
        guard nextHopMTU < Int(probed) else { return }
        probed = 0
        losses = 0
        highest = UInt16(clamping: nextHopMTU)
        isFresh = true
        if nextHopMTU <= current { pause(at: now) }
    }

    /// Nothing larger is tried for a long time, and then everything again.
    mutating func pause(at now: Instant) {
        probed = 0
        losses = 0
        highest = largest
        isFresh = true
        resumesAt = now + Self.lifetime
    }
}

// MARK: - Black holes

extension PathMTUSearch {
    /// The retransmission timer has fired for the `count`th time for the same segment, and `packet` bytes would leave
    /// next. The path MTU to believe in now; nil for the same.
    mutating func onTimeout(count: Int, packet: Int, current: Int, usesProbes: Bool, at now: Instant) -> Int? {
        if count < 2 {
            before = 0
            isExhausted = false
            return nil
        }
        guard !isExhausted else { return nil }
        guard before > 0 || packet > Self.baseText + MaximumSegmentSize.headerBytes else { return nil }
        for index in Self.lowered.indices where Int(Self.lowered[index]) < current {
            if before == 0 { before = UInt16(clamping: current) }
            pause(at: now)
            // An outage looks the same, so probes try the old size as soon as data flows again.
            if usesProbes { resumesAt = now }
            return Int(Self.lowered[index])
        }
        isExhausted = true
        guard before > 0 else { return nil }
        return Int(before)
    }
}
