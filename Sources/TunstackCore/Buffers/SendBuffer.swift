import TunstackWire

/// The bytes that the application has sent and the peer has not acknowledged: those in flight and those still queued.
struct SendBuffer {
    private var ring = SequenceRing()
    /// The oldest byte kept (SND.UNA while data is outstanding).
    private(set) var start: SequenceNumber
    private(set) var count = 0
    /// The most bytes to keep.
    private(set) var limit: Int

    init(start: SequenceNumber, limit: Int) {
        self.start = start
        self.limit = limit
    }

    /// One past the last byte kept; the FIN's number once the application has closed.
    var end: SequenceNumber { start + count }
    var isEmpty: Bool { count == 0 }
    var free: Int { max(0, limit - count) }

    /// Raises the limit, if it is lower than this; it never sinks.
    mutating func grow(toHold byteCount: Int) { limit = max(limit, byteCount) }

    /// What became of an offer of room.
    struct Appended {
        /// Bytes that there was room for.
        var room = 0
        /// Bytes that were written there.
        var count = 0
    }

    /// Lets `fill` write up to `wanted` bytes to their place, as many as the limit and the pool allow.
    mutating func append(
        upTo wanted: Int, pool: inout BufferPool, _ fill: (inout OutputRawSpan) -> Void
    ) -> Appended {
        let wanted = min(wanted, free)
        guard wanted > 0 else { return Appended() }
        // When the pool has no block of that size left, it may have a smaller one, or the block at hand have room.
        var bits = BufferPool.bits(for: count + wanted)
        while !ring.reserve(min(count + wanted, 1 << bits), keeping: count, from: start, pool: &pool),
            bits > BufferPool.smallestBits
        {
            bits -= 1
        }
        let room = min(wanted, ring.capacity - count)
        let written = ring.fill(upTo: room, at: end, fill)
        count += written
        if count == 0 { ring.release(to: &pool) }
        return Appended(room: room, count: written)
    }

    /// Keeps as many of the bytes as the limit and the pool allow and says how many.
    mutating func append(_ bytes: RawSpan, pool: inout BufferPool) -> Int {
        var rest = bytes
        return append(upTo: bytes.byteCount, pool: &pool) { $0.take(from: &rest) }.count
    }

    /// Forgets what has been acknowledged, up to `number`, and gives the memory back when nothing is left.
    mutating func acknowledge(to number: SequenceNumber, pool: inout BufferPool) {
        let acknowledged = min(max(0, number - start), count)
        start += acknowledged
        count -= acknowledged
        if count == 0 { ring.release(to: &pool) }
    }

    /// Drops everything.
    mutating func discard(pool: inout BufferPool) {
        start = end
        count = 0
        ring.release(to: &pool)
    }

    /// Adds the bytes numbered `number ..< number + length` to a checksum.
    func add(_ length: Int, from number: SequenceNumber, to checksum: inout InternetChecksum) {
        precondition(holds(length, from: number), "bytes that are not in the send buffer")
        ring.withPieces(of: length, from: number) { first, second in
            checksum.add(first)
            checksum.add(second)
        }
    }

    /// Appends the bytes numbered `number ..< number + length` to a packet.
    func copy(_ length: Int, from number: SequenceNumber, into output: inout OutputRawSpan) {
        precondition(holds(length, from: number), "bytes that are not in the send buffer")
        ring.copy(length, from: number, into: &output)
    }

    /// Hands out the bytes numbered `number ..< number + length` where they lie, in two pieces; the second may be empty.
    func withPieces<Failure: Error>(
        of length: Int, from number: SequenceNumber, _ body: (RawSpan, RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(holds(length, from: number), "bytes that are not in the send buffer")
        try ring.withPieces(of: length, from: number, body)
    }

    private func holds(_ length: Int, from number: SequenceNumber) -> Bool {
        let offset = number - start
        return offset >= 0 && length >= 0 && offset + length <= count
    }
}

extension OutputRawSpan {
    /// Appends as many of the bytes as there is room for, and leaves the others.
    mutating func take(from bytes: inout RawSpan) {
        let count = min(bytes.byteCount, freeCapacity)
        append(bytes: bytes.extracting(first: count))
        bytes = bytes.extracting(droppingFirst: count)
    }
}
