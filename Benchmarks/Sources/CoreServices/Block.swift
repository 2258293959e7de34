/// Memory that is allocated once and filled again and again.
@safe struct Block: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(capacity: Int) {
        unsafe memory = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// Replaces what is in it by what `body` appends.
    mutating func fill<Result, Failure: Error>(
        _ body: (inout OutputRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        let result = try body(&output)
        count = output.byteCount
        return result
    }

    /// Hands out what is in it for the time of a call.
    func withBytes<Result, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[..<count])))
    }
}
