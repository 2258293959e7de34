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

    /// Whether `accept` would have a connection.
    public func hasConnection(waitingAt listener: ListenerID) -> Bool {
        listeners.contains(Int(listener.index), generation: listener.generation)
            && listeners[Int(listener.index)].acceptQueue.count > 0
    }

    /// Changes what connections start with that a listener accepts from now on.
    public mutating func setConnectionOptions(_ options: ConnectionOptions, of listener: ListenerID) {
        guard listeners.contains(Int(listener.index), generation: listener.generation) else { return }
        listeners[Int(listener.index)].connectionOptions = options.normalized
    }
}
