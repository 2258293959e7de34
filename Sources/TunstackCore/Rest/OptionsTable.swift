/// The options of all connections, each distinct set once: connections mostly have the same, and a million copies would be 160 MB.
struct OptionsTable {
    /// Names a set for as long as it is in use.
    typealias ID = UInt32

    private var sets: [(options: ConnectionOptions, users: Int)] = []
    private var ids: [ConnectionOptions: ID] = [:]
    private var vacant: [ID] = []
    /// The set that was asked for last. It stays even if nobody has it: the next connection mostly wants the same, and to
    /// hash it costs more than everything else here.
    private var recent: ID?

    /// The distinct sets in use.
    var count: Int { sets.count { $0.users > 0 } }

    subscript(id: ID) -> ConnectionOptions { sets[Int(id)].options }

    /// Finds a place for a set that one connection more has.
    mutating func retain(_ options: ConnectionOptions) -> ID {
        if let recent, sets[Int(recent)].options == options {
            sets[Int(recent)].users += 1
            return recent
        }
        let id = ids[options] ?? insert(options)
        sets[Int(id)].users += 1
        let former = recent
        recent = id
        if let former { forgetIfUnused(former) }
        return id
    }

    private mutating func insert(_ options: ConnectionOptions) -> ID {
        let id: ID
        if let reused = vacant.popLast() {
            id = reused
            sets[Int(id)] = (options, 0)
        } else {
            id = ID(sets.count)
            sets.append((options, 0))
        }
        ids[options] = id
        return id
    }

    /// One connection less has the set; it is forgotten with the last one.
    mutating func release(_ id: ID) {
        sets[Int(id)].users -= 1
        forgetIfUnused(id)
    }

    private mutating func forgetIfUnused(_ id: ID) {
        guard sets[Int(id)].users == 0, id != recent else { return }
        ids[sets[Int(id)].options] = nil
        vacant.append(id)
    }
}
