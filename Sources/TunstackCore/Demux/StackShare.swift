import TunstackWire

/// Which connections are whose, where several stacks answer at one address: a keyed hash of the four-tuple says it for each, from
/// its first packet to its last.
///
/// Nothing is looked up and nothing is shared, so the stacks can run on threads of their own. A packet that one of them gets and
/// another one owns has to be handed over; whoever drives the stacks does that, before ``Stack/receive(_:checksum:at:)``. The key keeps
/// peers from choosing tuples that all fall to one stack.
public struct StackShare: Sendable {
    /// Which of the stacks this one is, from 0.
    public let index: Int
    /// How many there are.
    public let count: Int

    private let key: SipHash.Key

    /// The shares of `count` stacks, at least one, in the order of their indexes.
    public static func shares(count: Int, random: inout some RandomNumberGenerator) -> [StackShare] {
        precondition(count > 0, "no stack to share anything")
        let key = SipHash.Key(from: &random)
        return (0..<count).map { StackShare(index: $0, count: count, key: key) }
    }

    /// Which stack a packet is for: the owner of the connection that a TCP segment, or an ICMP error about one, belongs to.
    /// Everything else, and what is too short to tell, is this stack's own.
    public func owner(of packet: RawSpan) -> Int {
        guard packet.byteCount >= IPv4Header.minimumLength, packet.byte(at: 0) >> 4 == 4 else { return index }
        let headerLength = Int(packet.byte(at: 0) & 0xF) * 4
        let payload = packet.extracting(droppingFirst: headerLength)
        switch IPProtocol(rawValue: packet.byte(at: 9)) {
        case .tcp:
            guard payload.byteCount >= 4 else { return index }
            return owner(
                of: ConnectionKey(
                    local: Endpoint(
                        IPv4Address(rawValue: packet.bigEndianUInt32(at: 16)), Port(payload.bigEndianUInt16(at: 2))),
                    remote: Endpoint(
                        IPv4Address(rawValue: packet.bigEndianUInt32(at: 12)), Port(payload.bigEndianUInt16(at: 0)))))
        case .icmp:
            do throws(WireError) {
                let quoted = try QuotedTCPPacket(parsing: payload.extracting(droppingFirst: ICMPv4Message.headerLength))
                return owner(of: ConnectionKey(local: quoted.source, remote: quoted.destination))
            } catch {
                // An echo request, or an error about something else.
                return index
            }
        default: return index
        }
    }

    /// Which stack owns a connection.
    public func owner(of connection: ConnectionKey) -> Int {
        let hash = connection.hash(key: key)
        return Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(count)) >> 32)
    }

    /// Whether this stack does.
    func owns(_ connection: ConnectionKey) -> Bool { owner(of: connection) == index }
}
