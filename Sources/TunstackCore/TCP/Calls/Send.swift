import TunstackWire

/// What SEND says beside the data (RFC 9293 §3.9.1.2).
public struct SendFlags: OptionSet, Sendable {
    /// The set as bits.
    public let rawValue: UInt8

    /// The set with these bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The data, and all before it, is urgent (RFC 9293 §3.8.5).
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
    /// Every call ends with an implied push: the last segment of what is queued carries PSH (MUST-61).
    ///
    /// - Returns: how many bytes were taken; fewer than given when the send buffer is full, and then `writable` follows as an
    ///   event when there is room again.
    /// - Throws: `ConnectionError` if the connection has ended or the application has closed it.
    public mutating func send(
        _ bytes: RawSpan, on id: ConnectionID, flags: SendFlags = [], at now: Instant
    ) throws(ConnectionError) -> Int {
        environment.now = now
        let index = try index(of: id)
        let accepted = try connections[index].send(bytes, flags: flags, &environment)
        if accepted < bytes.byteCount, connections[index].sendBuffer.free > 0 { waitForMemory(index) }
        refresh(index)
        return accepted
    }
}

extension Connection {
    fileprivate mutating func send(
        _ bytes: RawSpan, flags: SendFlags, _ environment: inout Environment
    ) throws(ConnectionError) -> Int {
        guard state.acceptsSends, !finIsQueued else {
            if let closeReason, state == .closed { throw .connectionEnded(closeReason) }
            throw .connectionClosing
        }
        let wasEmpty = sendBuffer.isEmpty
        let accepted = queue(bytes, &environment.pool)
        if accepted < bytes.byteCount { senderWaits = true }
        moreFollows = flags.contains(.more)
        if accepted > 0, accepted == bytes.byteCount, !flags.isDisjoint(with: [.endOfRecord, .keepPush]) {
            noteEnd(flags)
        }
        if flags.contains(.urgent), accepted > 0 { snd.up = sendBuffer.end }
        if wasEmpty, accepted > 0 { armUserTimeout(at: environment.now) }
        return accepted
    }

    private mutating func noteEnd(_ flags: SendFlags) {
        let marks = marks ?? SendMarks()
        self.marks = marks
        if flags.contains(.endOfRecord) { marks.addRecord(at: sendBuffer.end) }
        marks.addPush(at: sendBuffer.end)
    }

    /// Text without memory to index what is sent of it could never leave, so that memory comes first, and stays until no text is left.
    private mutating func queue(_ bytes: RawSpan, _ pool: inout BufferPool) -> Int {
        guard bytes.byteCount > 0, recovery.segments.hasMemory || recovery.segments.reserve(pool: &pool) else {
            return 0
        }
        let accepted = sendBuffer.append(bytes, pool: &pool)
        if sendBuffer.isEmpty { recovery.segments.releaseIfEmpty(to: &pool) }
        return accepted
    }
}
