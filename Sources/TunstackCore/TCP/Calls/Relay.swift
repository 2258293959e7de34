import TunstackWire

/// Why `Stack.relay` failed, and on which side.
public enum RelayError: Error, Hashable, Sendable {
    /// The connection that bytes come from.
    case source(ConnectionError)
    /// The connection that they go to. Nothing was taken from the other.
    case destination(ConnectionError)
}

/// RECEIVE and SEND in one, from buffer to buffer.
extension Stack {
    /// Moves bytes that have arrived on one connection to the send buffer of another, or of the same one, in one copy.
    ///
    /// - Parameters:
    ///   - source: the connection that they have arrived on.
    ///   - destination: the connection to send them on.
    ///   - limit: the most bytes to move.
    ///   - now: the time.
    /// - Returns: how many bytes were moved. Fewer than have arrived, none perhaps, when the send buffer is full; `writable` of the
    ///   destination follows as an event when there is room again. `wouldBlock` if none have arrived: `readable` of the source follows.
    ///   `endOfStream` when the source's peer has closed its direction and everything has been moved.
    /// - Throws: `RelayError`, which tells which connection has ended.
    public mutating func relay(
        from source: ConnectionID, to destination: ConnectionID, upTo limit: Int = .max, at now: Instant
    ) throws(RelayError) -> ReceiveResult {
        let index: Int
        do throws(ConnectionError) {
            environment.now = now
            index = try self.index(of: source)
        } catch {
            throw .source(error)
        }
        let arrived = connections[index].receiveBuffer.inOrder
        let wanted = min(arrived.count, max(0, limit))
        var moved = 0
        if wanted > 0 {
            do throws(ConnectionError) {
                moved = try arrived.withPieces(ofFirst: wanted) { first, second throws(ConnectionError) in
                    var (first, second) = (first, second)
                    return try send(upTo: wanted, on: destination, at: now) { output in
                        output.take(from: &first)
                        output.take(from: &second)
                    }
                }
            } catch {
                throw .destination(error)
            }
            connections[index].receiveBuffer.skip(moved, pool: &environment.pool)
        }
        do throws(ConnectionError) {
            return try finishReceive(index, moved)
        } catch {
            throw .source(error)
        }
    }
}
