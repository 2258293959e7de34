/// Keeps values of one type in chunks that never move, found by index, with a generation a slot so that a stale handle is
/// recognised. The chunks are the only memory: an element costs its own size and four bytes for the generation, which stands right
/// behind it, so that to check and to use an element touches the same memory.
@safe struct Slab<Element: ~Copyable>: ~Copyable {
    private static var chunkBits: Int { 8 }
    private static var chunkSize: Int { 1 << chunkBits }

    private static var alignment: Int { max(MemoryLayout<Element>.alignment, MemoryLayout<UInt32>.alignment) }
    private static var generationOffset: Int { (MemoryLayout<Element>.size + 3) & ~3 }
    private static var stride: Int { (generationOffset + MemoryLayout<UInt32>.size + alignment - 1) & ~(alignment - 1) }

    private var chunks: [UnsafeMutableRawPointer]
    /// Slots that were ever used.
    private var end = 0
    private var vacant: [UInt32] = []
    private(set) var count = 0

    init() {
        unsafe chunks = []
    }

    deinit {
        for index in indices where isOccupied(index) { unsafe pointer(to: index).deinitialize(count: 1) }
        unsafe chunks.forEach { unsafe $0.deallocate() }
    }

    /// Bytes that an element takes, all told.
    static var bytesPerElement: Int { stride }

    private func slot(_ index: Int) -> UnsafeMutableRawPointer {
        precondition(index < end, "an index that was never used")
        return unsafe chunks[index >> Self.chunkBits] + (index & (Self.chunkSize - 1)) * Self.stride
    }

    private func pointer(to index: Int) -> UnsafeMutablePointer<Element> {
        unsafe slot(index).assumingMemoryBound(to: Element.self)
    }

    /// Odd while the slot is in use.
    private func generationPointer(of index: Int) -> UnsafeMutablePointer<UInt32> {
        unsafe (slot(index) + Self.generationOffset).assumingMemoryBound(to: UInt32.self)
    }

    /// Stores a value and says where.
    mutating func insert(_ element: consuming Element) -> Int {
        let index: Int
        if let reused = vacant.popLast() {
            index = Int(reused)
        } else {
            index = end
            if index & (Self.chunkSize - 1) == 0 {
                unsafe chunks.append(
                    .allocate(byteCount: Self.chunkSize * Self.stride, alignment: max(Self.alignment, 64)))
            }
            end += 1
            unsafe generationPointer(of: index).initialize(to: 0)
        }
        unsafe generationPointer(of: index).pointee &+= 1
        unsafe pointer(to: index).initialize(to: element)
        count += 1
        return index
    }

    /// Takes a value out; its handle is stale from now on.
    mutating func remove(_ index: Int) -> Element {
        precondition(isOccupied(index), "a slot that is vacant")
        unsafe generationPointer(of: index).pointee &+= 1
        vacant.append(UInt32(index))
        count -= 1
        return unsafe pointer(to: index).move()
    }

    /// The generation that a handle to `index` must carry.
    func generation(of index: Int) -> UInt32 { unsafe generationPointer(of: index).pointee }

    /// Whether a handle still names what it named when it was made.
    func contains(_ index: Int, generation: UInt32) -> Bool {
        index < end && generation & 1 == 1 && self.generation(of: index) == generation
    }

    func isOccupied(_ index: Int) -> Bool { index < end && generation(of: index) & 1 == 1 }

    /// Where a value is kept; good until it is taken out.
    @inline(__always)
    func occupied(_ index: Int) -> UnsafePointer<Element> {
        precondition(isOccupied(index), "a slot that is vacant")
        return unsafe UnsafePointer(pointer(to: index))
    }

    /// All indices that were ever used; ask `isOccupied`.
    var indices: Range<Int> { 0..<end }

    subscript(index: Int) -> Element {
        @inline(__always)
        unsafeAddress { unsafe occupied(index) }
        @inline(__always)
        unsafeMutableAddress {
            precondition(isOccupied(index), "a slot that is vacant")
            return unsafe pointer(to: index)
        }
    }
}
