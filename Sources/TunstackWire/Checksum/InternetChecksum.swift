/// The internet checksum: the one's complement of the one's complement sum of 16-bit words (RFC 1071).
///
/// Pieces are added one after another as if they were one run of bytes, whatever their lengths. The sum of words does
/// not depend on the byte order in which it is formed (RFC 1071 §2 (B)), nor on whether 16, 32 or 64 bits are added at
/// a time (§2 (C)); so words are taken as they lie in memory, many at once, and put into network order at the end.
public struct InternetChecksum: Sendable {
    /// The sum so far, of words in memory order, as a one's complement number of 64 bits.
    @usableFromInline
    var sum: UInt64
    /// Whether an odd number of bytes was added, so that the next byte is the second one of its word.
    @usableFromInline
    var isAtOddOffset: Bool

    /// Starts with no bytes.
    @inlinable
    public init() {
        self.sum = 0
        self.isAtOddOffset = false
    }

    // MARK: Adding

    /// Adds bytes, however many and at whatever offset.
    @inlinable
    public mutating func add(_ bytes: RawSpan) {
        add(piece: Self.sum(of: bytes), isOddLength: bytes.byteCount & 1 == 1)
    }

    /// Adds the bytes that were added to another sum, as if they came next.
    @inlinable
    public mutating func add(_ next: InternetChecksum) {
        add(piece: next.sum, isOddLength: next.isAtOddOffset)
    }

    /// Adds the two bytes of a number in network order; the number of bytes added before must be even.
    @inlinable
    public mutating func add(_ value: UInt16) {
        precondition(!isAtOddOffset, "a word must begin at an even offset")
        accumulate(UInt64(value.bigEndian))
    }

    /// Adds the four bytes of a number in network order; the number of bytes added before must be even.
    @inlinable
    public mutating func add(_ value: UInt32) {
        precondition(!isAtOddOffset, "a word must begin at an even offset")
        accumulate(UInt64(value.bigEndian))
    }

    /// Adds TCP's pseudo-header for IPv4 (RFC 9293 §3.1); the number of bytes added before must be even.
    ///
    /// - Parameter length: The bytes of header and data, without the pseudo-header; 0 ... 65535.
    @inlinable
    public mutating func addPseudoHeader(
        source: IPv4Address, destination: IPv4Address, protocolNumber: UInt8, length: Int
    ) {
        precondition((0...0xFFFF).contains(length), "the pseudo-header has 16 bits for the length")
        add(source.rawValue)
        add(destination.rawValue)
        add(UInt32(protocolNumber) << 16 | UInt32(length))
    }

    // MARK: Results

    /// The checksum as a number to be stored in network order.
    @inlinable
    public func finish() -> UInt16 {
        UInt16(bigEndian: ~Self.folded(sum))
    }

    /// Whether the bytes added, with a checksum among them, are intact.
    @inlinable
    public var isValid: Bool {
        Self.folded(sum) == 0xFFFF
    }

    /// The checksum after one word that it covers has changed (RFC 1624 §3, equation 3).
    @inlinable
    public static func updated(_ checksum: UInt16, replacing old: UInt16, with new: UInt16) -> UInt16 {
        ~folded(UInt64(~checksum) + UInt64(~old) + UInt64(new))
    }
}
