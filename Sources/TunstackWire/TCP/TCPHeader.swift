/// A TCP header as a value (RFC 9293 §3.1). Any segment may have options (MUST-5).
public struct TCPHeader: Equatable, Sendable {
    /// The sender's port.
    public var sourcePort: Port
    /// The receiver's port.
    public var destinationPort: Port
    /// The position of the first byte of data; of the SYN itself when that flag is set.
    public var sequenceNumber: SequenceNumber
    /// The next position that the sender expects; counts only with ACK.
    public var acknowledgmentNumber: SequenceNumber
    /// The control bits.
    public var flags: TCPFlags
    /// The window as on the wire, unscaled and unsigned (RFC 9293 MUST-1).
    public var window: UInt16
    /// How far from the sequence number the first byte after the urgent data is; counts only with URG (MUST-62).
    public var urgentPointer: UInt16
    /// The options.
    public var options: TCPOptions {
        didSet { storedHeaderLength = Self.minimumLength + options.encodedLength }
    }
    @usableFromInline
    var storedHeaderLength: Int

    /// The length in bytes of a header without options.
    @inlinable public static var minimumLength: Int { 20 }
    /// The length in bytes of a header with as many options as it can have.
    @inlinable public static var maximumLength: Int { 60 }

    /// The length of header and options in bytes, 20 ... 60: as parsed, or what `append(to:checksum:)` will write.
    ///
    /// The two differ when the parsed options held unknown ones or other padding; a change of `options` ends that.
    @inlinable
    public var headerLength: Int { storedHeaderLength }

    /// Makes a header of its fields.
    @inlinable
    @inline(__always)
    public init(
        sourcePort: Port, destinationPort: Port, sequenceNumber: SequenceNumber,
        acknowledgmentNumber: SequenceNumber = SequenceNumber(0), flags: TCPFlags, window: UInt16,
        urgentPointer: UInt16 = 0, options: TCPOptions = TCPOptions()
    ) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.sequenceNumber = sequenceNumber
        self.acknowledgmentNumber = acknowledgmentNumber
        self.flags = flags
        self.window = window
        self.urgentPointer = urgentPointer
        self.options = options
        self.storedHeaderLength = Self.minimumLength + options.encodedLength
    }

    /// Reads the header at the front of a segment, without a look at its checksum.
    ///
    /// The length is checked here, once: afterwards `headerLength` is within `segment`, and the data follows it.
    ///
    /// - Throws: `truncated` if there are fewer bytes than a header, or than its data offset says; `badHeaderLength` if
    ///   that is below 20 bytes.
    @inlinable
    public init(parsing segment: RawSpan) throws(WireError) {
        guard segment.byteCount >= Self.minimumLength else { throw .truncated }
        let control = segment.bigEndianUInt32(at: TCPField.offsetFlagsAndWindow)
        let length = Int(control >> 28) * 4
        guard length >= Self.minimumLength else { throw .badHeaderLength }
        guard segment.byteCount >= length else { throw .truncated }

        let ports = segment.bigEndianUInt32(at: TCPField.ports)
        sourcePort = Port(UInt16(truncatingIfNeeded: ports >> 16))
        destinationPort = Port(UInt16(truncatingIfNeeded: ports))
        sequenceNumber = SequenceNumber(segment.bigEndianUInt32(at: TCPField.sequenceNumber))
        acknowledgmentNumber = SequenceNumber(segment.bigEndianUInt32(at: TCPField.acknowledgmentNumber))
        flags = TCPFlags(rawValue: UInt16(truncatingIfNeeded: control >> 16)).intersection(.assigned)
        window = UInt16(truncatingIfNeeded: control)
        urgentPointer = segment.bigEndianUInt16(at: TCPField.urgentPointer)
        options = TCPOptions(parsing: segment.extracting(Self.minimumLength..<length))
        storedHeaderLength = length
    }

    /// Appends header and options; there must be room for `TCPHeader.minimumLength + options.encodedLength` bytes.
    ///
    /// - Parameter checksum: What to write into the checksum field, usually the result of
    ///   `checksum(source:destination:payloadChecksum:payloadLength:)`.
    @inlinable
    public func append(to output: inout OutputRawSpan, checksum: UInt16) {
        put(length: Self.minimumLength + options.encodedLength, checksum: checksum, to: &output)
    }
}

// MARK: - Checksum (RFC 9293 §3.1)

extension TCPHeader {
    /// The checksum of this header, as `append(to:checksum:)` writes it, and its payload.
    ///
    /// - Parameters:
    ///   - source: The packet's source address.
    ///   - destination: The packet's destination address.
    ///   - payloadChecksum: The sum over the payload alone.
    ///   - payloadLength: The payload's length in bytes; with the header at most 65535.
    @inlinable
    public func checksum(
        source: IPv4Address, destination: IPv4Address, payloadChecksum: InternetChecksum, payloadLength: Int
    ) -> UInt16 {
        let length = Self.minimumLength + options.encodedLength
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(
            source: source, destination: destination, protocolNumber: IPProtocol.tcp.rawValue,
            length: length + payloadLength)
        put(length: length, checksum: 0, to: &checksum)
        checksum.add(payloadChecksum)
        return checksum.finish()
    }

    /// What the checksum field holds when somebody else is to go on with it: the sum over the pseudo-header, not complemented.
    ///
    /// - Parameter segmentLength: The bytes of header and data; 0 ... 65535.
    @inlinable
    public static func pseudoHeaderSum(
        source: IPv4Address, destination: IPv4Address, segmentLength: Int
    ) -> UInt16 {
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(
            source: source, destination: destination, protocolNumber: IPProtocol.tcp.rawValue, length: segmentLength)
        return ~checksum.finish()
    }

    /// Whether the checksum of a segment, header and data and nothing after them, matches its bytes and addresses.
    ///
    /// A segment of more than 65535 bytes has no valid checksum.
    @inlinable
    public static func verifyChecksum(_ segment: RawSpan, source: IPv4Address, destination: IPv4Address) -> Bool {
        guard segment.byteCount <= 0xFFFF else { return false }
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(
            source: source, destination: destination, protocolNumber: IPProtocol.tcp.rawValue,
            length: segment.byteCount)
        checksum.add(segment)
        return checksum.isValid
    }

    /// Puts the header as it is written: the three reserved bits are zero.
    @inlinable
    @inline(__always)
    func put<Sink: WordSink & ~Copyable & ~Escapable>(length: Int, checksum: UInt16, to sink: inout Sink) {
        let offset = UInt32(truncatingIfNeeded: length / 4)
        sink.put(UInt32(sourcePort.rawValue) << 16 | UInt32(destinationPort.rawValue))
        sink.put(sequenceNumber.rawValue)
        sink.put(acknowledgmentNumber.rawValue)
        sink.put(offset << 28 | UInt32(flags.intersection(.assigned).rawValue) << 16 | UInt32(window))
        sink.put(UInt32(checksum) << 16 | UInt32(urgentPointer))
        options.put(to: &sink)
    }
}

/// Where the fields of a TCP header are, in bytes from its front (RFC 9293 §3.1, Figure 1).
@usableFromInline
enum TCPField {
    @inlinable static var ports: Int { 0 }
    @inlinable static var sequenceNumber: Int { 4 }
    @inlinable static var acknowledgmentNumber: Int { 8 }
    @inlinable static var offsetFlagsAndWindow: Int { 12 }
    @inlinable static var urgentPointer: Int { 18 }
}
