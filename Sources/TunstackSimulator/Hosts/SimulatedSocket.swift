public import TunstackCore
import TunstackWire

/// An application's end of one connection. Every call is written down in the network's trace.
public struct SimulatedSocket {
    let core: SocketCore
    let network: SimulatedNetwork

    /// The stack's handle.
    public var id: ConnectionID { core.id }
    /// The sockets of both ends.
    public var key: ConnectionKey { core.key }
    /// Bytes that the stack has taken from the application.
    public var bytesSent: Int { core.bytesSent }
    /// Bytes that the application has received.
    public var bytesReceived: Int { core.bytesReceived }
    /// Whether what was received is what `send(count:)` sends: the right bytes in the right order.
    public var isIntact: Bool { core.isIntact }
    /// Everything that the stack has told so far.
    public var events: ConnectionEvents { core.events }

    /// What the stack knows about the connection; nil once it is released and over.
    public var status: ConnectionStatus? { core.host.stack.status(id) }
    /// The connection's state; CLOSED when the stack knows nothing of it any more.
    public var state: State { status?.state ?? .closed }
    /// Why the connection has ended; nil while it has not.
    public var closeReason: CloseReason? { status?.closeReason }

    /// Wakes the application after a time, unless its host has lost power by then.
    public func wake(after delay: Interval) {
        network.after(delay) { [weak core] in core?.wake() }
    }
}

// MARK: - User calls (RFC 9293 §3.9.1)

extension SimulatedSocket {
    /// SEND: the next `count` bytes of a stream whose bytes tell their place.
    ///
    /// - Returns: how many were taken.
    @discardableResult
    public func send(count: Int, flags: SendFlags = []) throws(ConnectionError) -> Int {
        core.host.record(.call(Self.sendCall(count, flags), key))
        var taken = 0
        // The stack looks at what it is given when it next sends, so one SEND may be several.
        var isFull = false
        repeat {
            let piece = min(count - taken, PatternStream.period)
            let accepted = try PatternStream.withBytes(from: bytesSent, count: piece) {
                bytes throws(ConnectionError) in try append(bytes, flags)
            }
            taken += accepted
            isFull = accepted < piece
        } while taken < count && !isFull
        core.host.pump()
        return taken
    }

    /// SEND: these bytes.
    ///
    /// - Returns: how many were taken.
    @discardableResult
    public func send(_ bytes: [UInt8], flags: SendFlags = []) throws(ConnectionError) -> Int {
        core.host.record(.call(Self.sendCall(bytes.count, flags), key))
        let taken = try bytes.withRawSpan { bytes throws(ConnectionError) in try append(bytes, flags) }
        core.host.pump()
        return taken
    }

    private static func sendCall(_ count: Int, _ flags: SendFlags) -> String {
        "SEND \(count)" + (flags.contains(.urgent) ? " urgent" : "")
    }

    private func append(_ bytes: RawSpan, _ flags: SendFlags) throws(ConnectionError) -> Int {
        let taken = try core.host.stack.send(bytes, on: id, flags: flags, at: core.host.clock)
        core.bytesSent += taken
        return taken
    }

    /// RECEIVE: everything that waits, up to `limit` bytes.
    ///
    /// - Parameter isShown: whether ladders show the call.
    public func receive(atMost limit: Int = .max, isShown: Bool = true) throws(ConnectionError) -> [UInt8] {
        let capacity = min(limit, status?.readableBytes ?? 0)
        guard capacity > 0 else { return [] }
        if isShown { core.host.record(.call("RECEIVE \(capacity)", key)) }
        var outcome = Result<ReceiveResult, ConnectionError>.success(.wouldBlock)
        let bytes = [UInt8](rawCapacity: capacity) { output in
            do throws(ConnectionError) {
                outcome = .success(try core.host.stack.receive(into: &output, on: id, at: core.host.clock))
            } catch {
                outcome = .failure(error)
            }
        }
        _ = try outcome.get()
        core.noteReceived(bytes)
        core.host.pump()
        return bytes
    }

    /// CLOSE: a FIN follows what was sent.
    public func close() throws(ConnectionError) {
        core.host.record(.call("CLOSE", key))
        try core.host.stack.close(id, at: core.host.clock)
        core.host.pump()
    }

    /// ABORT: a reset, and everything queued is thrown away.
    public func abort() {
        core.host.record(.call("ABORT", key))
        core.host.stack.abort(id, at: core.host.clock)
        core.host.pump()
    }

    /// The application lets go of the connection for good.
    public func release() {
        core.host.record(.call("lets go", key))
        core.isReleased = true
        core.host.stack.release(id, at: core.host.clock)
        core.host.pump()
    }
}
