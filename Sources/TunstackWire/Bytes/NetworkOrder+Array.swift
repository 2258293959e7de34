// For what is held in arrays: descriptions, captures, rare packets, tests. None of it is on the path of a segment.

extension [UInt8] {
    /// Bytes written through a span.
    ///
    /// - Parameters:
    ///   - capacity: the most bytes that `body` may append.
    ///   - body: appends the bytes.
    public init(rawCapacity capacity: Int, _ body: (inout OutputRawSpan) -> Void) {
        unsafe self.init(unsafeUninitializedCapacity: capacity) { buffer, count in
            var output = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
            body(&output)
            count = output.byteCount
        }
    }

    /// Calls `body` with the array's bytes.
    public func withRawSpan<Result: ~Copyable, Failure>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The property is unsafe for elements with padding; bytes have none.
        unsafe try body(span.bytes)
    }

    /// Appends a copy of `source`.
    public mutating func append(bytes source: RawSpan) {
        unsafe source.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// Appends the bytes of a number, most significant first.
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
