import TunstackCore

/// The connections that the application has let go of, to abort them if the stack ends before they do.
///
/// The core does not tell when such a connection is gone, so the set is searched for those from time to time: when it has
/// doubled. That costs a constant time per connection and keeps the set within twice the connections there are.
struct ClosingConnections {
    private static let smallestThreshold = 64

    private(set) var all: Set<ConnectionID> = []
    private var threshold = smallestThreshold

    /// Adds a connection that was released.
    mutating func insert(_ id: ConnectionID, core: borrowing Stack) {
        guard core.status(id) != nil else { return }
        if all.count >= threshold {
            all = all.filter { core.status($0) != nil }
            threshold = max(Self.smallestThreshold, all.count * 2)
        }
        all.insert(id)
    }
}
