import TunstackWire

/// Bytes of a stream kept by their sequence number: the byte numbered `n` lives at `n` modulo the block size. There is no
/// head or tail to maintain, and a byte lands at its place whatever order it arrives in. The one file of the core that
/// copies stream bytes.
///
/// A stream that is read as fast as it comes gives its block back again and again. So that the next one need not grow step by step,
/// copying what it holds each time, it begins with the size of the last, and with half of that once many in a row were never more
/// than half full.
@safe struct SequenceRing {
    private var block: UnsafeMutableRawPointer?
    /// The size of the block; without one, the size that the next is to begin with, or 0.
    private var bits: UInt8 = 0
    /// More than half of the block has been in use.
    private var wasHalfFull = false
    /// Blocks in a row of which that was not so.
    private var roomyBlocks: UInt8 = 0
    /// So many of them halve the size: what comes in bursts of all sizes is kept in one for the largest.
    private static let mostRoomyBlocks: UInt8 = 16

    /// Bytes that can be kept at a time; zero without a block.
    var capacity: Int { unsafe block == nil ? 0 : 1 << bits }

    /// Makes room for `byteCount` bytes, moving those numbered `start ..< start + kept` to the new block.
    ///
    /// False if the pool's budget does not allow it; then nothing has changed.
    mutating func reserve(_ byteCount: Int, keeping kept: Int, from start: SequenceNumber, pool: inout BufferPool)
        -> Bool
    {
        guard byteCount > capacity else {
            if byteCount > capacity / 2 { wasHalfFull = true }
            return true
        }
        var larger = SequenceRing()
        let needed = BufferPool.bits(for: byteCount)
        if unsafe block == nil, Int(bits) > needed, !pool.isScarce, let fresh = unsafe pool.take(bits: Int(bits)) {
            unsafe larger.block = fresh
            larger.bits = bits
            larger.roomyBlocks = roomyBlocks
        } else {
            guard let fresh = unsafe pool.take(bits: needed) else { return false }
            unsafe larger.block = fresh
            larger.bits = UInt8(needed)
            larger.wasHalfFull = true
        }
        withPieces(of: kept, from: start) { first, second in
            larger.store(first, at: start)
            larger.store(second, at: start + first.byteCount)
        }
        release(to: &pool)
        self = larger
        return true
    }

    /// Gives the block back; every byte in it is gone.
    mutating func release(to pool: inout BufferPool) {
        guard let block = unsafe block else { return }
        unsafe pool.give(block, bits: Int(bits))
        unsafe self.block = nil
        roomyBlocks = wasHalfFull ? 0 : roomyBlocks + 1
        wasHalfFull = false
        if roomyBlocks == Self.mostRoomyBlocks {
            roomyBlocks = 0
            bits -= 1
        }
    }

    /// Writes bytes to their places.
    func store(_ bytes: RawSpan, at start: SequenceNumber) {
        guard let block = unsafe block else { return }
        let first = firstPiece(of: bytes.byteCount, from: start)
        let position = position(of: start)
        unsafe bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            unsafe (block + position).copyMemory(from: base, byteCount: first)
            unsafe block.copyMemory(from: base + first, byteCount: source.count - first)
        }
    }

    /// Hands out the bytes numbered `start ..< start + count` where they lie, in two pieces; the second may be empty.
    func withPieces<Result, Failure: Error>(
        of count: Int, from start: SequenceNumber, _ body: (RawSpan, RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard count > 0, let block = unsafe block else { return try body(RawSpan(), RawSpan()) }
        let first = firstPiece(of: count, from: start)
        return try body(
            unsafe RawSpan(_unsafeStart: block + position(of: start), byteCount: first),
            unsafe RawSpan(_unsafeStart: block, byteCount: count - first))
    }

    /// Hands out the places of the bytes numbered `start ..< start + count` to be written to, in two pieces; the second may be empty.
    func withMutablePieces<Result, Failure: Error>(
        of count: Int, from start: SequenceNumber,
        _ body: (inout MutableRawSpan, inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let block = unsafe block else { preconditionFailure("a ring without memory") }
        let first = firstPiece(of: count, from: start)
        var head = unsafe MutableRawSpan(_unsafeStart: block + position(of: start), byteCount: first)
        var tail = unsafe MutableRawSpan(_unsafeStart: block, byteCount: count - first)
        return try body(&head, &tail)
    }

    /// Lets `fill` write up to `count` bytes numbered from `start` to their places, in one call or, where they run over the block's end,
    /// in two; the second only if the first has left no room. Answers how many were written.
    func fill(upTo count: Int, at start: SequenceNumber, _ fill: (inout OutputRawSpan) -> Void) -> Int {
        guard count > 0, let block = unsafe block else { return 0 }
        let first = firstPiece(of: count, from: start)
        let written = unsafe Self.fill(block + position(of: start), count: first, fill)
        guard written == first, first < count else { return written }
        return unsafe written + Self.fill(block, count: count - first, fill)
    }

    private static func fill(
        _ place: UnsafeMutableRawPointer, count: Int, _ fill: (inout OutputRawSpan) -> Void
    ) -> Int {
        let memory = unsafe UnsafeMutableRawBufferPointer(start: place, count: count)
        var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        fill(&output)
        return output.byteCount
    }

    /// Appends the bytes numbered `start ..< start + count` to `output`.
    func copy(_ count: Int, from start: SequenceNumber, into output: inout OutputRawSpan) {
        withPieces(of: count, from: start) { first, second in
            output.append(bytes: first)
            output.append(bytes: second)
        }
    }

    /// Where in the block the byte with this number lives.
    private func position(of number: SequenceNumber) -> Int { Int(number.rawValue) & (capacity - 1) }

    /// How many of `count` bytes stand before the block's end.
    private func firstPiece(of count: Int, from start: SequenceNumber) -> Int {
        precondition(count <= capacity, "more bytes than the ring holds")
        return min(count, capacity - position(of: start))
    }
}
