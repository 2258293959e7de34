/// An IPv4 header as a value (RFC 791 §3.1).
public struct IPv4Header: Equatable, Sendable {
    /// The differentiated services code point, 6 bits (RFC 2474 §3).
    public var dscp: UInt8
    /// Explicit congestion notification, 2 bits: one of `ECNCodepoint` (RFC 3168 §5).
    public var ecn: UInt8
    /// What the fragments of one packet have in common. Nothing where there can be none (RFC 6864 §4.1; RFC 9293 MAY-4).
    public var identification: UInt16
    /// Whether routers must not fragment the packet.
    public var dontFragment: Bool
    /// Whether more fragments of the packet come after this one.
    public var moreFragments: Bool
    /// Where this fragment's payload belongs in the whole, in bytes: a multiple of 8, 0 ... 65528.
    public var fragmentOffset: Int
    /// How many more hops the packet may take.
    public var timeToLive: UInt8
    /// What the payload is.
    public var protocolNumber: IPProtocol
    /// The sender.
    public var source: IPv4Address
    /// The receiver.
    public var destination: IPv4Address
    /// The header's length in bytes with its options, 20 ... 60. `append(to:)` writes no options.
    public var headerLength: Int
    /// The length of header and payload in bytes, `headerLength` ... 65535.
    public var totalLength: Int

    /// The length in bytes of a header without options.
    @inlinable public static var minimumLength: Int { 20 }
    /// The most bytes that the total length field can speak of.
    @inlinable public static var maximumTotalLength: Int { 0xFFFF }

    /// Makes a header without options.
    ///
    /// - Parameter payloadLength: Bytes after the header, 0 ... 65515.
    @inlinable
    public init(
        source: IPv4Address, destination: IPv4Address, protocolNumber: IPProtocol, payloadLength: Int,
        timeToLive: UInt8 = 64, dscp: UInt8 = 0, ecn: UInt8 = 0, identification: UInt16 = 0, dontFragment: Bool = true
    ) {
        self.dscp = dscp
        self.ecn = ecn
        self.identification = identification
        self.dontFragment = dontFragment
        self.moreFragments = false
        self.fragmentOffset = 0
        self.timeToLive = timeToLive
        self.protocolNumber = protocolNumber
        self.source = source
        self.destination = destination
        self.headerLength = Self.minimumLength
        self.totalLength = Self.minimumLength + payloadLength
    }

    /// Whether this is a part of a packet and not the whole.
    @inlinable
    public var isFragment: Bool { moreFragments || fragmentOffset > 0 }

    /// The length of the payload in bytes.
    @inlinable
    public var payloadLength: Int { totalLength - headerLength }
}

// MARK: - Bytes

extension IPv4Header {
    /// Reads the header at the front of a packet.
    ///
    /// The lengths are checked here, once: afterwards `headerLength ..< totalLength` is within `packet`. Bytes after
    /// the total length are padding. Options are stepped over unread; `SourceRoute.received` looks
    /// for the one that is more than that.
    ///
    /// - Throws: `truncated` if the header or the packet by its total length has more bytes than there are,
    ///   `badVersion`, `badHeaderLength`, `badTotalLength` if it is below the header's, or `badChecksum`.
    @inlinable
    public init(parsing packet: RawSpan) throws(WireError) {
        try self.init(parsing: packet, packetLength: packet.byteCount)
    }

    /// Reads the header of a packet of which only the first bytes are at hand; the header must be among them.
    ///
    /// - Parameter packetLength: The bytes of the whole packet, no fewer than those at hand.
    /// - Throws: As `init(parsing:)`.
    @inlinable
    public init(parsing packet: RawSpan, packetLength: Int) throws(WireError) {
        try self.init(trusting: packet, packetLength: packetLength)
        var checksum = InternetChecksum()
        for offset in stride(from: 0, to: headerLength, by: 4) { checksum.put(packet.bigEndianUInt32(at: offset)) }
        guard checksum.isValid else { throw .badChecksum }
    }

    /// Reads a header as `init(parsing:)` does, but without a look at its checksum.
    @inlinable
    init(trusting packet: RawSpan) throws(WireError) {
        try self.init(trusting: packet, packetLength: packet.byteCount)
    }

    @inlinable
    init(trusting packet: RawSpan, packetLength: Int) throws(WireError) {
        guard packet.byteCount >= Self.minimumLength else { throw .truncated }
        let first = packet.bigEndianUInt32(at: IPv4Field.versionAndLengths)
        guard first >> 28 == 4 else { throw .badVersion }
        headerLength = Int(first >> 24 & 0xF) * 4
        totalLength = Int(first & 0xFFFF)
        guard headerLength >= Self.minimumLength else { throw .badHeaderLength }
        guard packet.byteCount >= headerLength else { throw .truncated }
        guard totalLength >= headerLength else { throw .badTotalLength }
        guard packetLength >= totalLength else { throw .truncated }

        dscp = UInt8(truncatingIfNeeded: first >> 18) & 0x3F
        ecn = UInt8(truncatingIfNeeded: first >> 16) & 0x3
        identification = packet.bigEndianUInt16(at: IPv4Field.identification)
        let fragment = packet.bigEndianUInt16(at: IPv4Field.flagsAndFragmentOffset)
        dontFragment = fragment & IPv4Field.dontFragment != 0
        moreFragments = fragment & IPv4Field.moreFragments != 0
        fragmentOffset = Int(fragment & IPv4Field.fragmentOffsetMask) * 8
        timeToLive = packet.byte(at: IPv4Field.timeToLive)
        protocolNumber = IPProtocol(rawValue: packet.byte(at: IPv4Field.protocolNumber))
        source = IPv4Address(rawValue: packet.bigEndianUInt32(at: IPv4Field.source))
        destination = IPv4Address(rawValue: packet.bigEndianUInt32(at: IPv4Field.destination))
    }

    /// Appends 20 bytes, the header without options and with its checksum; there must be room for them.
    ///
    /// The values must be within their ranges: `payloadLength` 0 ... 65515, the others as documented at each.
    @inlinable
    public func append(to output: inout OutputRawSpan) {
        let length = Self.minimumLength + payloadLength
        precondition((Self.minimumLength...Self.maximumTotalLength).contains(length), "payload length out of range")
        precondition(dscp <= 0x3F && ecn <= 0x3, "DSCP has 6 bits and ECN has 2")
        precondition(
            fragmentOffset & 7 == 0 && (0...0xFFFF).contains(fragmentOffset), "fragment offset out of range")
        var checksum = InternetChecksum()
        put(length: length, checksum: 0, to: &checksum)
        put(length: length, checksum: checksum.finish(), to: &output)
    }

    /// Puts the header as it is written, without the options that make it longer than five words.
    @inlinable
    @inline(__always)
    func put<Sink: WordSink & ~Copyable & ~Escapable>(
        length: Int, words: UInt32 = 5, checksum: UInt16, to sink: inout Sink
    ) {
        let fragment =
            (dontFragment ? IPv4Field.dontFragment : 0) | (moreFragments ? IPv4Field.moreFragments : 0)
            | UInt16(truncatingIfNeeded: fragmentOffset >> 3)
        sink.put(
            0x4000_0000 | words << 24 | UInt32(dscp) << 18 | UInt32(ecn) << 16 | UInt32(truncatingIfNeeded: length))
        sink.put(UInt32(identification) << 16 | UInt32(fragment))
        sink.put(UInt32(timeToLive) << 24 | UInt32(protocolNumber.rawValue) << 16 | UInt32(checksum))
        sink.put(source.rawValue)
        sink.put(destination.rawValue)
    }
}

/// Where the fields of an IPv4 header are, in bytes from its front (RFC 791 §3.1, Figure 4), and the bits in them.
@usableFromInline
enum IPv4Field {
    @inlinable static var versionAndLengths: Int { 0 }
    @inlinable static var identification: Int { 4 }
    @inlinable static var flagsAndFragmentOffset: Int { 6 }
    @inlinable static var timeToLive: Int { 8 }
    @inlinable static var protocolNumber: Int { 9 }
    @inlinable static var source: Int { 12 }
    @inlinable static var destination: Int { 16 }

    @inlinable static var dontFragment: UInt16 { 0x4000 }
    @inlinable static var moreFragments: UInt16 { 0x2000 }
    @inlinable static var fragmentOffsetMask: UInt16 { 0x1FFF }
}
