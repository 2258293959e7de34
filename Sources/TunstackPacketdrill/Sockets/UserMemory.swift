import Glibc
import TunstackCore

/// The program's memory that a call reads or fills: one buffer or several.
@safe struct UserMemory {
    private var pieces: [UnsafeMutableRawBufferPointer]
    /// All bytes together.
    private(set) var count = 0
    /// A buffer that is not empty is nowhere.
    private(set) var isBad = false

    /// One buffer.
    init(_ base: UnsafeMutableRawPointer?, count: Int) {
        unsafe pieces = []
        unsafe add(base, count)
    }

    /// One buffer that is only read.
    init(reading base: UnsafeRawPointer?, count: Int) {
        unsafe pieces = []
        unsafe add(base.map { unsafe UnsafeMutableRawPointer(mutating: $0) }, count)
    }

    /// The buffers of an array of `iovec`.
    init(vectors: UnsafePointer<iovec>?, count: Int) {
        unsafe pieces = []
        guard let vectors = unsafe vectors else {
            isBad = count > 0
            return
        }
        for index in 0..<max(0, count) {
            let vector = unsafe vectors[index]
            unsafe add(vector.iov_base, vector.iov_len)
        }
    }

    private mutating func add(_ base: UnsafeMutableRawPointer?, _ length: Int) {
        guard length > 0 else { return }
        guard let base = unsafe base else {
            isBad = true
            count += length
            return
        }
        unsafe pieces.append(UnsafeMutableRawBufferPointer(start: base, count: length))
        count += length
    }

    /// Reads the bytes from `offset` on, at most `limit`, piece by piece, until `body` takes fewer than it is given. How many it took.
    func read<Failure: Error>(
        from offset: Int, limit: Int, _ body: (RawSpan) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        var skipped = offset
        var taken = 0
        for index in unsafe pieces.indices where taken < limit {
            let piece = unsafe pieces[index]
            guard skipped < piece.count else {
                skipped -= piece.count
                continue
            }
            let length = min(piece.count - skipped, limit - taken)
            guard let base = piece.baseAddress else { continue }
            let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base + skipped), byteCount: length)
            let used = try body(span)
            taken += used
            skipped = 0
            if used < length { break }
        }
        return taken
    }

    /// Fills the bytes from `offset` on, piece by piece, until `body` leaves room. How many it filled.
    func fill<Failure: Error>(
        from offset: Int, _ body: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var skipped = offset
        var filled = 0
        for index in unsafe pieces.indices {
            let piece = unsafe pieces[index]
            guard skipped < piece.count else {
                skipped -= piece.count
                continue
            }
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: piece[skipped...])
            skipped = 0
            var output = unsafe OutputRawSpan(buffer: rest, initializedCount: 0)
            try body(&output)
            filled += output.byteCount
            if output.freeCapacity > 0 { break }
        }
        return filled
    }
}
