import TunstackWire

/// What the two SYNs agreed on.
struct NegotiatedOptions {
    /// SendMSS: what the peer announced, or 536 if it announced nothing (RFC 9293 §3.7.1, MUST-15).
    var peerMaximumSegmentSize: Int { Int(peerMSS) }
    private var peerMSS = UInt16(MaximumSegmentSize.defaultIPv4)
    /// Both SYNs carried the window scale option (RFC 7323 §2.2).
    var windowScaling = false
    /// Snd.Wind.Shift: how far to shift the peer's window field left (RFC 7323 §2.3).
    var sendWindowShift: UInt8 = 0
    /// Rcv.Wind.Shift: how far to shift ours right.
    var receiveWindowShift: UInt8 = 0
    /// Snd.TS.OK (RFC 7323 §3.2).
    var timestamps = false
    /// Both ends sent SACK-permitted (RFC 2018 §2).
    var selectiveAcknowledgment = false
    /// Bytes that a source route takes up in the IP header of every segment of ours.
    var routeBytes: UInt8 = 0
    /// Explicit congestion notification.
    var ecn: CongestionNotification = []

    /// What remains of our offer after the peer's SYN, which has these options and flags (MUST-14).
    init(offered: ConnectionOptions, peer: TCPOptions, flags: TCPFlags) {
        if let announced = peer.maximumSegmentSize, announced > 0 { peerMSS = announced }
        if let limit = offered.largestSegmentToSend { peerMSS = min(peerMSS, limit) }
        if let ours = offered.windowScale, let theirs = peer.windowScale {
            windowScaling = true
            receiveWindowShift = min(ours, Self.largestShift)
            sendWindowShift = min(theirs, Self.largestShift)
        }
        timestamps = offered.timestamps && peer.timestamps != nil
        selectiveAcknowledgment = offered.selectiveAcknowledgment && peer.sackPermitted
        ecn = CongestionNotification(wasOffered: offered.ecn, peer: flags)
    }

    /// RFC 7323 §2.3: a larger shift counts as 14.
    static let largestShift: UInt8 = 14

    /// The smallest shift with which the window field can tell so many bytes.
    static func shift(telling byteCount: Int) -> UInt8 {
        (0..<largestShift).first { Int(UInt16.max) << Int($0) >= byteCount } ?? largestShift
    }

    /// The largest window that we can tell.
    @inline(__always)
    var largestWindow: Int { Int(UInt16.max) << Int(receiveWindowShift) }

    /// Bytes of options on every segment after the SYN, TCP's and IP's.
    var lengthOnEverySegment: Int { (timestamps ? 12 : 0) + Int(routeBytes) }
}

/// Sizes of segments (RFC 9293 §3.7.1).
enum MaximumSegmentSize {
    /// The headers of an IPv4 segment without options.
    static let headerBytes = IPv4Header.minimumLength + TCPHeader.minimumLength
    /// 576 - 20 - 20: what every IPv4 host can take.
    static let defaultIPv4 = 536
    /// The least that a hostile announcement can press us to; Linux draws the line at the same number.
    static let smallestUsed = 48

    /// RecvMSS: what to announce on a device with this MTU (MUST-67); that never changes (SHLD-6).
    static func announced(mtu: Int, option: UInt16?) -> Int {
        min(mtu - headerBytes, option.map(Int.init) ?? .max)
    }

    /// Eff.snd.MSS: text in a full-sized segment (MUST-16).
    static func effective(peer: Int, pathMTU: Int, optionBytes: Int) -> Int {
        max(smallestUsed, min(peer, pathMTU - headerBytes) - optionBytes)
    }
}
