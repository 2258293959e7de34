/// The memory of a ring of segments: a block of the buffer pool. A segment lives at its serial modulo the number of slots.
@safe struct SentSegmentSlots {
    private var block: UnsafeMutablePointer<SentSegment>?
    private var bits = 0

    /// Segments that there is room for; zero without a block.
    var capacity: Int { unsafe block == nil ? 0 : 1 << (bits - Self.strideBits) }

    private static let strideBits = 6

    /// No room.
    init() {
        precondition(MemoryLayout<SentSegment>.stride == 1 << Self.strideBits, "a segment fills a slot")
    }

    /// Room for at least so many segments; nil if the pool's budget does not allow it.
    init?(capacity: Int, pool: inout BufferPool) {
        let bits = BufferPool.bits(for: capacity << Self.strideBits)
        guard let raw = unsafe pool.take(bits: bits) else { return nil }
        self.bits = bits
        unsafe block = raw.bindMemory(to: SentSegment.self, capacity: 1 << (bits - Self.strideBits))
    }

    /// Gives the block back; every segment in it is gone.
    mutating func release(to pool: inout BufferPool) {
        if let block = unsafe block { unsafe pool.give(UnsafeMutableRawPointer(block), bits: bits) }
        unsafe block = nil
    }

    mutating func initialize(_ serial: SentSegments.Serial, to segment: SentSegment) {
        unsafe slot(of: serial).initialize(to: segment)
    }

    /// By address: most readers want a field or two of the 64 bytes.
    subscript(_ serial: SentSegments.Serial) -> SentSegment {
        @inline(__always) unsafeAddress { unsafe UnsafePointer(slot(of: serial)) }
        @inline(__always) nonmutating unsafeMutableAddress { unsafe slot(of: serial) }
    }

    @inline(__always)
    private func slot(of serial: SentSegments.Serial) -> UnsafeMutablePointer<SentSegment> {
        guard let block = unsafe block else { preconditionFailure("a ring without memory") }
        return unsafe block + (Int(serial) & (capacity - 1))
    }
}
