import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Source routes (RFC 9293 §3.9.2.1, RFC 791 §3.1, RFC 1122 §3.2.1.8)")
struct SourceRouteTests {
    private static let near = IPv4Address(10, 77, 0, 5)
    private static let far = IPv4Address(10, 77, 0, 6)
    private static let other = IPv4Address(10, 77, 0, 7)

    /// The option as it is on the wire: of so many hosts the pointer has passed all, or all but some.
    private static func option(_ hosts: [IPv4Address], strict: Bool = false, left: Int = 0) -> [UInt8] {
        let words = hosts.flatMap { host in [24, 16, 8, 0].map { UInt8(host.rawValue >> $0 & 0xFF) } }
        return [strict ? 137 : 131, UInt8(3 + words.count), UInt8(4 + words.count - 4 * left)] + words
    }

    /// A segment from the peer that has come through hosts.
    private static func arrive(
        _ script: SegmentScript, _ flags: TCPFlags, seq: UInt32, ack: UInt32 = 5_001, text: [UInt8] = [],
        through hosts: [IPv4Address], strict: Bool = false, left: Int = 0
    ) {
        let header = TCPHeader(
            sourcePort: 40_000, destinationPort: 9877, sequenceNumber: SequenceNumber(seq),
            acknowledgmentNumber: SequenceNumber(flags.contains(.ack) ? ack : 0), flags: flags, window: 65_535)
        let packet = Packets.tcp(
            header, from: SegmentScript.peerAddress, to: SegmentScript.localAddress, text: text)
        script.inject(Packets.routed(packet, option: option(hosts, strict: strict, left: left)))
    }

    /// Takes apart what the stack has sent: where to, and the option. The scripts' own check of the checksum would take the first host for
    /// the peer, so these tests fetch packets by themselves.
    private static func sent(_ script: SegmentScript) -> [(destination: IPv4Address, option: [UInt8], length: Int)] {
        var packets: [(IPv4Address, [UInt8], Int)] = []
        while true {
            var isSent = false
            let bytes = [UInt8](rawCapacity: 1_500) { isSent = script.stack.nextTransmit(into: &$0, at: script.now) }
            guard isSent else { return packets }
            do {
                let ip = try bytes.withRawSpan { packet throws(WireError) in try IPv4Header(parsing: packet) }
                let segment = Array(bytes[ip.headerLength..<ip.totalLength])
                // The pseudo header has the peer's address, not the first host's.
                let isRight = segment.withRawSpan {
                    TCPHeader.verifyChecksum($0, source: ip.source, destination: SegmentScript.peerAddress)
                }
                #expect(isRight && ip.totalLength == bytes.count)
                packets.append((ip.destination, Array(bytes[20..<ip.headerLength]), bytes.count))
            } catch {
                Issue.record("a packet that does not parse (\(error)): \(bytes)")
            }
        }
    }

    private static func onWire(_ hosts: [IPv4Address], strict: Bool = false) -> [UInt8] {
        var bytes = option(hosts, strict: strict)
        bytes[2] = 4
        return bytes + [0]
    }

    private static func accepting(_ change: (inout ListenerOptions) -> Void = { _ in }) -> SegmentScript {
        var options = ListenerOptions()
        change(&options)
        return SegmentScript(listening: 9877, listenerOptions: options) { $0.acceptsSourceRoutes = true }
    }

    @Test(
        "an active OPEN can name the hosts on the way, loosely or strictly", .requirement("RFC9293 MUST-51"),
        arguments: [false, true])
    func active(isStrict: Bool) throws {
        let script = SegmentScript(
            options: .plain { $0.sourceRoute = SourceRoute(through: [Self.near, Self.far], isStrict: isStrict) })
        try script.batch {
            try script.open()
            let syns = Self.sent(script)
            #expect(syns.map(\.destination) == [Self.near])
            #expect(syns.map(\.option) == [Self.onWire([Self.far, SegmentScript.peerAddress], strict: isStrict)])
            script.flow.stackNext = SequenceNumber(5_001)
            script.peer([.syn, .ack], seq: 1_000)
            try script.send(bytes: [UInt8](repeating: 7, count: 3_000))
            let all = Self.sent(script)
            #expect(all.count >= 3)
            #expect(all.allSatisfy { $0.destination == Self.near && $0.option == syns.first?.option })
            // The peer announced no MSS: 536 bytes, less the twelve of the option (MUST-16).
            #expect(all.map(\.length).max() == 20 + 12 + 20 + 524)
        }
    }

    @Test("an ICMP error about a packet on its way finds the connection", .requirement("RFC9293 MUST-54"))
    func error() throws {
        let script = SegmentScript(options: .plain { $0.sourceRoute = SourceRoute(through: [Self.near, Self.far]) })
        try script.batch {
            try script.open()
            _ = Self.sent(script)
            let header = TCPHeader(
                sourcePort: script.key.local.port, destinationPort: script.key.remote.port,
                sequenceNumber: SequenceNumber(5_000), flags: .syn, window: 0)
            let quoted = Packets.routed(
                Packets.tcp(header, from: SegmentScript.localAddress, to: Self.near),
                option: Self.option([Self.far, SegmentScript.peerAddress], left: 2))
            script.icmp(
                .destinationUnreachable(code: 3, nextHopMTU: 0), payload: Array(quoted.prefix(40)), from: Self.near)
            #expect(script.status?.state == .closed)
        }
    }

    @Test(
        "what a passively opened connection sends goes back by the way that the SYN came",
        .requirement("RFC9293 MUST-53"))
    func passive() throws {
        let script = Self.accepting()
        try script.batch {
            Self.arrive(script, .syn, seq: 1_000, through: [Self.far, Self.near])
            script.peer(.ack, seq: 1_001, ack: 5_001)
            script.accept()
            try script.send("abc")
            script.peer([.fin, .ack], seq: 1_001, ack: 5_004)
            try script.close()
            let all = Self.sent(script)
            #expect(all.count == 2)
            #expect(all.allSatisfy { $0.destination == Self.near })
            #expect(all.allSatisfy { $0.option == Self.onWire([Self.far, SegmentScript.peerAddress]) })
        }
    }

    @Test("and so does the last ACK of TIME-WAIT, and an ABORT's reset", .requirement("RFC9293 MUST-53"))
    func afterwards() throws {
        for aborts in [true, false] {
            let script = Self.accepting()
            try script.batch {
                Self.arrive(script, .syn, seq: 1_000, through: [Self.near])
                script.peer(.ack, seq: 1_001, ack: 5_001)
                script.accept()
                if aborts {
                    script.abort()
                } else {
                    try script.close()
                    _ = Self.sent(script)
                    script.peer([.fin, .ack], seq: 1_001, ack: 5_002)
                    _ = Self.sent(script)
                    script.peer([.fin, .ack], seq: 1_001, ack: 5_002)
                }
                let last = Self.sent(script).last
                #expect(last?.destination == Self.near)
                #expect(last?.option == Self.onWire([SegmentScript.peerAddress]))
            }
        }
    }

    @Test("a later route replaces the earlier one, if its segment is accepted", .requirement("RFC9293 SHLD-24"))
    func later() throws {
        let script = Self.accepting()
        try script.batch {
            Self.arrive(script, .syn, seq: 1_000, through: [Self.near])
            script.peer(.ack, seq: 1_001, ack: 5_001)
            script.accept()
            // Outside the window: nothing of it counts.
            Self.arrive(script, .ack, seq: 900_000, text: [1], through: [Self.other])
            #expect(Self.sent(script).allSatisfy { $0.destination == Self.near })
            try script.send(bytes: [UInt8](repeating: 7, count: 536 * 3))
            #expect(Self.sent(script).allSatisfy { $0.destination == Self.near })
            Self.arrive(script, [.psh, .ack], seq: 1_001, ack: 5_001, text: [1], through: [Self.far, Self.other])
            script.advance(by: .seconds(1))
            let all = Self.sent(script)
            #expect(!all.isEmpty)
            #expect(all.allSatisfy { $0.destination == Self.other })
            #expect(all.allSatisfy { $0.option == Self.onWire([Self.far, SegmentScript.peerAddress]) })
            // What is sent again makes room for the longer option.
            #expect(all.allSatisfy { $0.length <= 576 })
        }
    }

    @Test("the application's route comes before one that was received", .requirement("RFC9293 MUST-52"))
    func precedence() throws {
        let script = Self.accepting {
            $0.connectionOptions = .plain { $0.sourceRoute = SourceRoute(through: [Self.other]) }
        }
        try script.batch {
            Self.arrive(script, .syn, seq: 1_000, through: [Self.near])
            Self.arrive(script, .ack, seq: 1_001, through: [Self.far])
            script.accept()
            try script.send("abc")
            let all = Self.sent(script)
            #expect(all.count == 2)
            #expect(all.allSatisfy { $0.destination == Self.other })
            #expect(all.allSatisfy { $0.option == Self.onWire([SegmentScript.peerAddress]) })
        }
    }

    @Test("a connection that was opened actively keeps to its own way", .requirement("RFC9293 MUST-52"))
    func activeKeeps() throws {
        let script = SegmentScript(localPort: 9877) { $0.acceptsSourceRoutes = true }
        try script.open()
        script.takeAllSent()
        Self.arrive(script, [.syn, .ack], seq: 1_000, through: [Self.near])
        script.expect(.ack)
        #expect(script.status?.state == .established)
    }

    @Test(
        "unless the configuration accepts them, packets with a route are dropped and counted",
        .requirement("RFC9293 MUST-53"))
    func refused() {
        let script = SegmentScript(listening: 9877)
        Self.arrive(script, .syn, seq: 1_000, through: [Self.near])
        script.expectDrop(.sourceRoute)
        script.expectNothing()
        #expect(script.stack.counters[.sourceRoute] == 1)
    }

    @Test("a route that leads on, or makes no sense, is never taken")
    func unfinished() {
        let script = Self.accepting()
        Self.arrive(script, .syn, seq: 1_000, through: [Self.near, Self.far], left: 1)
        script.expectDrop(.sourceRoute)
        let packet = Packets.tcp(
            TCPHeader(
                sourcePort: 1, destinationPort: 9877, sequenceNumber: SequenceNumber(1), flags: .syn, window: 0),
            from: SegmentScript.peerAddress, to: SegmentScript.localAddress)
        for option: [UInt8] in [[131, 3, 4], [131, 8, 9, 1, 2, 3, 4, 5], [137, 2]] {
            script.inject(Packets.routed(packet, option: option))
            script.expectDrop(.sourceRoute)
        }
        script.expectNothing()
    }
}
