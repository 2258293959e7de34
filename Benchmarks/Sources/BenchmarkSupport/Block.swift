/// Memory that is allocated once and filled again and again.
@safe public struct Block: ~Copyable {
    @usableFromInline let memory: UnsafeMutableRawBufferPointer
    /// Bytes in it.
    public private(set) var count = 0

    /// Memory for this many bytes.
    public init(capacity: Int) {
        unsafe memory = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// Replaces what is in it by what `body` appends.
    public mutating func fill<Result, Failure: Error>(
        _ body: (inout OutputRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        let result = try body(&output)
        count = output.byteCount
        return result
    }

    /// Hands out what is in it for the time of a call.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[..<count])))
    }

    /// Writes a number in network order.
    public mutating func put(_ value: UInt32, at offset: Int) {
        precondition(offset + 4 <= count, "a place that is not in the block")
        unsafe memory.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }
}
