import TunstackWire

/// All connections of a stack, at work or at rest. A connection keeps its index, whichever it is.
///
/// Whoever changes a connection finds it at work: it wakes for that. Nothing but `rest(_:)` puts it to rest. One that is only looked at,
/// for its status say, does not wake.
struct ConnectionStore: ~Copyable {
    struct Entry {
        let key: ConnectionKey
        /// Where it works; means nothing while it rests.
        var block = ConnectionBlocks.Index.max
        var options: OptionsTable.ID
        /// Nil while it works.
        var resting: RestingConnection?
    }

    private var entries = Slab<Entry>()
    private var blocks = ConnectionBlocks()
    private var models = Slab<BBR>()
    private var options = OptionsTable()
    private let timestampTick: Interval
    /// Whether connections may rest. Only a test that compares wants them to stay at work.
    var allowsRest = true

    init(timestampTick: Interval) { self.timestampTick = timestampTick }

    /// Connections, at work or at rest.
    var count: Int { entries.count }
    /// Connections at work.
    var countAtWork: Int { blocks.count }
    /// All indices that were ever used; ask `isOccupied`.
    var indices: Range<Int> { entries.indices }
    func isOccupied(_ index: Int) -> Bool { entries.isOccupied(index) }
    /// Whether a handle still names what it named when it was made.
    func contains(_ index: Int, generation: UInt32) -> Bool { entries.contains(index, generation: generation) }
    /// The generation that a handle to `index` must carry.
    func generation(of index: Int) -> UInt32 { entries.generation(of: index) }
    /// Both sockets of a connection.
    @inline(__always)
    func key(of index: Int) -> ConnectionKey { entries[index].key }

    subscript(index: Int) -> Connection {
        _read {
            if let resting = entries[index].resting {
                let connection = connection(resting, at: index)
                yield connection
            } else {
                yield blocks[entries[index].block]
            }
        }
        _modify {
            if entries[index].resting != nil { wake(index) }
            yield &blocks[entries[index].block]
        }
    }

    /// Stores a connection, which is at work, and says where.
    mutating func insert(_ connection: consuming Connection) -> Int {
        let key = connection.key
        let options = options.retain(connection.options)
        return entries.insert(Entry(key: key, block: blocks.insert(connection), options: options))
    }

    /// Takes a connection out; its handle is stale from now on.
    mutating func remove(_ index: Int) -> Connection {
        if entries[index].resting != nil { wake(index) }
        let entry = entries.remove(index)
        options.release(entry.options)
        return blocks.remove(entry.block)
    }

    /// The connection has other options than before.
    mutating func noteOptions(of index: Int) {
        options.release(entries[index].options)
        entries[index].options = options.retain(blocks[entries[index].block].options)
    }
}

// MARK: - Rest

extension ConnectionStore {
    /// Puts a connection to rest if it has nothing to do; false if it has.
    mutating func rest(_ index: Int) -> Bool {
        guard allowsRest, entries[index].resting == nil else { return false }
        let block = entries[index].block
        assert(blocks[block].options == options[entries[index].options], "options that the store does not know")
        guard let resting = blocks[block].resting({ UInt32(models.insert($0)) }) else { return false }
        entries[index].resting = resting
        blocks.discard(block)
        return true
    }

    private mutating func wake(_ index: Int) {
        guard let resting = entries[index].resting else { return }
        entries[index].block = blocks.insert(connection(resting, at: index))
        entries[index].resting = nil
        if case .bbr(let model) = resting.congestion { _ = models.remove(Int(model)) }
    }

    /// The connection that a record stands for.
    private func connection(_ resting: RestingConnection, at index: Int) -> Connection {
        let congestion =
            switch resting.congestion {
            case .cubicInSlowStart(let window, let search):
                CongestionControl(Cubic(window, search: search, smoothed: resting.rtt.srtt))
            case .cubic(let window, let curve):
                CongestionControl(Cubic(window, curve: curve, smoothed: resting.rtt.srtt))
            case .newReno(let window, let search, let acknowledged):
                CongestionControl(
                    NewReno(window, search: search, acknowledged: acknowledged, smoothed: resting.rtt.srtt))
            case .bbr(let model): CongestionControl(models[Int(model)])
            }
        return Connection(
            waking: resting, key: entries[index].key, options: options[entries[index].options], congestion: congestion,
            timestampTick: timestampTick)
    }

    /// What a connection at rest has in common with its listing; nil if it is at work.
    func restingState(of index: Int) -> State? { entries[index].resting?.state }

    /// When a timer of a connection at rest fires, `.distantFuture` for never; nil if it is at work.
    func restingDeadline(of index: Int) -> Instant? { entries[index].resting?.deadline }

    /// The entry in the wheel of a connection at rest; nil if it has none, or is at work.
    func restingTimer(of index: Int) -> TimerWheel.TimerID? {
        guard let timer = entries[index].resting?.timer, timer != -1 else { return nil }
        return timer
    }

    /// A connection at rest has no entry in the wheel any more.
    mutating func forgetRestingTimer(of index: Int) { entries[index].resting?.timer = -1 }
}
