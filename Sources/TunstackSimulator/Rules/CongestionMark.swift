import TunstackWire

/// Explicit congestion notification in the IPv4 header (RFC 3168 §5): the two low bits of the second byte.
extension [UInt8] {
    private static let notCapable: UInt8 = 0b00
    private static let congestionExperienced: UInt8 = 0b11
    private static let checksumOffset = 10

    /// Marks a packet whose sender allows it, ECT(0) or ECT(1), and corrects the header's checksum.
    ///
    /// - Returns: whether the packet carries the mark now.
    mutating func markCongestion() -> Bool {
        guard count >= IPv4Header.minimumLength, self[0] >> 4 == 4 else { return false }
        let codepoint = self[1] & Self.congestionExperienced
        guard codepoint != Self.notCapable else { return false }
        let old = UInt16(self[0]) << 8 | UInt16(self[1])
        let new = old | UInt16(Self.congestionExperienced)
        let checksum = UInt16(self[Self.checksumOffset]) << 8 | UInt16(self[Self.checksumOffset + 1])
        let updated = InternetChecksum.updated(checksum, replacing: old, with: new)
        self[1] = UInt8(truncatingIfNeeded: new)
        self[Self.checksumOffset] = UInt8(updated >> 8)
        self[Self.checksumOffset + 1] = UInt8(truncatingIfNeeded: updated)
        return true
    }
}
