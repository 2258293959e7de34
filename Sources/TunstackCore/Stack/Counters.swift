/// What the stack has done, for listings and tests. All count from the start and wrap.
public struct Counters: Sendable {
    /// Packets taken from the device.
    public internal(set) var packetsReceived: UInt64 = 0
    /// Packets given to the device.
    public internal(set) var packetsSent: UInt64 = 0
    /// Packets whose text was found where `Stack.offerPlacement` had wanted it, so that it was not copied.
    public internal(set) var packetsPlaced: UInt64 = 0
    /// Packets with text that was read to such a place and did not belong there, so that it was copied twice.
    public internal(set) var packetsMisplaced: UInt64 = 0
    /// TCP segments given to the device.
    public internal(set) var segmentsSent: UInt64 = 0
    /// Segments that carried bytes already sent before.
    public internal(set) var segmentsRetransmitted: UInt64 = 0
    /// Retransmission timeouts.
    public internal(set) var retransmissionTimeouts: UInt64 = 0
    /// Recoveries that began without a time-out.
    public internal(set) var fastRetransmissions: UInt64 = 0
    /// Tail loss probes sent (RFC 8985 §7).
    public internal(set) var tailLossProbes: UInt64 = 0
    /// Probes for a larger path MTU sent (RFC 4821).
    public internal(set) var pathMTUProbes: UInt64 = 0
    /// Times that the path MTU was lowered because large segments timed out (RFC 2923 §2.1).
    public internal(set) var pathMTUReductions: UInt64 = 0
    /// Recoveries undone because nothing had been lost.
    public internal(set) var spuriousRecoveries: UInt64 = 0
    /// Duplicates that peers have reported (RFC 2883).
    public internal(set) var duplicatesReported: UInt64 = 0
    /// Segments received with a congestion mark on connections with ECN (RFC 3168 §6.1.3).
    public internal(set) var congestionMarksReceived: UInt64 = 0
    /// Acknowledgments received that echo a mark, on connections with ECN (RFC 3168 §6.1.2).
    public internal(set) var congestionEchoesReceived: UInt64 = 0
    /// Duplicates reported to peers (RFC 2883).
    public internal(set) var duplicateReportsSent: UInt64 = 0
    /// Resets sent.
    public internal(set) var resetsSent: UInt64 = 0
    /// Challenge ACKs sent (RFC 5961 §7).
    public internal(set) var challengeAcknowledgmentsSent: UInt64 = 0
    /// Challenge ACKs withheld by the rate limit (RFC 5961 §7).
    public internal(set) var challengeAcknowledgmentsWithheld: UInt64 = 0
    /// Connections opened actively.
    public internal(set) var activeOpens: UInt64 = 0
    /// Connections that a listener completed.
    public internal(set) var passiveOpens: UInt64 = 0
    /// Sends that were refused, in whole or in part, because all buffer memory was in use.
    public internal(set) var sendsWithoutMemory: UInt64 = 0
    /// Active opens that failed.
    public internal(set) var failedOpens: UInt64 = 0
    /// TIME-WAIT records that gave way to newer ones before their time.
    public internal(set) var timeWaitOverflows: UInt64 = 0
    /// State changes that were not recorded because nobody fetched the earlier ones.
    public internal(set) var transitionsLost: UInt64 = 0

    private var drops = [UInt64](repeating: 0, count: DropReason.allCases.count)

    /// Packets dropped for one reason.
    public subscript(reason: DropReason) -> UInt64 { drops[reason.rawValue] }

    /// Packets dropped for any reason, replies that found no room among them.
    public var packetsDropped: UInt64 { drops.reduce(0, &+) }

    mutating func count(_ reason: DropReason) { drops[reason.rawValue] &+= 1 }
}

extension Counters {
    /// What several stacks have done together.
    public static func + (left: Counters, right: Counters) -> Counters {
        var sum = left
        sum.packetsReceived &+= right.packetsReceived
        sum.packetsSent &+= right.packetsSent
        sum.segmentsSent &+= right.segmentsSent
        sum.segmentsRetransmitted &+= right.segmentsRetransmitted
        sum.retransmissionTimeouts &+= right.retransmissionTimeouts
        sum.fastRetransmissions &+= right.fastRetransmissions
        sum.tailLossProbes &+= right.tailLossProbes
        sum.pathMTUProbes &+= right.pathMTUProbes
        sum.pathMTUReductions &+= right.pathMTUReductions
        sum.spuriousRecoveries &+= right.spuriousRecoveries
        sum.duplicatesReported &+= right.duplicatesReported
        sum.congestionMarksReceived &+= right.congestionMarksReceived
        sum.congestionEchoesReceived &+= right.congestionEchoesReceived
        sum.duplicateReportsSent &+= right.duplicateReportsSent
        sum.resetsSent &+= right.resetsSent
        sum.challengeAcknowledgmentsSent &+= right.challengeAcknowledgmentsSent
        sum.challengeAcknowledgmentsWithheld &+= right.challengeAcknowledgmentsWithheld
        sum.activeOpens &+= right.activeOpens
        sum.passiveOpens &+= right.passiveOpens
        sum.sendsWithoutMemory &+= right.sendsWithoutMemory
        sum.failedOpens &+= right.failedOpens
        sum.timeWaitOverflows &+= right.timeWaitOverflows
        sum.transitionsLost &+= right.transitionsLost
        for index in sum.drops.indices { sum.drops[index] &+= right.drops[index] }
        return sum
    }
}
