public import TunstackWire

/// One line of a listing of everything that has a state, as `netstat` gives it.
public struct ConnectionSummary: Sendable {
    /// Our socket.
    public let local: Endpoint
    /// The peer's; nil for a listener.
    public let remote: Endpoint?
    /// The state.
    public let state: State
    /// Bytes received and not read; for a listener, connections that wait to be accepted.
    public let receiveQueue: Int
    /// Bytes sent and not acknowledged; for a listener, the size of its accept queue.
    public let sendQueue: Int
}

extension Stack {
    /// Tells about every listener, half-open entry, connection and TIME-WAIT record, in that order.
    public func forEachConnection(_ body: (ConnectionSummary) -> Void) {
        for index in listeners.indices where listeners.isOccupied(index) {
            body(
                ConnectionSummary(
                    local: listeners[index].local, remote: nil, state: .listen,
                    receiveQueue: listeners[index].acceptQueue.count, sendQueue: listeners[index].options.backlog))
        }
        for index in halfOpens.indices where halfOpens.isOccupied(index) {
            body(ConnectionSummary(halfOpens[index].key, .synReceived, receiveQueue: halfOpens[index].heldText.count))
        }
        for index in connections.indices where connections.isOccupied(index) {
            if let state = connections.restingState(of: index) {
                body(ConnectionSummary(connections.key(of: index), state))
                continue
            }
            guard connections[index].bookkeeping.isInTable else { continue }
            body(
                ConnectionSummary(
                    connections[index].key, connections[index].state,
                    receiveQueue: connections[index].receiveBuffer.readable,
                    sendQueue: connections[index].sendBuffer.count))
        }
        for index in timeWaits.indices where timeWaits.isOccupied(index) && timeWaits[index].displacedBy < 0 {
            body(ConnectionSummary(timeWaits[index].key, .timeWait))
        }
    }
}

extension ConnectionSummary {
    fileprivate init(_ key: ConnectionKey, _ state: State, receiveQueue: Int = 0, sendQueue: Int = 0) {
        self.init(
            local: key.local, remote: key.remote, state: state, receiveQueue: receiveQueue, sendQueue: sendQueue)
    }
}
