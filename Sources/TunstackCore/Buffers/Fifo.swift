/// A first-in, first-out queue in one growing ring of memory that is reused, so that a steady load does not allocate.
struct Fifo<Element> {
    private var storage: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// The element that `popFirst` would take.
    var first: Element? { count == 0 ? nil : storage[head] }

    mutating func append(_ element: Element) {
        if count == storage.count { grow() }
        storage[(head + count) & (storage.count - 1)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head].take()
        head = (head + 1) & (storage.count - 1)
        count -= 1
        return element
    }

    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(16, storage.count * 2))
        for offset in 0..<count { larger.append(storage[(head + offset) & (storage.count - 1)].take()) }
        while larger.count < max(16, storage.count * 2) { larger.append(nil) }
        storage = larger
        head = 0
    }
}
