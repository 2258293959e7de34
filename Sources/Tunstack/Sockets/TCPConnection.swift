import Synchronization
public import TunstackCore
public import TunstackWire

/// A TCP connection of a stack.
///
/// One task may read and one may write at a time, the same or different ones; a second reader or writer gets an error. Calls
/// that have to wait end with an error when their task is cancelled.
///
/// Let go of a connection with ``close()`` or ``abort()``. If it is neither closed nor aborted when nobody refers to it any
/// more, it is aborted: the peer gets a reset and can tell that this was not meant as an end.
public final class TCPConnection: Sendable {
    /// The stack it belongs to.
    public let stack: TunnelStack
    /// Our socket.
    public let localEndpoint: Endpoint
    /// The peer's socket.
    public let remoteEndpoint: Endpoint

    private let id: ConnectionID
    /// It was closed or aborted, so that there is nothing left to do at the end.
    private let isLetGo = Atomic(false)

    /// Bytes that a read takes at most unless told otherwise.
    public static let defaultReadLimit = 64 * 1_024

    init(stack: TunnelStack, id: ConnectionID, localEndpoint: Endpoint, remoteEndpoint: Endpoint) {
        self.stack = stack
        self.id = id
        self.localEndpoint = localEndpoint
        self.remoteEndpoint = remoteEndpoint
    }

    deinit {
        guard !isLetGo.load(ordering: .relaxed) else { return }
        let (stack, id) = (stack, id)
        Task(executorPreference: stack.executor) { await stack.abort(id) }
    }

    // MARK: Reading

    /// Reads what has arrived, and suspends while there is nothing.
    ///
    /// - Parameter limit: The most bytes to read, at least 1.
    /// - Returns: At least one byte, or nil at the end of the stream: the peer has closed its direction and everything has been
    ///   read.
    /// - Throws: ``ReadError``.
    public nonisolated(nonsending) func read(
        upTo limit: Int = defaultReadLimit
    ) async throws(ReadError) -> [UInt8]? {
        var bytes: [UInt8] = []
        return try await read(appendingTo: &bytes, upTo: limit) > 0 ? bytes : nil
    }

    /// Reads what has arrived to the end of an array, whose memory can so be used again and again.
    ///
    /// - Parameters:
    ///   - bytes: Is only changed if there is something to append.
    ///   - limit: The most bytes to read, at least 1.
    /// - Returns: How many bytes were appended; 0 at the end of the stream.
    /// - Throws: ``ReadError``.
    public nonisolated(nonsending) func read(
        appendingTo bytes: inout [UInt8], upTo limit: Int = defaultReadLimit
    ) async throws(ReadError) -> Int {
        try await stack.read(appendingTo: &bytes, upTo: limit, on: id)
    }

    /// Reads what has arrived into memory of the caller's.
    ///
    /// - Parameter output: Must have free capacity.
    /// - Returns: How many bytes were appended; 0 at the end of the stream.
    /// - Throws: ``ReadError``.
    public nonisolated(nonsending) func read(into output: inout OutputRawSpan) async throws(ReadError) -> Int {
        try await stack.read(into: &output, on: id)
    }

    /// Reads what has arrived where it lies, which saves a copy; suspends while there is nothing.
    ///
    /// - Parameter consume: Gets all bytes that are in order, in two pieces of which the second may be empty, and answers how many
    ///   of them, at least one, it is done with. It runs on the stack's executor and must not call the stack.
    /// - Returns: What `consume` answered; 0 at the end of the stream.
    /// - Throws: ``ReadError``.
    public nonisolated(nonsending) func read(
        inPlace consume: @Sendable (RawSpan, RawSpan) -> Int
    ) async throws(ReadError) -> Int {
        try await stack.read(on: id, consume)
    }

    /// Writes everything that arrives here to another connection of the same stack, or back to this one, until the peer closes its
    /// direction. The bytes go from buffer to buffer in one copy.
    ///
    /// - Parameter destination: Nobody else writes to it meanwhile.
    /// - Returns: How many bytes there were.
    /// - Throws: ``RelayFailure``.
    @discardableResult
    public nonisolated(nonsending) func relay(to destination: TCPConnection) async throws(RelayFailure) -> Int {
        precondition(destination.stack === stack, "the connections of two stacks have no buffers in common")
        return try await stack.relay(from: id, to: destination.id)
    }

    // MARK: Writing

    /// Writes bytes, and suspends until the last of them is in the send buffer. That says nothing about their arrival.
    ///
    /// - Parameters:
    ///   - bytes: What to send. No bytes at all, without `more`, set free what is held back.
    ///   - more: More follows soon (`SendFlags.more`): what does not fill a segment is held back until the next write
    ///     without this, for 200 ms at most. `ConnectionOptions.corked` is the same for every write.
    /// - Throws: ``WriteError``.
    public nonisolated(nonsending) func write(_ bytes: RawSpan, more: Bool = false) async throws(WriteError) {
        try await stack.write(bytes, flags: more ? .more : [], on: id)
    }

    /// Writes bytes, and suspends until the last of them is in the send buffer. That says nothing about their arrival.
    ///
    /// - Parameters:
    ///   - bytes: An array, `Data`, the `utf8` of a string, ...
    ///   - more: More follows soon; see ``write(_:more:)``.
    /// - Throws: ``WriteError``.
    public nonisolated(nonsending) func write(
        _ bytes: some Sequence<UInt8>, more: Bool = false
    ) async throws(WriteError) {
        let array = Array(bytes)
        // Unsafe in general because of padding, of which bytes have none.
        try await write(unsafe array.span.bytes, more: more)
    }

    // MARK: Closing

    /// Closes our direction: the peer gets the end of the stream after everything that was written. Reading goes on
    /// (half-close, RFC 9293 §3.6). Doing it again does nothing.
    ///
    /// - Throws: ``WriteError`` if the connection has ended otherwise.
    public nonisolated(nonsending) func shutdownWrite() async throws(WriteError) {
        try await stack.shutdownWrite(id)
    }

    /// Lets go of the connection. What was written is still sent, then our direction is closed. If the peer has sent what
    /// nobody has read, or does so later, it is told by a reset (RFC 9293 §3.6.1). Doing it again does nothing.
    ///
    /// It does not wait for the peer.
    public nonisolated(nonsending) func close() async {
        isLetGo.store(true, ordering: .relaxed)
        await stack.close(id)
    }

    /// Ends the connection at once by a reset; what was written and has not been sent is thrown away (RFC 9293 §3.10.5).
    /// After ``close()`` it does nothing.
    public nonisolated(nonsending) func abort() async {
        isLetGo.store(true, ordering: .relaxed)
        await stack.abort(id)
    }

    // MARK: Status and options

    /// What the stack knows about the connection; nil when it is closed and forgotten.
    public nonisolated(nonsending) func status() async -> ConnectionStatus? {
        await stack.status(of: id)
    }

    /// The connection's options.
    ///
    /// - Throws: `ConnectionError.connectionDoesNotExist` after ``close()`` and ``abort()``.
    public nonisolated(nonsending) func options() async throws(ConnectionError) -> ConnectionOptions {
        try await stack.options(of: id)
    }

    /// Changes the connection's options. What the handshake settled (MSS, window scale, timestamps, buffer sizes) stays as it
    /// was.
    ///
    /// - Throws: `ConnectionError.connectionDoesNotExist` after ``close()`` and ``abort()``.
    public nonisolated(nonsending) func setOptions(_ options: ConnectionOptions) async throws(ConnectionError) {
        try await stack.setOptions(options, of: id)
    }
}
