import TunstackWire

/// What explicit congestion notification may do on a connection, as the two SYNs have it (RFC 3168 §6.1.1).
struct CongestionNotification: OptionSet {
    let rawValue: UInt8

    /// The peer's text may carry a mark, which is echoed: both have asked for that, or agreed to it, at least once.
    static let receives = CongestionNotification(rawValue: 1 << 0)
    /// Our text carries ECT(0), and the peer's echoes are believed: no SYN of either end has said otherwise.
    static let sends = CongestionNotification(rawValue: 1 << 1)

    /// What follows from the peer's SYN or SYN-ACK.
    ///
    /// - Parameter wasOffered: we ask for it, or agree to it.
    init(wasOffered: Bool, peer flags: TCPFlags) {
        self = wasOffered && flags.isECNSetup ? [.receives, .sends] : []
    }

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }
}

extension TCPFlags {
    /// Asks for ECN, if this is a SYN, or agrees to it, if it is a SYN-ACK (RFC 3168 §6.1.1). A SYN-ACK that repeats both flags comes
    /// from a peer that mirrors what it does not understand.
    @inline(__always)
    var isECNSetup: Bool { contains(.ack) ? contains(.ece) && !contains(.cwr) : isSuperset(of: [.ece, .cwr]) }
}

/// The echo (RFC 3168 §6.1.3).
extension Connection {
    /// Text has arrived within the window: a mark on it is echoed until the peer says that it has slowed down, and both news are
    /// acknowledged at once. The mark counts after the answer to an earlier one.
    @inline(__always)
    mutating func noteCongestion(_ segment: Segment, _ counters: inout Counters) {
        guard negotiated.ecn.contains(.receives), !segment.flags.contains(.syn) else { return }
        let wasEchoing = echoesCongestion
        if segment.flags.contains(.cwr) { echoesCongestion = false }
        if segment.hasExperiencedCongestion {
            counters.congestionMarksReceived &+= 1
            echoesCongestion = true
        }
        if echoesCongestion != wasEchoing { acknowledgments.oweNow() }
    }

    /// Whether an acknowledgment brings the echo of a mark (RFC 3168 §6.1.2).
    @inline(__always)
    mutating func isEcho(_ segment: Segment, _ counters: inout Counters) -> Bool {
        guard segment.flags.contains(.ece), negotiated.ecn.contains(.sends) else { return false }
        counters.congestionEchoesReceived &+= 1
        return true
    }

    /// The SYN-ACK of a simultaneous open: if it does not agree, our text goes without ECT (RFC 3168 §6.1.1).
    mutating func noteRepeatedSyn(_ segment: Segment) {
        if !segment.flags.isECNSetup { negotiated.ecn.remove(.sends) }
    }
}

/// What leaves.
extension Connection {
    /// The flags of a segment on the wire.
    @inline(__always)
    func flagsOnWire(of segment: OutgoingSegment) -> TCPFlags {
        var flags = segment.flags
        if flags.contains(.syn) {
            flags.formUnion(setupFlags)
        } else {
            if echoesCongestion { flags.insert(.ece) }
            if recovery.untoldReduction != nil, mayCarryMark(segment) { flags.insert(.cwr) }
        }
        return flags
    }

    /// A SYN asks when it leaves for the first time; the path or the peer may not like it, so it does not ask again
    /// (RFC 3168 §6.1.1.1). A SYN-ACK agrees.
    @inline(__always)
    private var setupFlags: TCPFlags {
        if state == .synSent { return asksForECN ? [.ece, .cwr] : [] }
        return negotiated.ecn.contains(.sends) ? .ece : []
    }

    /// No SYN without the question has left.
    @inline(__always)
    var asksForECN: Bool { options.ecn && retransmissions == 0 }

    /// New text, and nothing else, is ECN-capable and tells of a smaller window: neither what leaves again nor a probe nor a bare
    /// acknowledgment (RFC 3168 §6.1.4 to §6.1.6).
    @inline(__always)
    func mayCarryMark(_ segment: OutgoingSegment) -> Bool {
        negotiated.ecn.contains(.sends) && segment.textLength > 0 && segment.purpose == .ordinary
    }
}
