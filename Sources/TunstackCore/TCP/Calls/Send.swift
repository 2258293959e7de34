import TunstackWire

/// What SEND says beside the data (RFC 9293 §3.9.1.2).
public struct SendFlags: OptionSet, Sendable {
    /// The set as bits.
    public let rawValue: UInt8

    /// The set with these bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The data, and all before it, is urgent (RFC 9293 §3.8.5, MUST-30). New applications had better not use it (SHLD-13).
    public static let urgent = SendFlags(rawValue: 1 << 0)
    /// More follows soon (MSG_MORE): what does not fill a segment is held back until the next SEND without this flag,
    /// one of no bytes included, or for 200 ms at most. A FIN, and a buffer that is full, set it free too.
    /// `ConnectionOptions.corked` is the same for all that is sent.
    public static let more = SendFlags(rawValue: 1 << 1)
    /// The data ends a record (MSG_EOR): what is sent later does not share a segment with it.
    public static let endOfRecord = SendFlags(rawValue: 1 << 2)
    /// The segment that ends this data carries PSH even if more has been queued behind it by the time it leaves. Without this flag, pushes
    /// that were not carried out yet are one with the last (RFC 9293 §3.9.1.2).
    public static let keepPush = SendFlags(rawValue: 1 << 3)
}

/// SEND (RFC 9293 §3.9.1.2, §3.10.2).
extension Stack {
    /// Queues bytes to send. In SYN-SENT and SYN-RECEIVED they wait until the connection is established.
    ///
    /// Every call ends with an implied push: nothing waits for another one (MUST-60), and the last segment of what is queued carries PSH
    /// (MUST-61).
    ///
    /// - Returns: how many bytes were taken; fewer than given when the send buffer is full, and then `writable` follows as an
    ///   event when there is room again.
    /// - Throws: `ConnectionError` if the connection has ended or the application has closed it.
    public mutating func send(
        _ bytes: RawSpan, on id: ConnectionID, flags: SendFlags = [], at now: Instant
    ) throws(ConnectionError) -> Int {
        var rest = bytes
        return try send(upTo: bytes.byteCount, on: id, flags: flags, at: now) { $0.take(from: &rest) }
    }

    /// Lets the application write what it sends right into the send buffer, which saves a copy.
    ///
    /// - Parameters:
    ///   - count: the most bytes to send.
    ///   - id: the connection.
    ///   - flags: what SEND says beside the data.
    ///   - now: the time.
    ///   - fill: appends bytes to memory of the buffer, of which there may be less than `count`. It is called twice if the first
    ///     call has left no room and there is more behind the end of the ring, and not at all if there is no room. What it writes
    ///     is sent, nothing else.
    /// - Returns: how many bytes were written. If there was room for fewer than `count`, `writable` follows as an event when there is
    ///   room again.
    /// - Throws: `ConnectionError` if the connection has ended or the application has closed it; then `fill` was not called.
    public mutating func send(
        upTo count: Int, on id: ConnectionID, flags: SendFlags = [], at now: Instant,
        _ fill: (inout OutputRawSpan) -> Void
    ) throws(ConnectionError) -> Int {
        environment.now = now
        let index = try index(of: id)
        let appended = try connections[index].send(upTo: count, flags: flags, &environment, fill)
        if appended.room < count, connections[index].sendRoom > 0 { waitForMemory(index) }
        refresh(index)
        return appended.count
    }
}

extension Connection {
    fileprivate mutating func send(
        upTo count: Int, flags: SendFlags, _ environment: inout Environment, _ fill: (inout OutputRawSpan) -> Void
    ) throws(ConnectionError) -> SendBuffer.Appended {
        guard state.acceptsSends, !finIsQueued else {
            if let closeReason, state == .closed { throw .connectionEnded(closeReason) }
            throw .connectionClosing
        }
        let wasEmpty = sendBuffer.isEmpty
        let appended = queue(upTo: count, &environment.pool, fill)
        if appended.room < count { senderWaits = true }
        moreFollows = flags.contains(.more)
        if appended.count > 0, appended.count == count, !flags.isDisjoint(with: [.endOfRecord, .keepPush]) {
            noteEnd(flags)
        }
        if flags.contains(.urgent), appended.count > 0 { snd.up = sendBuffer.end }
        if wasEmpty, appended.count > 0 { armUserTimeout(at: environment.now) }
        return appended
    }

    private mutating func noteEnd(_ flags: SendFlags) {
        let marks = marks ?? SendMarks()
        self.marks = marks
        if flags.contains(.endOfRecord) { marks.addRecord(at: sendBuffer.end) }
        marks.addPush(at: sendBuffer.end)
    }

    /// Text without memory to index what is sent of it could never leave, so that memory comes first, and stays until no text is left.
    private mutating func queue(
        upTo count: Int, _ pool: inout BufferPool, _ fill: (inout OutputRawSpan) -> Void
    ) -> SendBuffer.Appended {
        guard count > 0, recovery.segments.hasMemory || recovery.segments.reserve(pool: &pool) else {
            return SendBuffer.Appended()
        }
        let appended = sendBuffer.append(upTo: min(count, sendRoom), pool: &pool, fill)
        if sendBuffer.isEmpty { recovery.segments.releaseIfEmpty(to: &pool) }
        return appended
    }
}
