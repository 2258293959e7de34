/// How a connection decides how much may be in the network.
public enum CongestionAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// CUBIC (RFC 9438) with HyStart++ (RFC 9406): the default.
    case cubic
    /// NewReno's additive increase and multiplicative decrease (RFC 5681).
    case newReno = "newreno"
    /// BBR version 3 (draft-ietf-ccwg-bbr): a model of the path's bandwidth and round trip instead of its losses.
    case bbr
}
