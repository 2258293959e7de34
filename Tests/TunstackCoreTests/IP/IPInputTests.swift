import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("IP and ICMP input (RFC 791, RFC 792, RFC 1122 §3.2)")
struct IPInputTests {
    private static let peer = SegmentScript.peerAddress
    private static let local = SegmentScript.localAddress

    @Test("an echo request is answered with its identifier, number and data")
    func echo() {
        let script = SegmentScript()
        let data = StreamBytes.at(0, count: 56)
        script.icmp(.echoRequest(identifier: 7, sequence: 3), payload: data)
        let packet = script.expect(icmp: .echoReply(identifier: 7, sequence: 3))
        #expect(packet?.payload == data)
        #expect(packet?.ip.source == Self.local && packet?.ip.destination == Self.peer)
        script.expectNothing()
    }

    @Test("an echo request up to the MTU is answered, a longer one is not")
    func echoLength() {
        let script = SegmentScript()
        script.icmp(.echoRequest(identifier: 1, sequence: 1), payload: StreamBytes.at(0, count: 1_472))
        script.expect(icmp: .echoReply(identifier: 1, sequence: 1))
        script.icmp(.echoRequest(identifier: 1, sequence: 2), payload: StreamBytes.at(0, count: 1_473))
        script.expectNothing()
        #expect(script.stack.counters[.ignoredICMP] == 1)
    }

    @Test("echo requests to a group are not answered")
    func echoToGroup() {
        let script = SegmentScript()
        for group in [IPv4Address(10, 77, 0, 255), IPv4Address(224, 0, 0, 1), .broadcast] {
            script.inject(Packets.icmp(.echoRequest(identifier: 1, sequence: 1), from: Self.peer, to: group))
            script.expectDrop(.ignoredICMP)
            script.expectNothing()
        }
    }

    @Test("replies that nobody fetches do not pile up")
    func echoFlood() {
        let script = SegmentScript { $0.limits.queuedEchoBytes = 4_096 }
        script.batch {
            for number in 0..<1_000 as Range<UInt16> {
                script.icmp(
                    .echoRequest(identifier: 1, sequence: number), payload: StreamBytes.at(0, count: 1_000))
            }
        }
        #expect(script.takeAllSent().count == 3)
        #expect(script.stack.counters[.replyQueueFull] == 997)
        script.icmp(.echoRequest(identifier: 1, sequence: 0))
        script.expect(icmp: .echoReply(identifier: 1, sequence: 0))
    }

    @Test("resets that nobody fetches do not pile up")
    func resetFlood() {
        let script = SegmentScript { $0.limits.queuedReplies = 10 }
        script.batch { for port in 1...100 { script.peer(.syn, seq: UInt32(port)) } }
        #expect(script.takeAllSent().count == 10)
        #expect(script.stack.counters[.replyQueueFull] == 90)
    }

    @Test(
        "UDP finds no port and other protocols no one",
        arguments: [
            (IPProtocol.udp, 3), (IPProtocol(rawValue: 132), 2), (IPProtocol(rawValue: 0), 2),
            (IPProtocol(rawValue: 255), 2),
        ] as [(IPProtocol, UInt8)])
    func unreachable(number: IPProtocol, code: UInt8) {
        let script = SegmentScript()
        let packet = Packets.ip(number, from: Self.peer, to: Self.local, payload: StreamBytes.at(0, count: 100))
        script.inject(packet)
        script.expectDrop(.unsupportedProtocol)
        let answer = script.expect(icmp: .destinationUnreachable(code: code, nextHopMTU: 0))
        // The header and eight bytes of what was wrong.
        #expect(answer?.payload == Array(packet.prefix(28)))
        script.expectNothing()
    }

    @Test("a packet with fewer than eight bytes is quoted whole")
    func shortQuote() {
        let script = SegmentScript()
        let packet = Packets.ip(.udp, from: Self.peer, to: Self.local, payload: [1, 2, 3])
        // What follows the packet in the device's buffer is none of it.
        script.inject(packet + [9, 9, 9, 9])
        let answer = script.expect(icmp: .destinationUnreachable(code: 3, nextHopMTU: 0))
        #expect(answer?.payload == packet)
    }

    @Test("a group gets no ICMP error")
    func unreachableToGroup() {
        let script = SegmentScript()
        script.inject(Packets.ip(.udp, from: Self.peer, to: IPv4Address(10, 77, 0, 255), payload: [0, 0]))
        script.expectDrop(.unsupportedProtocol)
        script.expectNothing()
    }

    @Test("ICMP errors are sent at a limited rate")
    func rateLimit() {
        let script = SegmentScript { $0.limits.icmpErrorsPerSecond = 5 }
        let packet = Packets.ip(.udp, from: Self.peer, to: Self.local, payload: [0, 0])
        for _ in 0..<100 { script.inject(packet) }
        #expect(script.takeAllSent().count == 5)
        #expect(script.stack.counters[.unsupportedProtocol] == 100)
        script.at(.seconds(1))
        for _ in 0..<100 { script.inject(packet) }
        #expect(script.takeAllSent().count == 5)
    }

    @Test(
        "an ICMP message that is not for a stack is ignored",
        arguments: [
            ICMPv4Message.echoReply(identifier: 1, sequence: 1), .other(type: 13, code: 0),
            .other(type: 255, code: 255),
            .other(type: 5, code: 1),
        ])
    func ignored(message: ICMPv4Message) {
        let script = SegmentScript()
        script.icmp(message, payload: StreamBytes.at(0, count: 40))
        script.expectDrop(.ignoredICMP)
        script.expectNothing()
    }

    @Test("a bad ICMP checksum is counted, and the message is not used")
    func badChecksum() {
        let script = SegmentScript()
        var packet = Packets.icmp(.echoRequest(identifier: 1, sequence: 1), from: Self.peer, to: Self.local)
        packet[25] ^= 1
        script.inject(packet)
        script.expectDrop(.malformedICMP)
        script.expectNothing()
    }
}

@Suite("Packets that are not used (RFC 791 §3.1, RFC 1122 §3.2.1)")
struct UnusedPacketTests {
    private static func syn(_ change: (inout IPv4Header) -> Void = { _ in }) -> [UInt8] {
        let header = TCPHeader(
            sourcePort: 40_000, destinationPort: 9877, sequenceNumber: SequenceNumber(1000), flags: .syn, window: 1)
        let whole = Packets.tcp(header, from: SegmentScript.peerAddress, to: SegmentScript.localAddress)
        return Packets.ip(
            .tcp, from: SegmentScript.peerAddress, to: SegmentScript.localAddress, payload: Array(whole[20...]),
            change: change)
    }

    private static func expect(_ reason: DropReason, _ packet: [UInt8], _ location: SourceLocation = #_sourceLocation) {
        let script = SegmentScript(listening: 9877)
        script.inject(packet, sourceLocation: location)
        script.expectDrop(reason, sourceLocation: location)
        script.expectNothing(sourceLocation: location)
        script.expectState(.listen, sourceLocation: location)
        #expect(script.stack.counters[reason] == 1, sourceLocation: location)
        #expect(script.stack.counters.packetsDropped == 1, sourceLocation: location)
        #expect(script.stack.counters.packetsReceived == 1, sourceLocation: location)
    }

    @Test("fragments are dropped")
    func fragments() {
        Self.expect(.fragment, Self.syn { $0.moreFragments = true })
        Self.expect(.fragment, Self.syn { $0.fragmentOffset = 8 })
    }

    @Test("packets for someone else are dropped")
    func notForUs() {
        Self.expect(.notForUs, Self.syn { $0.destination = IPv4Address(10, 77, 0, 3) })
        Self.expect(.notForUs, Self.syn { $0.destination = IPv4Address(127, 0, 0, 1) })
    }

    @Test("another version of IP, and nothing at all, are dropped")
    func version() {
        var packet = Self.syn()
        packet[0] = 0x65
        Self.expect(.unsupportedIPVersion, packet)
        Self.expect(.unsupportedIPVersion, [])
    }

    @Test("a header that contradicts itself or the packet is dropped")
    func malformed() {
        let packet = Self.syn()
        Self.expect(.malformedIP, Array(packet.prefix(19)))
        Self.expect(.malformedIP, Array(packet.prefix(39)))
        Self.expect(.malformedIP, [0x44] + packet.dropFirst())
        Self.expect(.malformedIP, [0x4F] + packet.dropFirst())
    }

    @Test("a bad IP checksum is counted, and the packet is not used")
    func ipChecksum() {
        var packet = Self.syn()
        packet[10] ^= 0x80
        Self.expect(.badIPChecksum, packet)
    }

    @Test(
        "a bad TCP checksum is counted, and the segment is not used", .requirement("RFC9293 MUST-3"),
        .requirement("mission B2"))
    func tcpChecksum() {
        for byte in [20, 25, 33, 36] {
            var packet = Self.syn()
            packet[byte] ^= 0x01
            Self.expect(.badTCPChecksum, packet)
        }
    }

    @Test("a checksum that the device vouches for is not looked at")
    func verifiedChecksum() {
        let script = SegmentScript(listening: 9877)
        var packet = Self.syn()
        packet[36] ^= 0xFF
        let drop = packet.withRawSpan { script.stack.receive($0, checksum: .verified, at: script.now) }
        #expect(drop == nil)
        script.drain()
        script.expect([.syn, .ack], ack: 1001)
    }

    @Test("a TCP header that does not fit is dropped", .requirement("RFC9293 MUST-7"))
    func malformedTCP() {
        let address = SegmentScript.peerAddress
        let local = SegmentScript.localAddress
        Self.expect(.malformedTCP, Packets.ip(.tcp, from: address, to: local, payload: []))
        Self.expect(.malformedTCP, Packets.ip(.tcp, from: address, to: local, payload: Array(Self.syn()[20..<39])))
        for offset in [0, 4, 15] as [UInt8] {
            var packet = Self.syn()
            packet[32] = offset << 4
            Self.expect(.malformedTCP, packet)
        }
    }

    @Test("IP options are stepped over", .requirement("RFC9293 MUST-50"))
    func ipOptions() {
        let script = SegmentScript(listening: 9877)
        let plain = Self.syn()
        // Record route, as an example of what is handed up and ignored.
        let options: [UInt8] = [7, 7, 4, 0, 0, 0, 0, 0]
        script.inject(Packets.routed(plain, option: options))
        script.expect([.syn, .ack], ack: 1001)
    }

    @Test("bytes after the packet are ignored")
    func padding() {
        let script = SegmentScript(listening: 9877)
        script.inject(Self.syn() + [1, 2, 3, 4, 5, 6])
        script.expect([.syn, .ack], ack: 1001)
        script.peer(.ack, seq: 1001)
        script.accept()
        #expect(script.status?.readableBytes == 0)
    }

    @Test("the hop count of what arrives does not matter", .requirement("mission B41"))
    func hopCount() {
        let script = SegmentScript(listening: 9877)
        script.inject(Self.syn { $0.timeToLive = 1 })
        script.expect([.syn, .ack])
    }

    @Test(
        "TTL and DSCP of what is sent are the application's", .requirement("RFC9293 MUST-48"),
        .requirement("RFC9293 MUST-49"), .requirement("RFC9293 SHLD-21"), .requirement("RFC9293 SHLD-22"))
    func headerFields() throws {
        let script = SegmentScript(
            listening: 9877,
            options: .plain {
                $0.timeToLive = 5
                $0.differentiatedServices = 46
            })
        script.peer(.syn)
        script.peer(.syn, seq: 900_000)
        script.peer(.ack, seq: 1001)
        script.accept()
        try script.send("abc")
        try script.setOptions {
            $0.timeToLive = 6
            $0.differentiatedServices = 10
        }
        try script.send("def")
        script.peer(.ack, seq: 1001)
        script.abort()
        let fields = script.takeAllSent().map { [$0.ip.timeToLive, $0.ip.dscp] }
        #expect(fields.count >= 5)
        #expect(fields.prefix(3) == [[5, 46], [5, 46], [5, 46]])
        #expect(fields.last == [6, 10])
    }
}
