extension [UInt8] {
    /// Appends up to `byteCount` bytes that `body` writes as raw memory.
    mutating func append<Result, Failure: Error>(
        upTo byteCount: Int, _ body: (inout OutputRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var result: Result?
        try append(addingCapacity: byteCount) { (output: inout OutputSpan<UInt8>) throws(Failure) in
            result = try unsafe output.withUnsafeMutableBufferPointer { buffer, count throws(Failure) in
                var raw = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: count)
                let result = try body(&raw)
                count = raw.byteCount
                return result
            }
        }
        guard let result else { preconditionFailure("the body runs exactly once") }
        return result
    }
}
