// The one place where bytes are read and written without regard to alignment. Everything else in this module goes
// through these functions, so every unsafe access of the module is in this file. The standard library's loads check
// their bounds even in release builds; where a copy or a store does not, the check stands here.

extension RawSpan {
    /// The byte at `offset`, which must be within the span.
    @inlinable
    public func byte(at offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The two bytes from `offset` on, most significant first; both must be within the span.
    @inlinable
    public func bigEndianUInt16(at offset: Int) -> UInt16 {
        unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The four bytes from `offset` on, most significant first; all must be within the span.
    @inlinable
    public func bigEndianUInt32(at offset: Int) -> UInt32 {
        unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The bytes of a `Value` from `offset` on, in memory order and whatever their alignment; all must be within the
    /// span.
    @inlinable
    func native<Value: BitwiseCopyable>(at offset: Int, as type: Value.Type) -> Value {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: type)
    }
}

extension OutputRawSpan {
    /// Appends two bytes, most significant first; there must be room for them.
    @inlinable
    public mutating func appendBigEndian(_ value: UInt16) {
        unsafe append(unsafeBitCast(value.bigEndian, to: TwoBytes.self), as: TwoBytes.self)
    }

    /// Appends four bytes, most significant first; there must be room for them.
    @inlinable
    public mutating func appendBigEndian(_ value: UInt32) {
        unsafe append(unsafeBitCast(value.bigEndian, to: FourBytes.self), as: FourBytes.self)
    }

    /// Appends a copy of `source`; there must be room for it.
    @inlinable
    public mutating func append(bytes source: RawSpan) {
        precondition(source.byteCount <= freeCapacity, "no room left in the output")
        unsafe withUnsafeMutableBytes { output, count in
            unsafe source.withUnsafeBytes { input in
                unsafe UnsafeMutableRawBufferPointer(rebasing: output[count...]).copyMemory(from: input)
            }
            count &+= source.byteCount
        }
    }

    /// Appends `count` zero bytes, 0 or more; there must be room for them.
    @inlinable
    public mutating func appendZeros(count: Int) {
        precondition(count >= 0, "a count of bytes is never negative")
        unsafe append(repeating: 0, count: count, as: UInt8.self)
    }
}

/// Numbers as bytes: the standard library appends a value only where it is aligned, and bytes are so anywhere.
@usableFromInline typealias TwoBytes = (UInt8, UInt8)
@usableFromInline typealias FourBytes = (UInt8, UInt8, UInt8, UInt8)
