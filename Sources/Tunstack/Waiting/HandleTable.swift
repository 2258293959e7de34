import TunstackCore

/// A value for each of some handles: an array, for a handle tells its place.
struct HandleTable<ID: Handle, Value> {
    private struct Place {
        /// The last handle that had a value here.
        var id: ID?
        var value: Value?
    }

    private var places: [Place] = []

    /// Stores a value for a handle, and forgets what an earlier one had at its place.
    mutating func insert(_ value: Value, for id: ID) {
        let index = Int(id.index)
        if index >= places.count { places += repeatElement(Place(), count: index + 1 - places.count) }
        places[index] = Place(id: id, value: value)
    }

    /// The value for a handle; nil if it has none, and what is put there then is lost. It is changed where it lies, and nil takes it
    /// out.
    subscript(id: ID) -> Value? {
        @inline(__always)
        get { isLatest(id) ? places[Int(id.index)].value : nil }
        @inline(__always)
        _modify {
            if isLatest(id) {
                yield &places[Int(id.index)].value
            } else {
                var nothing: Value?
                yield &nothing
            }
        }
    }

    /// Whether a handle has a value.
    @inline(__always)
    func contains(_ id: ID) -> Bool { isLatest(id) && places[Int(id.index)].value != nil }

    /// The handles that have a value, in the order of their places.
    var ids: [ID] { places.compactMap { $0.value == nil ? nil : $0.id } }

    /// Whether no later handle has had a value at this one's place.
    @inline(__always)
    private func isLatest(_ id: ID) -> Bool {
        let index = Int(id.index)
        return index < places.count && places[index].id?.generation == id.generation
    }
}
