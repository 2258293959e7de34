import TunstackWire

/// How Linux divides what is written into chunks, which decides how much a write(2) takes: a chunk that has been begun is filled, and a new
/// one is begun while the memory of all is below SO_SNDBUF.
struct WriteQueue {
    /// The number of the first byte of the last chunk.
    private(set) var chunkStart: SequenceNumber
    /// One past the last byte written.
    private(set) var end: SequenceNumber
    /// What counts as pushed already, when a long write is pushed on the way.
    private var pushed: SequenceNumber

    init(at start: SequenceNumber = SequenceNumber(0)) {
        chunkStart = start
        end = start
        pushed = start
    }

    /// How many bytes still fit into the last chunk; none if all of it has left.
    func room(sendNext: SequenceNumber, goal: Int) -> Int {
        let first = SequenceNumber.max(chunkStart, sendNext)
        let unsent = end - first
        return unsent > 0 ? max(0, goal - unsent) : 0
    }

    mutating func beginChunk() { chunkStart = end }

    mutating func append(_ count: Int) { end += count }

    /// A long write is pushed whenever half of the largest window has been filled since the last push.
    func isPushed(afterMore count: Int, largestWindow: Int) -> Bool { (end + count) - pushed > largestWindow / 2 }

    mutating func notePush() { pushed = end }
}
