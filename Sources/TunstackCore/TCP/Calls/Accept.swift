/// The second half of a passive OPEN: taking over what a listener has completed.
extension Stack {
    /// The next connection that a listener has completed; nil if none waits. One `acceptable` event may stand for several.
    public mutating func accept(_ listener: ListenerID) -> ConnectionID? {
        guard listeners.contains(Int(listener.index), generation: listener.generation),
            let index = listeners[Int(listener.index)].acceptQueue.popFirst()
        else { return nil }
        connections[index].bookkeeping.acceptor = nil
        refresh(index)
        return id(of: index)
    }
}
