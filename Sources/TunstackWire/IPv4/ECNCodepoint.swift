/// The values of an IP header's ECN field (RFC 3168 §5, Figure 1).
public enum ECNCodepoint {
    /// The packet's transport does not take part: a router that has to slow it down drops it.
    @inlinable public static var notCapable: UInt8 { 0b00 }
    /// ECT(1): like ECT(0) here; kept for experiments (RFC 8311 §4.2).
    @inlinable public static var capable1: UInt8 { 0b01 }
    /// ECT(0): the packet may be marked instead of dropped.
    @inlinable public static var capable0: UInt8 { 0b10 }
    /// CE: a router on the way has marked the packet.
    @inlinable public static var congestionExperienced: UInt8 { 0b11 }
}
