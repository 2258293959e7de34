/// The kinds of TCP options that are understood here, and what their length bytes must say (RFC 9293 §3.2, RFC 2018 §2
/// and §3, RFC 7323 §2.2 and §3.2).
@usableFromInline
enum TCPOptionKind {
    @inlinable static var endOfList: UInt8 { 0 }
    @inlinable static var noOperation: UInt8 { 1 }
    @inlinable static var maximumSegmentSize: UInt8 { 2 }
    @inlinable static var windowScale: UInt8 { 3 }
    @inlinable static var sackPermitted: UInt8 { 4 }
    @inlinable static var sack: UInt8 { 5 }
    @inlinable static var timestamps: UInt8 { 8 }

    @inlinable static var maximumSegmentSizeLength: Int { 4 }
    @inlinable static var windowScaleLength: Int { 3 }
    @inlinable static var sackPermittedLength: Int { 2 }
    @inlinable static var sackHeadLength: Int { 2 }
    @inlinable static var sackBlockLength: Int { 8 }
    @inlinable static var timestampsLength: Int { 10 }
}

/// Steps through the options of a header, byte by byte and without heed to alignment (RFC 9293 MUST-64).
///
/// The one place that trusts or distrusts a length byte: whoever gets an option from here may read all of its bytes.
@usableFromInline
struct TCPOptionCursor: Sendable {
    /// Where the next option begins.
    @usableFromInline
    var offset = 0
    /// Whether a length byte was missing, below 2, or led beyond the end (RFC 9293 MUST-7).
    @usableFromInline
    var isMalformed = false
    /// Whether an End of Option List was met; what follows is padding.
    @usableFromInline
    var isAtEnd = false

    @inlinable
    init() {}

    /// An option's place: its length counts the kind and length bytes.
    @usableFromInline
    struct Step {
        @usableFromInline
        var kind: UInt8
        @usableFromInline
        var offset: Int
        @usableFromInline
        var length: Int

        @inlinable
        init(kind: UInt8, offset: Int, length: Int) {
            self.kind = kind
            self.offset = offset
            self.length = length
        }
    }

    /// The next option, which is wholly within `bytes`; `nil` after the list's end or at a bad length.
    @inlinable
    mutating func next(in bytes: RawSpan) -> Step? {
        guard !isAtEnd, !isMalformed, offset < bytes.byteCount else { return nil }
        let kind = bytes.byte(at: offset)
        var length = 1
        if kind == TCPOptionKind.endOfList {
            isAtEnd = true
        } else if kind != TCPOptionKind.noOperation {
            // RFC 9293 MUST-68: every other kind, known or not, has a length byte.
            let remaining = bytes.byteCount - offset
            length = remaining >= 2 ? Int(bytes.byte(at: offset + 1)) : 0
            guard length >= 2, length <= remaining else {
                isMalformed = true
                return nil
            }
        }
        defer { offset += length }
        return Step(kind: kind, offset: offset, length: length)
    }
}
