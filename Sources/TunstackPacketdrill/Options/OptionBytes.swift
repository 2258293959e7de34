import Glibc
import TunstackCore

/// The value of a socket option as the program gives it, or wants it.
@safe struct OptionBytes {
    let pointer: UnsafeRawPointer?
    let count: Int

    init(_ pointer: UnsafeRawPointer?, count: Int) {
        unsafe self.pointer = unsafe pointer
        self.count = count
    }

    /// All bytes.
    func bytes() throws(Errno) -> [UInt8] {
        guard let pointer = unsafe pointer else { throw Errno(EFAULT) }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: pointer, count: max(0, count)))
    }

    /// An `int`; options of level IP may be a single byte.
    func number(orByte: Bool = false) throws(Errno) -> Int32 {
        guard let pointer = unsafe pointer else { throw Errno(EFAULT) }
        if count >= 4 { return unsafe pointer.loadUnaligned(as: Int32.self) }
        guard orByte, count >= 1 else { throw Errno(EINVAL) }
        return unsafe Int32(pointer.load(as: UInt8.self))
    }

    /// Two `int`s, as in `struct linger`.
    func pair() throws(Errno) -> (Int32, Int32) {
        guard let pointer = unsafe pointer else { throw Errno(EFAULT) }
        guard count >= 8 else { throw Errno(EINVAL) }
        return unsafe (
            pointer.loadUnaligned(as: Int32.self), pointer.loadUnaligned(fromByteOffset: 4, as: Int32.self)
        )
    }

    /// A `struct timeval`; no time at all stands for no limit.
    func timeout() throws(Errno) -> Interval? {
        guard let pointer = unsafe pointer else { throw Errno(EFAULT) }
        guard count >= 16 else { throw Errno(EINVAL) }
        let seconds = unsafe pointer.loadUnaligned(as: Int64.self)
        let microseconds = unsafe pointer.loadUnaligned(fromByteOffset: 8, as: Int64.self)
        guard (0..<1_000_000).contains(microseconds) else { throw Errno(EDOM) }
        let interval = Interval.seconds(max(0, seconds)) + .microseconds(microseconds)
        return interval == .zero ? nil : interval
    }
}

/// The bytes of a structure that an option tells, filled field by field.
struct OptionRecord {
    private(set) var bytes: [UInt8]

    init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

    /// An `int`.
    init(_ number: Int32) {
        self.init(count: 4)
        put(number, at: 0)
    }

    /// Puts a number at an offset, in host order.
    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        for byte in 0..<value.bitWidth / 8 {
            bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
        }
    }
}
