import TunstackWire

/// What the peer has sent and the application has not read: the in-order bytes, and those beyond gaps, each at its place.
struct ReceiveBuffer {
    /// What became of bytes that were offered.
    enum Insertion: Equatable {
        case stored
        /// The pool's budget or the number of gaps does not allow keeping them; the peer will send them again.
        case refused
    }

    private var ring = SequenceRing()
    /// The next byte that the application reads.
    private(set) var readNext: SequenceNumber
    private(set) var reassembly = Reassembly()
    /// One past the last byte that is in order.
    private(set) var end: SequenceNumber
    private var limitBytes: Int32

    init(start: SequenceNumber, limit: Int) {
        readNext = start
        end = start
        limitBytes = Int32(clamping: limit)
    }

    /// The most bytes that the window promises room for.
    var limit: Int { Int(limitBytes) }

    /// Raises the limit, if it is lower than this. It never sinks, since windows have been promised from it.
    mutating func grow(toHold byteCount: Int) { limitBytes = max(limitBytes, Int32(clamping: byteCount)) }

    /// In-order bytes that wait for the application.
    var readable: Int { end - readNext }
    /// Room that the window may promise beyond the in-order bytes.
    var free: Int { max(0, limit - readable) }

    /// Stores the bytes numbered from `start`, which the caller has cut to the window. Bytes that were there before stay.
    ///
    /// Nothing becomes readable until `advance`.
    mutating func insert(
        _ bytes: RawSpan, at start: SequenceNumber, rangeLimit: Int, pool: inout BufferPool
    ) -> Insertion {
        guard !bytes.isEmpty else { return .stored }
        let range = SequenceRange(start: start, end: start + bytes.byteCount)
        let inOrderEnd = end + pendingInOrder
        // What joins the in-order stream makes no range, so that a full list of them cannot stop the stream.
        let isInOrder = start.isAtOrBefore(inOrderEnd)
        let held = SequenceNumber.max(inOrderEnd, reassembly.end ?? inOrderEnd)
        let needed = SequenceNumber.max(range.end, held) - readNext
        // One byte at the far edge would take a block for the whole window. When memory is short, that is for bytes in order.
        guard isInOrder || needed <= ring.capacity || !pool.isScarce else { return .refused }
        guard isInOrder || reassembly.hasRoom(for: range, limit: rangeLimit),
            ring.reserve(needed, keeping: held - readNext, from: readNext, pool: &pool)
        else { return .refused }
        if start == inOrderEnd, reassembly.isEmpty {
            ring.store(bytes, at: start)
        } else {
            let fresh = SequenceRange(start: SequenceNumber.max(start, inOrderEnd), end: range.end)
            reassembly.forEachGap(in: fresh) { gap in
                let offset = gap.start - start
                ring.store(bytes.extracting(offset..<offset + gap.count), at: gap.start)
            }
        }
        if isInOrder {
            pendingInOrder = max(pendingInOrder, range.end - end)
        } else {
            reassembly.insert(range)
        }
        return .stored
    }

    /// The same for bytes that have been written to their place beforehand (`room`): the next in order, with no gap anywhere.
    mutating func insertPlaced(_ count: Int) -> Insertion {
        guard reassembly.isEmpty, pendingInOrder == 0, readable + count <= ring.capacity else { return .refused }
        pendingInOrder = count
        return .stored
    }

    /// Sees to it that there is memory for the next `count` bytes in order, and nothing in the way; false if there is not.
    mutating func makeRoom(for count: Int, pool: inout BufferPool) -> Bool {
        reassembly.isEmpty && pendingInOrder == 0 && !pool.isScarce
            && ring.reserve(readable + count, keeping: readable, from: readNext, pool: &pool)
    }

    /// The memory that `makeRoom` has seen to. It holds nothing until `insertPlaced`, whatever is written there.
    func room(for count: Int) -> RingView { RingView(ring: ring, start: end, count: count) }

    /// Gives the memory back if nothing is in it.
    mutating func releaseIfEmpty(to pool: inout BufferPool) {
        if readable == 0, pendingInOrder == 0, reassembly.isEmpty { ring.release(to: &pool) }
    }

    /// Bytes stored right at `end` but not yet released by `advance`; spares the common case the range list.
    private var pendingInOrder = 0

    /// Makes what is contiguous readable and says by how many bytes the in-order stream grew.
    mutating func advance() -> Int {
        let before = end
        end += pendingInOrder
        pendingInOrder = 0
        if !reassembly.isEmpty { end = reassembly.advance(from: end) }
        return end - before
    }

    /// Copies in-order bytes, as many as fit.
    func peek(into output: inout OutputRawSpan) {
        ring.copy(min(readable, output.freeCapacity), from: readNext, into: &output)
    }

    /// Hands out the in-order bytes where they lie, in two pieces, and moves on by as many as `consume` says it has taken. Gives the
    /// memory back when none is left.
    mutating func read(pool: inout BufferPool, _ consume: (RawSpan, RawSpan) -> Int) -> Int {
        guard readable > 0 else { return 0 }
        let count = ring.withPieces(of: readable, from: readNext, consume)
        precondition((0...readable).contains(count), "more was consumed than there is")
        skip(count, pool: &pool)
        return count
    }

    /// In-order bytes are done with. Gives the memory back when none is left.
    mutating func skip(_ count: Int, pool: inout BufferPool) {
        readNext += count
        releaseIfEmpty(to: &pool)
    }

    /// Moves in-order bytes to the reader.
    mutating func read(into output: inout OutputRawSpan, pool: inout BufferPool) -> Int {
        let count = min(readable, output.freeCapacity)
        guard count > 0 else { return 0 }
        ring.copy(count, from: readNext, into: &output)
        skip(count, pool: &pool)
        return count
    }

    /// The in-order bytes, for as long as nothing happens to the buffer.
    var inOrder: RingView { RingView(ring: ring, start: readNext, count: readable) }

    /// Drops everything that was not read.
    mutating func discard(pool: inout BufferPool) {
        readNext = end
        pendingInOrder = 0
        reassembly = Reassembly()
        ring.release(to: &pool)
    }
}

/// Bytes where they lie in a ring that somebody else has.
struct RingView {
    fileprivate let ring: SequenceRing
    fileprivate let start: SequenceNumber
    let count: Int

    /// Hands out the first `count` of them, in two pieces.
    func withPieces<Result, Failure: Error>(
        ofFirst count: Int, _ body: (RawSpan, RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try ring.withPieces(of: min(count, self.count), from: start, body)
    }

    /// Hands out all of them to be written, in two pieces.
    func withMutablePieces<Result, Failure: Error>(
        _ body: (inout MutableRawSpan, inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try ring.withMutablePieces(of: count, from: start, body)
    }
}
