/// The memory behind all send and receive buffers of a stack: blocks of powers of two, handed out when a connection
/// has bytes to keep and taken back when it has none. Returned blocks are kept for the next taker, so that a steady load
/// does not allocate; the total is bounded by a budget. While nobody has it, a block begins with a pointer to the next that nobody has.
@safe struct BufferPool: ~Copyable {
    /// Blocks are 2^12 (4 KiB) to 2^30 bytes.
    static let smallestBits = 12
    static let largestBits = 30

    /// Of each size, the block that was returned last.
    private var idle = unsafe InlineArray<19, UnsafeMutableRawPointer?>(repeating: nil)
    private let budgetBytes: Int
    private let cacheBytes: Int
    private(set) var bytesInUse = 0
    private(set) var bytesIdle = 0

    /// - Parameters:
    ///   - budgetBytes: the most bytes that may be handed out at a time.
    ///   - cacheBytes: the most bytes of returned blocks to keep.
    init(budgetBytes: Int, cacheBytes: Int) {
        self.budgetBytes = budgetBytes
        self.cacheBytes = cacheBytes
    }

    deinit {
        for index in unsafe idle.indices {
            var next = unsafe idle[index]
            while let block = unsafe next {
                unsafe next = block.load(as: UnsafeMutableRawPointer?.self)
                unsafe block.deallocate()
            }
        }
    }

    /// More than half of the budget is in use.
    var isScarce: Bool { bytesInUse > budgetBytes / 2 }

    /// The size class, as a power of two, that holds `byteCount` bytes.
    static func bits(for byteCount: Int) -> Int {
        max(smallestBits, Int.bitWidth - max(0, byteCount - 1).leadingZeroBitCount)
    }

    /// A block of 2^`bits` bytes; nil if that would exceed the budget.
    mutating func take(bits: Int) -> UnsafeMutableRawPointer? {
        let size = 1 << bits
        guard bits <= Self.largestBits, bytesInUse + size <= budgetBytes else { return nil }
        bytesInUse += size
        if let block = unsafe idle[bits - Self.smallestBits] {
            unsafe idle[bits - Self.smallestBits] = block.load(as: UnsafeMutableRawPointer?.self)
            bytesIdle -= size
            return unsafe block
        }
        return .allocate(byteCount: size, alignment: 64)
    }

    /// Takes back a block of 2^`bits` bytes.
    mutating func give(_ block: UnsafeMutableRawPointer, bits: Int) {
        let size = 1 << bits
        bytesInUse -= size
        guard bytesIdle + size <= cacheBytes else {
            unsafe block.deallocate()
            return
        }
        bytesIdle += size
        unsafe block.storeBytes(of: idle[bits - Self.smallestBits], as: UnsafeMutableRawPointer?.self)
        unsafe idle[bits - Self.smallestBits] = block
    }
}
