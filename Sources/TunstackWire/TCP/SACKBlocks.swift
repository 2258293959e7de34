/// A run of bytes that arrived out of order (RFC 2018 §3).
public struct SACKBlock: Hashable, Sendable {
    /// The first byte of the run.
    public var start: SequenceNumber
    /// The byte after the last one.
    public var end: SequenceNumber

    /// Makes a block of its two edges; nothing is asked of their order, for a peer may send any.
    @inlinable
    public init(start: SequenceNumber, end: SequenceNumber) {
        self.start = start
        self.end = end
    }
}

/// The blocks of a selective acknowledgment, at most four, which is what a header has room for (RFC 2018 §3).
///
/// They lie in the value itself: no heap.
public struct SACKBlocks: Sendable {
    @usableFromInline
    var storage: InlineArray<4, SACKBlock>

    @usableFromInline
    var storedCount: Int

    /// The most blocks that fit into a header.
    @inlinable public static var capacity: Int { 4 }

    /// Makes an empty list.
    @inlinable
    @inline(__always)
    public init() {
        storage = InlineArray(repeating: SACKBlock(start: SequenceNumber(0), end: SequenceNumber(0)))
        storedCount = 0
    }

    /// How many blocks there are, 0 ... 4.
    @inlinable
    public var count: Int { storedCount }

    /// Whether there are no blocks.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The block at a position in 0 ..< `count`.
    @inlinable
    public subscript(index: Int) -> SACKBlock {
        precondition(index < count, "no such block")
        return storage[index]
    }

    /// Adds a block at the end. Of more than four the later ones are left out: they matter least (RFC 2018 §4).
    @inlinable
    public mutating func append(_ block: SACKBlock) {
        guard count < Self.capacity else { return }
        storage[count] = block
        storedCount += 1
    }
}

extension SACKBlocks: Equatable {
    /// Whether both have the same blocks in the same order.
    @inlinable
    public static func == (lhs: Self, rhs: Self) -> Bool {
        guard lhs.count == rhs.count else { return false }
        for index in 0..<lhs.count where lhs.storage[index] != rhs.storage[index] { return false }
        return true
    }
}

extension SACKBlocks: ExpressibleByArrayLiteral {
    /// Makes a list of up to four blocks.
    @inlinable
    public init(arrayLiteral blocks: SACKBlock...) {
        self.init()
        for block in blocks { append(block) }
    }
}
