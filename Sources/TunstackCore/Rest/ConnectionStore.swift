import TunstackWire

/// All connections of a stack, at work or at rest. A connection keeps its index, whichever it is.
///
/// Whoever changes a connection finds it at work: it wakes for that. Nothing but `rest(_:)` puts it to rest. One that is only looked at,
/// for its status say, does not wake.
///
/// A connection that has just had something to do is likely to have more. So the last few that have come to have nothing stay at work,
/// and a conversation with pauses does not pay for a rest at each.
@safe struct ConnectionStore: ~Copyable {
    /// What there is of a connection in any case, and all that there is of one at rest.
    struct Entry {
        let key: ConnectionKey
        /// Where it works; nowhere while it rests.
        var block: ConnectionBlocks.Index
        var options: OptionsTable.ID
        /// While it rests, its entry in the timing wheel; -1 if it has none.
        var timer: TimerWheel.TimerID = -1
        /// Nil while it works.
        var resting: RestingConnection?
    }

    private var entries = Slab<Entry>()
    private var blocks = ConnectionBlocks()
    /// Not in the store itself: it stands in the way of nothing that looks for a connection at work.
    private let shared: UnsafeMutablePointer<SharedParts>
    /// A connection at rest, as it would be at work: made for a look at it.
    private let view: UnsafeMutablePointer<Connection>
    /// Connections that have had nothing to do at some time since they woke, longest ago first. Beyond `mostReady` they rest.
    private var ready = Fifo<Int>()
    private let mostReady: Int

    init(timestampTick: Interval, mostReady: Int) {
        self.mostReady = mostReady
        unsafe shared = .allocate(capacity: 1)
        unsafe shared.initialize(to: SharedParts(timestampTick: timestampTick))
        unsafe view = .allocate(capacity: 1)
    }

    deinit {
        unsafe shared.deinitialize(count: 1)
        unsafe shared.deallocate()
        unsafe view.deallocate()
    }

    /// Connections, at work or at rest.
    var count: Int { entries.count }
    /// Connections at work.
    var countAtWork: Int { blocks.count }
    /// Connections that could work without more memory from the system.
    var roomForWork: Int { blocks.capacity }
    /// All indices that were ever used; ask `isOccupied`.
    var indices: Range<Int> { entries.indices }
    func isOccupied(_ index: Int) -> Bool { entries.isOccupied(index) }
    /// Whether a handle still names what it named when it was made.
    @inline(__always)
    func contains(_ index: Int, generation: UInt32) -> Bool { entries.contains(index, generation: generation) }
    /// The generation that a handle to `index` must carry.
    @inline(__always)
    func generation(of index: Int) -> UInt32 { entries.generation(of: index) }
    /// Both sockets of a connection.
    @inline(__always)
    func key(of index: Int) -> ConnectionKey { entries[index].key }

    /// A connection: to look at, as it is or would be at work, or to change, at work.
    subscript(index: Int) -> Connection {
        @inline(__always)
        unsafeAddress {
            let entry = unsafe entries.occupied(index)
            let block = unsafe entry.pointee.block
            guard block != ConnectionBlocks.none else { return unsafe Self.look(at: entry, shared, view) }
            return unsafe UnsafePointer(blocks.pointer(to: block))
        }
        @inline(__always)
        unsafeMutableAddress {
            if isAtRest(index) { wake(index) }
            return unsafe blocks.pointer(to: entries[index].block)
        }
    }

    /// Stores a connection, which is at work, and says where.
    mutating func insert(_ connection: consuming Connection) -> Int {
        let key = connection.key
        let options = unsafe shared.pointee.options.retain(connection.options)
        return entries.insert(Entry(key: key, block: blocks.insert(connection), options: options))
    }

    /// Takes a connection out; its handle is stale from now on.
    mutating func remove(_ index: Int) -> Connection {
        if isAtRest(index) { wake(index) }
        let entry = entries.remove(index)
        unsafe shared.pointee.options.release(entry.options)
        return blocks.remove(entry.block)
    }

    /// The connection, which is at work, has other options than before.
    mutating func noteOptions(of index: Int) {
        unsafe shared.pointee.options.release(entries[index].options)
        entries[index].options = unsafe shared.pointee.options.retain(self[index].options)
    }
}

// MARK: - Rest

extension ConnectionStore {
    /// A connection, which is at work, may have nothing to do any more. Says which one should rest for it: the one that has been ready
    /// longest, if there are too many of them.
    mutating func makeReady(_ index: Int) -> Int? {
        guard mostReady > 0 else { return index }
        guard !isAtRest(index), !self[index].bookkeeping.isReady else { return nil }
        self[index].bookkeeping.isReady = true
        ready.append(index)
        guard ready.count > mostReady, let oldest = ready.popFirst(), isOccupied(oldest), !isAtRest(oldest),
            self[oldest].bookkeeping.isReady
        else { return nil }
        self[oldest].bookkeeping.isReady = false
        return oldest
    }

    /// Puts a connection to rest if it has nothing to do.
    mutating func rest(_ index: Int) {
        let block = entries[index].block
        guard block != ConnectionBlocks.none else { return }
        let connection = unsafe blocks.pointer(to: block)
        let shared = unsafe shared
        guard
            let resting = unsafe connection.pointee.resting({ unsafe UInt32(shared.pointee.controllers.insert($0)) })
        else { return }
        assert(
            unsafe self[index].options == shared.pointee.options[entries[index].options],
            "options that the store does not know")
        entries[index].timer = unsafe connection.pointee.bookkeeping.timer
        entries[index].resting = resting
        entries[index].block = ConnectionBlocks.none
        blocks.discard(block)
    }

    @inline(never)
    private mutating func wake(_ index: Int) {
        guard let resting = entries[index].resting else { return }
        let block = blocks.take()
        unsafe blocks.pointer(to: block).initialize(to: shared.pointee.connection(resting, of: entries[index]))
        entries[index].block = block
        entries[index].resting = nil
        if case .whole(let place) = resting.congestion { _ = unsafe shared.pointee.controllers.remove(Int(place)) }
    }

    /// Makes the view of a connection at rest. It holds until the next one is made; nothing in it has to be ended.
    @inline(never)
    private static func look(
        at entry: UnsafePointer<Entry>, _ shared: UnsafeMutablePointer<SharedParts>,
        _ view: UnsafeMutablePointer<Connection>
    ) -> UnsafePointer<Connection> {
        if let resting = unsafe entry.pointee.resting {
            unsafe view.initialize(to: shared.pointee.connection(resting, of: entry.pointee))
        }
        return unsafe UnsafePointer(view)
    }

    @inline(__always)
    private func isAtRest(_ index: Int) -> Bool { entries[index].block == ConnectionBlocks.none }

    /// The state of a connection at rest; nil if it is at work.
    func restingState(of index: Int) -> State? { isAtRest(index) ? entries[index].resting?.state : nil }

    /// When the timer of a connection at rest fires, `.distantFuture` for never; nil if it is at work.
    func restingDeadline(of index: Int) -> Instant? { isAtRest(index) ? entries[index].resting?.deadline : nil }

    /// The entry in the wheel of a connection at rest; -1 if it has none.
    func restingTimer(of index: Int) -> TimerWheel.TimerID { entries[index].timer }

    /// A connection at rest has no entry in the wheel any more.
    mutating func forgetRestingTimer(of index: Int) { entries[index].timer = -1 }
}
