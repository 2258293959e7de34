/// The options of all connections, each distinct set once: connections mostly have the same, and a million copies would be 160 MB.
struct OptionsTable {
    /// Names a set for as long as it is in use.
    typealias ID = UInt32

    private var sets: [(options: ConnectionOptions, users: Int)] = []
    private var ids: [ConnectionOptions: ID] = [:]
    private var vacant: [ID] = []

    /// The distinct sets in use.
    var count: Int { ids.count }

    subscript(id: ID) -> ConnectionOptions { sets[Int(id)].options }

    /// Finds a place for a set that one connection more has.
    mutating func retain(_ options: ConnectionOptions) -> ID {
        if let id = ids[options] {
            sets[Int(id)].users += 1
            return id
        }
        let id: ID
        if let reused = vacant.popLast() {
            id = reused
            sets[Int(id)] = (options, 1)
        } else {
            id = ID(sets.count)
            sets.append((options, 1))
        }
        ids[options] = id
        return id
    }

    /// One connection less has the set; it is forgotten with the last one.
    mutating func release(_ id: ID) {
        sets[Int(id)].users -= 1
        guard sets[Int(id)].users == 0 else { return }
        ids[sets[Int(id)].options] = nil
        vacant.append(id)
    }
}
