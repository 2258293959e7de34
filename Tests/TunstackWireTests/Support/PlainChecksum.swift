/// The internet checksum as RFC 1071 §4.1 describes it: word by word, and slowly.
func plainChecksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
        let low = index + 1 < bytes.count ? bytes[index + 1] : 0
        sum += UInt32(bytes[index]) << 8 | UInt32(low)
        if sum > 0xFFFF { sum = (sum & 0xFFFF) + 1 }
    }
    return ~UInt16(sum)
}
