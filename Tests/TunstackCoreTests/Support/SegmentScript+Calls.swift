import Testing
import TunstackCore
import TunstackWire

/// What the application does, on the current connection.
extension SegmentScript {
    /// The connection that calls refer to. A script that has none gets a handle that names nothing.
    private func handle(_ sourceLocation: SourceLocation) throws(ConnectionError) -> ConnectionID {
        guard let connection else {
            Issue.record("the script has no connection", sourceLocation: sourceLocation)
            throw .connectionDoesNotExist
        }
        return connection
    }

    /// Active OPEN from the current local socket to the peer's.
    func open(
        options: ConnectionOptions? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws(OpenError) {
        connection = try stack.open(to: key.remote, from: key.local, options: options, at: now)
        drain(sourceLocation: sourceLocation)
    }

    /// Active OPEN to any socket; the current connection stays the same.
    @discardableResult
    func open(
        to remote: Endpoint, from local: Endpoint? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws(OpenError) -> ConnectionID {
        defer { drain(sourceLocation: sourceLocation) }
        return try stack.open(to: remote, from: local, at: now)
    }

    /// Passive OPEN on any socket; the current listener stays the same.
    @discardableResult
    func listen(on local: Endpoint, options: ListenerOptions = ListenerOptions()) throws(ListenError) -> ListenerID {
        try stack.listen(on: local, options: options, at: now)
    }

    /// The next connection of any listener; the current connection stays the same.
    func accept(from listener: ListenerID) -> ConnectionID? { stack.accept(listener) }

    /// STATUS of any connection.
    func status(of id: ConnectionID) -> ConnectionStatus? { stack.status(id) }

    /// How many entries of the listing of connections are in this state; of all, if none is given.
    func count(_ state: State? = nil) -> Int {
        var count = 0
        stack.forEachConnection { if state == nil || $0.state == state { count += 1 } }
        return count
    }

    /// Takes the next connection from the listener.
    func accept(sourceLocation: SourceLocation = #_sourceLocation) {
        connection = listener.flatMap { stack.accept($0) }
        #expect(connection != nil, "no connection waits to be accepted", sourceLocation: sourceLocation)
        drain(sourceLocation: sourceLocation)
    }

    /// SEND of text.
    @discardableResult
    func send(
        _ text: String, flags: SendFlags = [], sourceLocation: SourceLocation = #_sourceLocation
    ) throws(ConnectionError) -> Int {
        try send(bytes: Array(text.utf8), flags: flags, sourceLocation: sourceLocation)
    }

    /// SEND of bytes; returns how many were taken.
    @discardableResult
    func send(
        bytes: [UInt8], flags: SendFlags = [], sourceLocation: SourceLocation = #_sourceLocation
    ) throws(ConnectionError) -> Int {
        let id = try handle(sourceLocation)
        let accepted = try bytes.withRawSpan { span throws(ConnectionError) in
            try stack.send(span, on: id, flags: flags, at: now)
        }
        drain(sourceLocation: sourceLocation)
        return accepted
    }

    /// RECEIVE of at most so many bytes.
    func receive(
        upTo capacity: Int = 1 << 20, sourceLocation: SourceLocation = #_sourceLocation
    ) throws(ConnectionError) -> (result: ReceiveResult, bytes: [UInt8]) {
        let id = try handle(sourceLocation)
        var outcome = Result<ReceiveResult, ConnectionError>.success(.wouldBlock)
        let bytes = [UInt8](rawCapacity: capacity) { output in
            do throws(ConnectionError) {
                outcome = .success(try stack.receive(into: &output, on: id, at: now))
            } catch {
                outcome = .failure(error)
            }
        }
        drain(sourceLocation: sourceLocation)
        return (try outcome.get(), bytes)
    }

    /// RECEIVE as text; empty if there is nothing.
    func read(
        upTo capacity: Int = 1 << 20, sourceLocation: SourceLocation = #_sourceLocation
    ) throws(ConnectionError) -> String {
        String(decoding: try receive(upTo: capacity, sourceLocation: sourceLocation).bytes, as: UTF8.self)
    }

    /// CLOSE.
    func close(sourceLocation: SourceLocation = #_sourceLocation) throws(ConnectionError) {
        try stack.close(try handle(sourceLocation), at: now)
        drain(sourceLocation: sourceLocation)
    }

    /// ABORT.
    func abort(sourceLocation: SourceLocation = #_sourceLocation) {
        guard let connection else { return }
        stack.abort(connection, at: now)
        drain(sourceLocation: sourceLocation)
    }

    /// The application lets go of the connection.
    func release(sourceLocation: SourceLocation = #_sourceLocation) {
        guard let connection else { return }
        stack.release(connection, at: now)
        drain(sourceLocation: sourceLocation)
    }

    /// STATUS of the current connection; nil once it is released and over.
    var status: ConnectionStatus? { connection.flatMap { stack.status($0) } }

    /// The connection's options; changing them is a call.
    func setOptions(
        sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout ConnectionOptions) -> Void
    ) throws(ConnectionError) {
        let id = try handle(sourceLocation)
        var options = try stack.options(of: id)
        change(&options)
        try stack.setOptions(options, of: id, at: now)
        drain(sourceLocation: sourceLocation)
    }

    /// The state that the current four-tuple is in: of the connection, or else of the half-open entry or TIME-WAIT record,
    /// or else LISTEN if someone listens there.
    var state: State {
        var found: State?
        var listens = false
        stack.forEachConnection { summary in
            if summary.local == key.local, summary.remote == key.remote { found = summary.state }
            if summary.state == .listen, summary.local.port == key.local.port { listens = true }
        }
        return found ?? status?.state ?? (listens ? .listen : .closed)
    }
}
