/// Memory for one packet, allocated once and used for every packet that passes.
@safe struct PacketBuffer: ~Copyable {
    /// The longest IPv4 packet, whatever the interface's MTU is at the moment: a read never cuts a packet short.
    static let capacity = 65_535

    private let memory: UnsafeMutableRawBufferPointer
    /// Bytes of the packet in it.
    private(set) var count = 0

    init() {
        unsafe memory = .allocate(byteCount: Self.capacity, alignment: 64)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// Replaces the packet by what `body` appends.
    mutating func fill<Result, Failure: Error>(
        _ body: (inout OutputRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        let result = try body(&output)
        count = output.byteCount
        return result
    }

    /// Hands out the packet's bytes for the time of a call.
    func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[..<count])))
    }
}
