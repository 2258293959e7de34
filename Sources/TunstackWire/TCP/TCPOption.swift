/// One option of a TCP header, for whoever wants them in the order of the wire (RFC 9293 §3.2, RFC 2018, RFC 7323).
public enum TCPOption: Equatable, Sendable {
    /// The list ends; what follows is padding.
    case endOfList
    /// A filler of one byte.
    case noOperation
    /// The largest segment that the sender wants, in bytes of data.
    case maximumSegmentSize(UInt16)
    /// The shift for the sender's windows.
    case windowScale(UInt8)
    /// Selective acknowledgments are understood.
    case sackPermitted
    /// What arrived out of order.
    case sack([SACKBlock])
    /// The timestamps.
    case timestamps(TCPTimestamps)
    /// An option of another kind, or of a known kind and the wrong length. The length counts the whole option, 2 ...
    /// 255.
    case unknown(kind: UInt8, length: Int)
}

/// The options of a header in the order of the wire, up to the first bad length; for descriptions and tests.
public struct TCPOptionSequence: Sequence, Sendable {
    /// The bytes between the header's first 20 and the data.
    public let bytes: [UInt8]

    /// Makes a sequence of a header's option bytes; any bytes will do.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Makes the bytes for a list of options, up to its first End of Option List and padded to a multiple of 4.
    ///
    /// The padding is an End of Option List, if the list has none, and zeros (RFC 9293 MUST-69). An unknown option has
    /// 2 to 255 bytes, its value all zeros, and SACK has 31 blocks at most; a header has room for less.
    public init(_ options: [TCPOption]) {
        var bytes: [UInt8] = []
        for option in options {
            option.append(to: &bytes)
            if option == .endOfList { break }
        }
        while !bytes.count.isMultiple(of: 4) { bytes.append(TCPOptionKind.endOfList) }
        self.init(bytes: bytes)
    }

    /// Starts at the first option.
    public func makeIterator() -> Iterator { Iterator(bytes: bytes) }

    /// Steps from option to option.
    public struct Iterator: IteratorProtocol, Sendable {
        let bytes: [UInt8]
        var cursor = TCPOptionCursor()

        /// The next option; `nil` after the end of the list or at a bad length.
        public mutating func next() -> TCPOption? {
            bytes.withRawSpan { bytes in
                cursor.next(in: bytes).map { step in TCPOption(step, in: bytes) }
            }
        }
    }
}

extension TCPOption {
    /// Reads the option to which a cursor came.
    init(_ step: TCPOptionCursor.Step, in bytes: RawSpan) {
        let value = step.offset + 2
        switch (step.kind, step.length) {
        case (TCPOptionKind.endOfList, _):
            self = .endOfList
        case (TCPOptionKind.noOperation, _):
            self = .noOperation
        case (TCPOptionKind.maximumSegmentSize, TCPOptionKind.maximumSegmentSizeLength):
            self = .maximumSegmentSize(bytes.bigEndianUInt16(at: value))
        case (TCPOptionKind.windowScale, TCPOptionKind.windowScaleLength):
            self = .windowScale(bytes.byte(at: value))
        case (TCPOptionKind.sackPermitted, TCPOptionKind.sackPermittedLength):
            self = .sackPermitted
        case (TCPOptionKind.timestamps, TCPOptionKind.timestampsLength):
            self = .timestamps(TCPTimestamps(at: value, in: bytes))
        case (TCPOptionKind.sack, let length) where (length - 2) % TCPOptionKind.sackBlockLength == 0:
            var blocks: [SACKBlock] = []
            for offset in stride(from: value, to: step.offset + length, by: TCPOptionKind.sackBlockLength) {
                blocks.append(SACKBlock(at: offset, in: bytes))
            }
            self = .sack(blocks)
        case (let kind, let length):
            self = .unknown(kind: kind, length: length)
        }
    }

    /// Appends the option's bytes.
    fileprivate func append(to bytes: inout [UInt8]) {
        switch self {
        case .endOfList:
            bytes.append(TCPOptionKind.endOfList)
        case .noOperation:
            bytes.append(TCPOptionKind.noOperation)
        case .maximumSegmentSize(let size):
            bytes += [TCPOptionKind.maximumSegmentSize, UInt8(TCPOptionKind.maximumSegmentSizeLength)]
            bytes.appendBigEndian(size)
        case .windowScale(let shift):
            bytes += [TCPOptionKind.windowScale, UInt8(TCPOptionKind.windowScaleLength), shift]
        case .sackPermitted:
            bytes += [TCPOptionKind.sackPermitted, UInt8(TCPOptionKind.sackPermittedLength)]
        case .sack(let blocks):
            let length = TCPOptionKind.sackHeadLength + blocks.count * TCPOptionKind.sackBlockLength
            bytes += [TCPOptionKind.sack, UInt8(length)]
            for block in blocks {
                bytes.appendBigEndian(block.start.rawValue)
                bytes.appendBigEndian(block.end.rawValue)
            }
        case .timestamps(let pair):
            bytes += [TCPOptionKind.timestamps, UInt8(TCPOptionKind.timestampsLength)]
            bytes.appendBigEndian(pair.value)
            bytes.appendBigEndian(pair.echoReply)
        case .unknown(let kind, let length):
            precondition((2...255).contains(length), "an option has 2 to 255 bytes")
            bytes += [kind, UInt8(length)] + repeatElement(0, count: length - 2)
        }
    }
}
