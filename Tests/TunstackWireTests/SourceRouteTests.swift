import Testing
import TunstackWire

@Suite("Source routes (RFC 791 §3.1)")
struct SourceRouteTests {
    private static let sender = IPv4Address(10, 0, 0, 1)
    private static let receiver = IPv4Address(10, 0, 0, 2)

    /// A packet without payload that goes by a route.
    private static func packet(by route: SourceRoute) -> [UInt8] {
        let header = IPv4Header(source: sender, destination: receiver, protocolNumber: .tcp, payloadLength: 0)
        return [UInt8](rawCapacity: 60) { header.append(to: &$0, by: route) }
    }

    private static func received(_ packet: [UInt8]) throws -> ReceivedRoute {
        try packet.withRawSpan { span throws(WireError) in
            SourceRoute.received(in: span, header: try IPv4Header(parsing: span))
        }
    }

    /// What the hosts on the way make of a packet: each is its destination once, and writes its own address where it found the next.
    private static func travel(_ packet: [UInt8], to end: Int) -> [UInt8] {
        var packet = packet
        for _ in 0..<end {
            let pointer = Int(packet[22]) + 19
            let here = Array(packet[16..<20])
            packet.replaceSubrange(16..<20, with: packet[pointer..<pointer + 4])
            packet.replaceSubrange(pointer..<pointer + 4, with: here)
            packet[22] += 4
        }
        packet[10...11] = [0, 0]
        var sum = InternetChecksum()
        packet.withRawSpan { sum.add($0) }
        let checksum = sum.finish()
        packet[10...11] = [UInt8(checksum >> 8), UInt8(checksum & 0xFF)]
        return packet
    }

    @Test(
        "a packet goes to the first host, and the option leads on from there to the receiver", arguments: [false, true])
    func written(isStrict: Bool) throws {
        let route = SourceRoute(through: [IPv4Address(1, 1, 1, 1), IPv4Address(2, 2, 2, 2)], isStrict: isStrict)
        let bytes = Self.packet(by: route)
        #expect(Array(bytes[16..<20]) == [1, 1, 1, 1])
        #expect(Array(bytes[20...]) == [isStrict ? 137 : 131, 11, 4, 2, 2, 2, 2, 10, 0, 0, 2, 0])
        let header = try bytes.withRawSpan { span throws(WireError) in try IPv4Header(parsing: span) }
        #expect(header.headerLength == 32 && header.totalLength == 32)
    }

    @Test("whoever gets it knows the way that it came, and the way back is that way reversed", arguments: 1...9)
    func roundTrip(count: Int) throws {
        let hops = (1...count).map { IPv4Address(10, 1, 0, UInt8($0)) }
        let route = SourceRoute(through: hops)
        let sent = Self.packet(by: route)
        #expect(sent.count == 20 + route.optionBytes && sent.count <= 60)
        for travelled in 0..<count { #expect(try Self.received(Self.travel(sent, to: travelled)) == .unfinished) }
        #expect(try Self.received(Self.travel(sent, to: count)) == .completed(route))
        #expect(route.reversed.hops == hops.reversed())
        #expect(route.reversed.reversed == route)
    }

    @Test("a packet that is quoted on its way is known by where the way ends", arguments: 1...9)
    func quoted(count: Int) throws {
        let route = SourceRoute(through: (1...count).map { IPv4Address(10, 1, 0, UInt8($0)) })
        let sent = Self.packet(by: route)
        let ports: [UInt8] = [0, 1, 0, 2, 0, 0, 0, 3]
        for travelled in 0...count {
            let quote = Self.travel(sent, to: travelled) + ports
            let packet = try quote.withRawSpan { span throws(WireError) in try QuotedTCPPacket(parsing: span) }
            #expect(packet.source == Endpoint(Self.sender, 1) && packet.destination == Endpoint(Self.receiver, 2))
        }
        // An option that is too short for a host leads nowhere.
        var broken = sent + ports
        broken[21] = 3
        let packet = try broken.withRawSpan { span throws(WireError) in try QuotedTCPPacket(parsing: span) }
        #expect(packet.destination.address.v4 == route.firstHop)
    }

    @Test("other options, and bytes that are none, do not hide or make a route")
    func others() throws {
        func packet(_ option: [UInt8]) -> [UInt8] {
            let padded = option + [UInt8](repeating: 0, count: -option.count & 3)
            let header = IPv4Header(
                source: Self.sender, destination: Self.receiver, protocolNumber: .tcp, payloadLength: padded.count)
            var bytes = [UInt8](rawCapacity: 60) { header.append(to: &$0) } + padded
            bytes[0] += UInt8(padded.count / 4)
            return Self.travel(bytes, to: 0)
        }
        let route = SourceRoute(through: [IPv4Address(1, 2, 3, 4)])
        #expect(try Self.received(packet([1, 1, 7, 3, 4, 131, 7, 8, 1, 2, 3, 4])) == .completed(route))
        for harmless: [UInt8] in [
            [1, 1, 1], [7, 7, 4, 0, 0, 0, 0], [0, 131, 7, 8, 1, 2, 3, 4], [7, 1], [7, 60], [1, 1, 1, 131],
        ] {
            #expect(try Self.received(packet(harmless)) == .none, "\(harmless)")
        }
        for broken: [UInt8] in [
            [131, 3, 4], [131, 2], [137, 6, 7, 1, 2, 3], [131, 8, 9, 1, 2, 3, 4, 5], [131, 7, 4, 1, 2, 3, 4],
        ] {
            #expect(try Self.received(packet(broken)) == .unfinished, "\(broken)")
        }
    }
}
