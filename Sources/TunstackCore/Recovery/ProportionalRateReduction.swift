/// Proportional rate reduction (RFC 6937, with the choice of bound that its successor makes): in recovery sends in proportion to
/// what arrives, so that the window comes down to ssthresh evenly instead of in a silence and a burst.
struct ProportionalRateReduction {
    /// RecoverFS: bytes in the network when recovery began.
    private var flightAtStart = 1
    /// prr_delivered.
    private var delivered = 0
    /// prr_out.
    private var sent = 0
    /// cwnd for now, in bytes.
    private(set) var window = 0

    /// Recovery begins.
    mutating func begin(inFlight: Int) {
        self = ProportionalRateReduction()
        flightAtStart = max(1, inFlight)
        window = inFlight
    }

    /// An acknowledgment has arrived. `isSafe`: SND.UNA moved, and it told of no new loss. `isFirst`: it began the recovery, and at
    /// least one segment is to be repaired whatever the sum says.
    mutating func onAcknowledged(
        delivered news: Int, inFlight: Int, ssthresh: Int, segmentSize: Int, isSafe: Bool, isFirst: Bool
    ) {
        delivered += news
        var allowance: Int
        if inFlight > ssthresh {
            let (product, overflow) = delivered.multipliedReportingOverflow(by: ssthresh)
            allowance = overflow ? delivered : (product + flightAtStart - 1) / flightAtStart
            allowance = max(0, allowance - sent)
        } else {
            let bound = max(delivered - sent, news) + (isSafe ? segmentSize : 0)
            allowance = min(ssthresh - inFlight, bound)
        }
        // One segment at least is always in the network: nothing else would bring the acknowledgments that let more go.
        window = max(inFlight + max(allowance, isFirst ? segmentSize : 0), segmentSize)
    }

    /// `bytes` leave in recovery.
    mutating func onSent(_ bytes: Int) { sent += bytes }
}
