import TunstackWire

/// A stream whose bytes tell their place: what `SimulatedSocket.send(count:)` sends.
///
/// The pattern repeats after 64 KiB, so that any piece of the stream up to that length lies in a table of two periods.
enum PatternStream {
    /// After so many bytes the stream repeats.
    static let period = 1 << 16

    private static let table = (0..<2 * period).map(byte)

    /// The byte at a place of the stream.
    private static func byte(at offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: offset &* 31 ^ offset >> 8) }

    /// Calls `body` with the stream's bytes from `offset` on.
    ///
    /// - Parameter count: at most a period.
    static func withBytes<Result, Failure>(
        from offset: Int, count: Int, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try table.withRawSpan { span throws(Failure) in
            let start = offset % period
            return try body(span.extracting(start..<start + count))
        }
    }

    /// Whether these are the stream's bytes from `offset` on.
    static func matches(_ bytes: [UInt8], from offset: Int) -> Bool {
        bytes.withRawSpan { matches($0, from: offset) }
    }

    /// Whether these are the stream's bytes from `offset` on.
    static func matches(_ bytes: RawSpan, from offset: Int) -> Bool {
        var start = 0
        while start < bytes.byteCount {
            let count = min(period, bytes.byteCount - start)
            let piece = bytes.extracting(start..<start + count)
            guard withBytes(from: offset + start, count: count, { $0.isEqual(to: piece) }) else { return false }
            start += count
        }
        return true
    }
}

extension RawSpan {
    /// Whether both have the same bytes; they must have the same length.
    fileprivate func isEqual(to other: RawSpan) -> Bool {
        let blocks = byteCount / Self.blockLength * Self.blockLength
        for offset in stride(from: 0, to: blocks, by: Self.blockLength)
        where block(at: offset) != other.block(at: offset) { return false }
        for offset in blocks..<byteCount where byte(at: offset) != other.byte(at: offset) { return false }
        return true
    }

    private static var blockLength: Int { 32 }

    /// The 32 bytes from `offset` on; the load checks that they are within the span.
    private func block(at offset: Int) -> SIMD4<UInt64> {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
    }
}
