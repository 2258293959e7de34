/// How a connection decides how much may be in the network. Beside the one that RFC 9293 §3.8.2 asks for there may be others (MAY-18).
public enum CongestionAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// CUBIC (RFC 9438) with HyStart++ (RFC 9406): the default.
    case cubic
    /// NewReno's additive increase and multiplicative decrease (RFC 5681).
    case newReno = "newreno"
    /// BBR version 3 (draft-ietf-ccwg-bbr): a model of the path's bandwidth and round trip instead of its losses.
    case bbr
}

extension CongestionAlgorithm {
    /// A controller at the start of a connection.
    ///
    /// - Parameters:
    ///   - maximumSegmentSize: SMSS, in bytes.
    ///   - roundTrip: the handshake's; zero if it was ambiguous.
    ///   - usesSelective: both ends do selective acknowledgment.
    ///   - rules: what the algorithms that go by losses leave open.
    ///   - seed: spreads over time what should not happen on all connections at once.
    func makeController(
        maximumSegmentSize: Int, roundTrip: Interval = .zero, usesSelective: Bool = true,
        rules: WindowRules = WindowRules(), seed: UInt32
    ) -> CongestionControl {
        switch self {
        case .cubic: CongestionControl(Cubic(maximumSegmentSize: maximumSegmentSize, rules: rules))
        case .newReno: CongestionControl(NewReno(maximumSegmentSize: maximumSegmentSize, rules: rules))
        case .bbr:
            CongestionControl(
                BBR(
                    maximumSegmentSize: maximumSegmentSize,
                    initialWindow: CongestionWindow.initialWindow(maximumSegmentSize), seed: seed, roundTrip: roundTrip,
                    hasSelectiveAcknowledgments: usesSelective))
        }
    }
}
