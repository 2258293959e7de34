/// The memory of connections at work: blocks in chunks that never move. A block that is given back is the next to be taken, so that it
/// is still in the processor's cache; chunks without a block in use go back to the system, but for a few.
@safe struct ConnectionBlocks: ~Copyable {
    /// Names a block for as long as it is in use.
    typealias Index = UInt32

    /// No block.
    static let none = Index.max
    private static let chunkBits = 6
    private static let blocksPerChunk = 1 << chunkBits
    /// Chunks without a block in use that are kept.
    private static let idleChunks = 2

    @safe private struct Chunk {
        /// Nil after it has gone back to the system.
        var blocks: UnsafeMutablePointer<Connection>?
        /// A bit for each block that is not in use.
        var vacant = UInt64.max
        /// It stands in the list of chunks with a vacant block.
        var isListed = false

        var isUnused: Bool { vacant == .max }
    }

    private var chunks: [Chunk] = []
    /// Chunks that may have a vacant block; the last is the next to be taken from.
    private var listed: [Int] = []
    /// Places in `chunks` without memory.
    private var missing: [Int] = []
    private var unusedChunks = 0
    /// Blocks there is memory for.
    var capacity: Int { (chunks.count - missing.count) << Self.chunkBits }
    /// Blocks in use.
    private(set) var count = 0

    init() {}

    deinit {
        // What buffers hold goes back to the system, by a pool that keeps nothing.
        var pool = BufferPool(budgetBytes: 0, cacheBytes: 0)
        for chunk in chunks {
            guard let blocks = unsafe chunk.blocks else { continue }
            for place in 0..<Self.blocksPerChunk where chunk.vacant & 1 << UInt64(place) == 0 {
                unsafe blocks[place].discardBuffers(pool: &pool)
                unsafe (blocks + place).deinitialize(count: 1)
            }
            unsafe blocks.deallocate()
        }
    }

    /// A connection in its block.
    func pointer(to index: Index) -> UnsafeMutablePointer<Connection> {
        guard let blocks = unsafe chunks[Int(index) >> Self.chunkBits].blocks else {
            preconditionFailure("a block that is not in use")
        }
        return unsafe blocks + (Int(index) & (Self.blocksPerChunk - 1))
    }

    /// Moves a connection into a block and says which.
    mutating func insert(_ connection: consuming Connection) -> Index {
        let index = take()
        unsafe pointer(to: index).initialize(to: connection)
        return index
    }

    /// A block for whoever initializes it at once.
    mutating func take() -> Index {
        let chunk = chunkWithVacancy()
        if chunks[chunk].isUnused { unusedChunks -= 1 }
        let place = chunks[chunk].vacant.trailingZeroBitCount
        chunks[chunk].vacant &= ~(1 << UInt64(place))
        count += 1
        return Index(chunk << Self.chunkBits | place)
    }

    private mutating func chunkWithVacancy() -> Int {
        while let chunk = listed.last {
            if unsafe chunks[chunk].blocks != nil, chunks[chunk].vacant != 0 { return chunk }
            chunks[chunk].isListed = false
            listed.removeLast()
        }
        let chunk = missing.popLast() ?? chunks.count
        if chunk == chunks.count { chunks.append(Chunk()) }
        unsafe chunks[chunk].blocks = .allocate(capacity: Self.blocksPerChunk)
        unusedChunks += 1
        list(chunk)
        return chunk
    }

    private mutating func list(_ chunk: Int) {
        guard !chunks[chunk].isListed else { return }
        chunks[chunk].isListed = true
        listed.append(chunk)
    }

    /// Moves a connection out of its block, which is not in use any more.
    mutating func remove(_ index: Index) -> Connection {
        let connection = unsafe pointer(to: index).move()
        vacate(index)
        return connection
    }

    /// Ends the connection in a block, which is not in use any more.
    mutating func discard(_ index: Index) {
        unsafe pointer(to: index).deinitialize(count: 1)
        vacate(index)
    }

    private mutating func vacate(_ index: Index) {
        let chunk = Int(index) >> Self.chunkBits
        chunks[chunk].vacant |= 1 << UInt64(Int(index) & (Self.blocksPerChunk - 1))
        count -= 1
        list(chunk)
        guard chunks[chunk].isUnused else { return }
        unusedChunks += 1
        guard unusedChunks > Self.idleChunks, let blocks = unsafe chunks[chunk].blocks else { return }
        unsafe blocks.deallocate()
        unsafe chunks[chunk].blocks = nil
        missing.append(chunk)
        unusedChunks -= 1
    }
}

extension Connection {
    /// Gives back what its buffers hold, and every byte in them is gone.
    mutating func discardBuffers(pool: inout BufferPool) {
        sendBuffer.discard(pool: &pool)
        recovery.segments.discard(pool: &pool)
        receiveBuffer.discard(pool: &pool)
    }
}
