/// Keeps values of one type in chunks that never move, found by index, with a generation a slot so that a stale handle is
/// recognised. The chunks are the only memory: an element costs its own size and eight bytes.
@safe struct Slab<Element: ~Copyable>: ~Copyable {
    private static var chunkBits: Int { 8 }
    private static var chunkSize: Int { 1 << chunkBits }

    private var chunks: [UnsafeMutablePointer<Element>]
    /// Odd while the slot is in use.
    private var generations: [UInt32] = []
    private var vacant: [UInt32] = []
    private(set) var count = 0

    init() {
        unsafe chunks = []
    }

    deinit {
        for index in generations.indices where generations[index] & 1 == 1 {
            unsafe pointer(to: index).deinitialize(count: 1)
        }
        unsafe chunks.forEach { unsafe $0.deallocate() }
    }

    private func pointer(to index: Int) -> UnsafeMutablePointer<Element> {
        unsafe chunks[index >> Self.chunkBits] + (index & (Self.chunkSize - 1))
    }

    /// Stores a value and says where.
    mutating func insert(_ element: consuming Element) -> Int {
        let index: Int
        if let reused = vacant.popLast() {
            index = Int(reused)
        } else {
            index = generations.count
            generations.append(0)
            if index & (Self.chunkSize - 1) == 0 {
                unsafe chunks.append(.allocate(capacity: Self.chunkSize))
            }
        }
        generations[index] &+= 1
        unsafe pointer(to: index).initialize(to: element)
        count += 1
        return index
    }

    /// Takes a value out; its handle is stale from now on.
    mutating func remove(_ index: Int) -> Element {
        precondition(isOccupied(index), "a slot that is vacant")
        generations[index] &+= 1
        vacant.append(UInt32(index))
        count -= 1
        return unsafe pointer(to: index).move()
    }

    /// The generation that a handle to `index` must carry.
    func generation(of index: Int) -> UInt32 { generations[index] }

    /// Whether a handle still names what it named when it was made.
    func contains(_ index: Int, generation: UInt32) -> Bool {
        index < generations.count && generations[index] == generation && generation & 1 == 1
    }

    func isOccupied(_ index: Int) -> Bool { index < generations.count && generations[index] & 1 == 1 }

    /// All indices that were ever used; ask `isOccupied`.
    var indices: Range<Int> { generations.indices }

    subscript(index: Int) -> Element {
        _read {
            precondition(isOccupied(index), "a slot that is vacant")
            yield unsafe pointer(to: index).pointee
        }
        _modify {
            precondition(isOccupied(index), "a slot that is vacant")
            yield &(unsafe pointer(to: index).pointee)
        }
    }
}
