/// The way that packets take through named hosts, as the source route options of IPv4 carry it (RFC 791 §3.1).
public struct SourceRoute: Hashable, Sendable {
    /// The kind of the option, then the hosts, so that a route is one reference.
    private let words: [UInt32]

    /// The most hosts between the ends that the header has room for.
    public static let mostHops = 9

    /// A route.
    ///
    /// - Parameters:
    ///   - hops: the hosts between the ends, from the sender on; 1 to ``mostHops``.
    ///   - isStrict: whether a packet may pass no other host on its way.
    public init(through hops: [IPv4Address], isStrict: Bool = false) {
        precondition((1...Self.mostHops).contains(hops.count), "a source route has 1 to \(Self.mostHops) hops")
        words =
            [UInt32(isStrict ? IPv4OptionKind.strictSourceRoute : IPv4OptionKind.looseSourceRoute)]
            + hops.map(\.rawValue)
    }

    /// The hosts between the ends, from the sender on.
    public var hops: [IPv4Address] { words.dropFirst().map(IPv4Address.init(rawValue:)) }

    /// Whether a packet may pass no other host on its way.
    public var isStrict: Bool { words[0] == UInt32(IPv4OptionKind.strictSourceRoute) }

    /// Bytes of the option with its padding.
    public var optionBytes: Int { words.count * 4 }

    /// Where a packet goes first.
    public var firstHop: IPv4Address { IPv4Address(rawValue: words[1]) }

    /// The way back, for whoever received a packet that came this way (RFC 1122 §3.2.1.8).
    public var reversed: SourceRoute { SourceRoute(through: hops.reversed(), isStrict: isStrict) }
}

/// What the options of a packet say about its way.
public enum ReceivedRoute: Equatable, Sendable {
    /// Nothing.
    case none
    /// It has come to the end of this route.
    case completed(SourceRoute)
    /// It is on its way through us to others, or the option makes no sense.
    case unfinished
}

/// Kinds of options (RFC 791 §3.1) that are more than stepped over.
enum IPv4OptionKind {
    static let endOfList: UInt8 = 0
    static let noOperation: UInt8 = 1
    static let looseSourceRoute: UInt8 = 131
    static let strictSourceRoute: UInt8 = 137
}

extension SourceRoute {
    /// Reads the source route of a packet whose header has been parsed; other options are stepped over (RFC 9293 §3.9.2, MUST-50).
    public static func received(in packet: RawSpan, header: IPv4Header) -> ReceivedRoute {
        guard let option = option(in: packet, headerLength: header.headerLength) else { return .none }
        return read(packet.extracting(option))
    }

    /// Where a packet on its way is to end: the last host of the option, whatever the header says for now. Nil if it has no route or has
    /// passed all of it. The packet is as long as the header at least.
    static func end(of packet: RawSpan, headerLength: Int) -> IPv4Address? {
        guard let option = option(in: packet, headerLength: headerLength), option.count >= 7,
            Int(packet.byte(at: option.lowerBound + 2)) <= option.count
        else { return nil }
        return IPv4Address(rawValue: packet.bigEndianUInt32(at: option.upperBound - 4))
    }

    /// Where the first source route among the options is.
    private static func option(in packet: RawSpan, headerLength: Int) -> Range<Int>? {
        var offset = IPv4Header.minimumLength
        while offset < headerLength {
            let kind = packet.byte(at: offset)
            if kind == IPv4OptionKind.endOfList { return nil }
            guard kind != IPv4OptionKind.noOperation else {
                offset += 1
                continue
            }
            guard offset + 1 < headerLength else { return nil }
            let length = Int(packet.byte(at: offset + 1))
            guard length >= 2, offset + length <= headerLength else { return nil }
            if kind == IPv4OptionKind.looseSourceRoute || kind == IPv4OptionKind.strictSourceRoute {
                return offset..<offset + length
            }
            offset += length
        }
        return nil
    }

    /// Reads one option: kind, length, pointer to the next host counted from one, hosts.
    private static func read(_ option: RawSpan) -> ReceivedRoute {
        let count = (option.byteCount - 3) / 4
        guard option.byteCount >= 7, (option.byteCount - 3) % 4 == 0, count <= mostHops,
            Int(option.byte(at: 2)) > option.byteCount
        else { return .unfinished }
        let hops = (0..<count).map { IPv4Address(rawValue: option.bigEndianUInt32(at: 3 + 4 * $0)) }
        return .completed(SourceRoute(through: hops, isStrict: option.byte(at: 0) == IPv4OptionKind.strictSourceRoute))
    }
}

extension IPv4Header {
    /// Appends the header of a packet that goes by a route to `destination`: it is addressed to the first hop, and the option leads on from
    /// there. `payloadLength` bytes follow, as in `append(to:)`.
    public func append(to output: inout OutputRawSpan, by route: SourceRoute) {
        let hops = route.hops
        var addressed = self
        addressed.destination = route.firstHop
        let ownLength = Self.minimumLength + route.optionBytes
        let length = ownLength + payloadLength
        precondition(length <= Self.maximumTotalLength, "payload length out of range")
        var option: [UInt8] = [
            route.isStrict ? IPv4OptionKind.strictSourceRoute : IPv4OptionKind.looseSourceRoute,
            UInt8(3 + 4 * hops.count), 4,
        ]
        for host in hops.dropFirst() + [destination] {
            for shift in [24, 16, 8, 0] as [UInt32] { option.append(UInt8(truncatingIfNeeded: host.rawValue >> shift)) }
        }
        option += [UInt8](repeating: IPv4OptionKind.endOfList, count: route.optionBytes - option.count)
        var checksum = InternetChecksum()
        addressed.put(length: length, words: UInt32(ownLength / 4), checksum: 0, to: &checksum)
        option.withRawSpan { checksum.add($0) }
        addressed.put(length: length, words: UInt32(ownLength / 4), checksum: checksum.finish(), to: &output)
        option.withRawSpan { output.append(bytes: $0) }
    }
}
