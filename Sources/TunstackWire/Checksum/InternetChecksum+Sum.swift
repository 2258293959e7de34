extension InternetChecksum {
    /// Adds the sum of a piece, formed as if it began at an even offset.
    @inlinable
    mutating func add(piece: UInt64, isOddLength: Bool) {
        // RFC 1071 §2 (B): shifted by one byte, a sum comes out with its bytes swapped.
        accumulate(isAtOddOffset ? UInt64(Self.folded(piece).byteSwapped) : piece)
        isAtOddOffset = isAtOddOffset != isOddLength
    }

    /// Adds with the carry out of the top added in again at the bottom, which makes the sum a one's complement one.
    @inlinable
    mutating func accumulate(_ piece: UInt64) {
        let (total, carries) = sum.addingReportingOverflow(piece)
        sum = total &+ (carries ? 1 : 0)
    }

    /// Folds a sum into 16 bits; each carry out of the top is added in again at the bottom.
    @inlinable
    static func folded(_ sum: UInt64) -> UInt16 {
        var sum = (sum & 0xFFFF_FFFF) + (sum >> 32)
        sum = (sum & 0xFFFF) + (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16)
        return UInt16(truncatingIfNeeded: sum)
    }

    /// The sum of bytes as words in memory order; an odd byte at the end counts as the first one of its word.
    ///
    /// The result stands for the one's complement sum; it is exact for fewer than 2^34 bytes.
    @inlinable
    static func sum(of bytes: RawSpan) -> UInt64 {
        let count = bytes.byteCount
        // Of each 64-bit word, the whole is added to one sum and the upper half to another. The first overflows, but
        // what the lower halves add up to can be had from both: it is the difference, modulo 2^64, and it is less than
        // that.
        var wholes = SIMD8<UInt64>.zero
        var uppers = SIMD8<UInt64>.zero
        var offset = 0
        while count &- offset >= 64 {
            let words = bytes.native(at: offset, as: SIMD8<UInt64>.self)
            wholes &+= words
            uppers &+= words &>> 32
            offset &+= 64
        }
        let upper = uppers.wrappedSum()
        let lower = wholes.wrappedSum() &- upper << 32
        return lower &+ upper &+ tailSum(of: bytes, from: offset)
    }

    /// The sum of the last bytes, fewer than 64 of them, in halves from 32 down to a single one.
    @inlinable
    static func tailSum(of bytes: RawSpan, from start: Int) -> UInt64 {
        let count = bytes.byteCount &- start
        var offset = start
        var sum: UInt64 = 0
        if count & 32 != 0 {
            let words = bytes.native(at: offset, as: SIMD8<UInt32>.self)
            sum &+= SIMD8<UInt64>(truncatingIfNeeded: words).wrappedSum()
            offset &+= 32
        }
        if count & 16 != 0 {
            let words = bytes.native(at: offset, as: SIMD4<UInt32>.self)
            sum &+= SIMD4<UInt64>(truncatingIfNeeded: words).wrappedSum()
            offset &+= 16
        }
        if count & 8 != 0 {
            let word = bytes.native(at: offset, as: UInt64.self)
            sum &+= (word & 0xFFFF_FFFF) &+ word >> 32
            offset &+= 8
        }
        if count & 4 != 0 {
            sum &+= UInt64(bytes.native(at: offset, as: UInt32.self))
            offset &+= 4
        }
        if count & 2 != 0 {
            sum &+= UInt64(bytes.native(at: offset, as: UInt16.self))
            offset &+= 2
        }
        if count & 1 != 0 {
            sum &+= UInt64((UInt16(bytes.byte(at: offset)) << 8).bigEndian)
        }
        return sum
    }
}
