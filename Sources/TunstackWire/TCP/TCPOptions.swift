/// The TCP options that are understood, as values (RFC 9293 §3.2, MUST-4; RFC 2018, RFC 7323).
public struct TCPOptions: Equatable, Sendable {
    /// The largest segment, in bytes of data, that the sender wants to receive; only with SYN (RFC 9293 §3.7.1).
    public var maximumSegmentSize: UInt16?
    /// The shift for the sender's windows, as on the wire; only with SYN. A value above 14 counts as 14 (RFC 7323
    /// §2.3).
    public var windowScale: UInt8?
    /// Whether the sender understands selective acknowledgments; only with SYN (RFC 2018 §2).
    public var sackPermitted: Bool
    /// The timestamps (RFC 7323 §3.2).
    public var timestamps: TCPTimestamps?
    /// The runs of bytes that arrived out of order (RFC 2018 §3).
    public var sackBlocks: SACKBlocks
    /// Whether the parsed bytes had a bad length, at which reading stopped (RFC 9293 MUST-7). Not written.
    public var malformed: Bool

    /// The most bytes of options that a header has room for.
    @inlinable public static var maximumLength: Int { 40 }

    /// Makes options of their values; without arguments, none at all.
    @inlinable
    @inline(__always)
    public init(
        maximumSegmentSize: UInt16? = nil, windowScale: UInt8? = nil, sackPermitted: Bool = false,
        timestamps: TCPTimestamps? = nil, sackBlocks: SACKBlocks = SACKBlocks()
    ) {
        self.maximumSegmentSize = maximumSegmentSize
        self.windowScale = windowScale
        self.sackPermitted = sackPermitted
        self.timestamps = timestamps
        self.sackBlocks = sackBlocks
        self.malformed = false
    }
}

// MARK: - Reading

extension TCPOptions {
    /// Reads the options of a header; any bytes will do.
    ///
    /// Unknown options are stepped over by their length (RFC 9293 MUST-6). A length that is 0 or 1, or leads beyond
    /// the end, ends the reading and sets `malformed`; what came before stands. A known option of the wrong length is
    /// passed over. When an option appears twice the first counts.
    @inlinable
    @inline(__always)
    public init(parsing bytes: RawSpan) {
        self.init()
        // RFC 7323 Appendix A: this layout is on nearly every segment of a connection with timestamps.
        if bytes.byteCount == 12, bytes.bigEndianUInt32(at: 0) == TCPOptionWord.timestampsAlone {
            timestamps = TCPTimestamps(at: 4, in: bytes)
        } else if !bytes.isEmpty {
            parse(bytes)
        }
    }

    @usableFromInline
    mutating func parse(_ bytes: RawSpan) {
        var cursor = TCPOptionCursor()
        while let step = cursor.next(in: bytes) {
            let value = step.offset + 2
            switch (step.kind, step.length) {
            case (TCPOptionKind.maximumSegmentSize, TCPOptionKind.maximumSegmentSizeLength):
                maximumSegmentSize = maximumSegmentSize ?? bytes.bigEndianUInt16(at: value)
            case (TCPOptionKind.windowScale, TCPOptionKind.windowScaleLength):
                windowScale = windowScale ?? bytes.byte(at: value)
            case (TCPOptionKind.sackPermitted, TCPOptionKind.sackPermittedLength):
                sackPermitted = true
            case (TCPOptionKind.timestamps, TCPOptionKind.timestampsLength):
                timestamps = timestamps ?? TCPTimestamps(at: value, in: bytes)
            case (TCPOptionKind.sack, _) where sackBlocks.isEmpty:
                sackBlocks = SACKBlocks(parsing: bytes.extracting(value..<step.offset + step.length))
            default:
                break
            }
        }
        malformed = cursor.isMalformed
    }
}

extension SACKBlocks {
    /// Reads the blocks of a SACK option, the bytes after its length byte; none if the last one is not whole.
    @usableFromInline
    init(parsing bytes: RawSpan) {
        self.init()
        guard bytes.byteCount % TCPOptionKind.sackBlockLength == 0 else { return }
        for offset in stride(from: 0, to: bytes.byteCount, by: TCPOptionKind.sackBlockLength) {
            append(SACKBlock(at: offset, in: bytes))
        }
    }
}

extension SACKBlock {
    /// Reads the two edges from `offset` on.
    @usableFromInline
    init(at offset: Int, in bytes: RawSpan) {
        self.init(
            start: SequenceNumber(bytes.bigEndianUInt32(at: offset)),
            end: SequenceNumber(bytes.bigEndianUInt32(at: offset + 4)))
    }
}

extension TCPTimestamps {
    /// Reads the two numbers from `offset` on.
    @inlinable
    init(at offset: Int, in bytes: RawSpan) {
        self.init(value: bytes.bigEndianUInt32(at: offset), echoReply: bytes.bigEndianUInt32(at: offset + 4))
    }
}

// MARK: - Writing

extension TCPOptions {
    /// How many bytes `append(to:)` writes: a multiple of 4, 0 ... 40.
    @inlinable
    @inline(__always)
    public var encodedLength: Int {
        let length = lengthWithoutBlocks
        if sackBlocks.isEmpty { return length }
        return length + 4 + encodedBlockCount * TCPOptionKind.sackBlockLength
    }

    /// Appends the options in the order that Linux uses, each word aligned by NOPs; there must be room for them.
    ///
    /// MSS; SACK permitted and timestamps in one, each with two NOPs before it when alone; NOP and window scale; two
    /// NOPs and SACK with as many blocks as still fit into 40 bytes.
    @inlinable
    public func append(to output: inout OutputRawSpan) {
        put(to: &output)
    }

    /// Puts the options as they are written.
    @inlinable
    @inline(__always)
    func put<Sink: WordSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        if let size = maximumSegmentSize { sink.put(TCPOptionWord.maximumSegmentSize | UInt32(size)) }
        if let timestamps {
            sink.put(sackPermitted ? TCPOptionWord.sackPermittedAndTimestamps : TCPOptionWord.timestampsAlone)
            sink.put(timestamps.value)
            sink.put(timestamps.echoReply)
        } else if sackPermitted {
            sink.put(TCPOptionWord.sackPermittedAlone)
        }
        if let scale = windowScale { sink.put(TCPOptionWord.windowScale | UInt32(scale)) }
        guard !sackBlocks.isEmpty else { return }
        let count = encodedBlockCount
        let length = TCPOptionKind.sackHeadLength + count * TCPOptionKind.sackBlockLength
        sink.put(TCPOptionWord.sack | UInt32(truncatingIfNeeded: length))
        for index in 0..<count {
            sink.put(sackBlocks[index].start.rawValue)
            sink.put(sackBlocks[index].end.rawValue)
        }
    }

    /// The length of all options but SACK as they are written.
    @inlinable
    @inline(__always)
    var lengthWithoutBlocks: Int {
        let length = (maximumSegmentSize == nil ? 0 : 4) + (windowScale == nil ? 0 : 4)
        return length + (timestamps != nil ? 12 : sackPermitted ? 4 : 0)
    }

    /// How many of the blocks fit behind the other options: two at least.
    @inlinable
    @inline(__always)
    var encodedBlockCount: Int {
        let room = Self.maximumLength - lengthWithoutBlocks - 4
        return min(sackBlocks.count, room / TCPOptionKind.sackBlockLength)
    }
}

/// The first words of options as they are written, with the NOPs that fill them up.
@usableFromInline
enum TCPOptionWord {
    /// Two NOPs, then the kind and length of timestamps (RFC 7323 Appendix A).
    @inlinable static var timestampsAlone: UInt32 { 0x0101_080A }
    /// SACK permitted in the place of the two NOPs.
    @inlinable static var sackPermittedAndTimestamps: UInt32 { 0x0402_080A }
    /// Two NOPs, then SACK permitted.
    @inlinable static var sackPermittedAlone: UInt32 { 0x0101_0402 }
    /// The kind and length of MSS; its value goes into the lower half.
    @inlinable static var maximumSegmentSize: UInt32 { 0x0204_0000 }
    /// A NOP, then the kind and length of window scale; its value goes into the lowest byte.
    @inlinable static var windowScale: UInt32 { 0x0103_0300 }
    /// Two NOPs, then the kind of SACK; its length goes into the lowest byte.
    @inlinable static var sack: UInt32 { 0x0101_0500 }
}
