import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("ICMP errors and connections (RFC 9293 §3.9.2.2, RFC 5927, RFC 1191)")
struct ICMPErrorTests {
    /// A connection with three bytes in flight: 5001 to 5003.
    private static func inFlight(options: ConnectionOptions = .plain) throws -> SegmentScript {
        let script = SegmentScript.established(options: options)
        try script.send("abc")
        script.expect([.psh, .ack], "abc")
        script.takeAllEvents()
        return script
    }

    private static func unreachable(_ code: UInt8) -> ICMPv4Message {
        .destinationUnreachable(code: code, nextHopMTU: 0)
    }

    @Test(
        "soft errors are reported and never end the connection", .requirement("RFC9293 MUST-56"),
        .requirement("RFC9293 MUST-47"), .requirement("RFC9293 MUST-54"), .requirement("RFC9293 SHLD-25"),
        arguments: [
            (unreachable(0), SoftError.unreachable(code: 0)), (unreachable(1), .unreachable(code: 1)),
            (unreachable(5), .unreachable(code: 5)), (unreachable(11), .unreachable(code: 11)),
            (.timeExceeded(code: 0), .timeExceeded(code: 0)), (.timeExceeded(code: 1), .timeExceeded(code: 1)),
            (.parameterProblem(pointer: 7), .parameterProblem(pointer: 7)),
        ])
    func soft(message: ICMPv4Message, error: SoftError) throws {
        let script = try Self.inFlight()
        script.icmp(message, quoting: 5001)
        script.expectDrop(nil)
        script.expectState(.established)
        script.expectEvents(.softError)
        #expect(script.status?.softError == error)
        script.expectNothing()
        script.peer(.ack)
        #expect(script.status?.unacknowledgedBytes == 0)
    }

    @Test("the application can silence them", .requirement("RFC9293 SHLD-20"))
    func silenced() throws {
        let script = try Self.inFlight(options: .plain { $0.reportsSoftErrors = false })
        script.icmp(.timeExceeded(code: 0), quoting: 5001)
        script.expectEvents([])
        #expect(script.status?.softError == .timeExceeded(code: 0))
    }

    @Test(
        "hard errors end the connection", .requirement("RFC9293 SHLD-26"), arguments: [2, 3] as [UInt8])
    func hard(code: UInt8) throws {
        let script = try Self.inFlight()
        script.icmp(Self.unreachable(code), quoting: 5001)
        script.expectState(.closed)
        script.expectEvents(.closed)
        script.expectCloseReason(.unreachable(code: code))
        script.expectNothing()
    }

    @Test("a hard error ends an open", arguments: [2, 3] as [UInt8])
    func hardInSynSent(code: UInt8) {
        let script = SegmentScript.inState(.synSent)
        script.icmp(Self.unreachable(code), quoting: 5000)
        script.expectState(.closed)
        script.expectCloseReason(.unreachable(code: code))
        #expect(script.stack.counters.failedOpens == 1)
    }

    @Test("a soft error does not end an open", .requirement("RFC9293 MUST-56"))
    func softInSynSent() {
        let script = SegmentScript.inState(.synSent)
        script.icmp(Self.unreachable(1), quoting: 5000)
        script.expectState(.synSent)
        script.expectEvents(.softError)
        script.peer([.syn, .ack])
        script.expect(.ack)
        script.expectState(.established)
    }

    @Test("a hard error removes a half-open entry, a soft one does not")
    func halfOpen() {
        let script = SegmentScript.inState(.synReceived)
        script.icmp(Self.unreachable(1), quoting: 5000)
        script.expectDrop(.ignoredICMP)
        script.icmp(.timeExceeded(code: 0), quoting: 5000)
        script.expectState(.synReceived)
        script.icmp(Self.unreachable(3), quoting: 5001)
        script.expectDrop(.unmatchedICMP)
        script.expectState(.synReceived)
        script.icmp(Self.unreachable(3), quoting: 5000)
        script.expectDrop(nil)
        script.expectState(.listen)
    }

    @Test(
        "an error that quotes nothing in flight is ignored", .requirement("RFC5927 §4.1"),
        arguments: [
            4_999, 5_000, 5_004, 5_005, 900_000, 3_000_000_000,
        ] as [UInt32])
    func notInFlight(seq: UInt32) throws {
        let script = try Self.inFlight()
        script.icmp(Self.unreachable(3), quoting: seq)
        script.expectDrop(.unmatchedICMP)
        script.expectState(.established)
        script.expectEvents([])
        script.icmp(.destinationUnreachable(code: 4, nextHopMTU: 600), quoting: seq)
        script.expectDrop(.unmatchedICMP)
        #expect(script.status?.maximumSegmentSize == 536)
        script.expectNothing()
    }

    @Test(
        "an error about a connection that is idle, over or unknown is ignored",
        arguments: [
            Route.closed, .listen, .establishedPassive, .finWait2, .timeWaitFromFinWait2,
        ])
    func nothingInFlight(route: Route) {
        let script = SegmentScript.reached(by: route)
        script.icmp(Self.unreachable(3), quoting: script.stackNext - 1)
        script.expectDrop(.unmatchedICMP)
        script.expectState(route.state)
        script.expectNothing()
    }

    @Test("every number in flight can be quoted", arguments: [5_001, 5_002, 5_003] as [UInt32])
    func edges(seq: UInt32) throws {
        let script = try Self.inFlight()
        script.icmp(Self.unreachable(3), quoting: seq)
        script.expectState(.closed)
    }

    @Test("an error about another connection leaves this one alone", .requirement("RFC9293 MUST-54"))
    func otherConnection() throws {
        let script = try Self.inFlight()
        let quoted = Packets.tcp(
            TCPHeader(
                sourcePort: 9877, destinationPort: 40_001, sequenceNumber: SequenceNumber(5001), flags: .ack, window: 0),
            from: SegmentScript.localAddress, to: SegmentScript.peerAddress)
        script.icmp(Self.unreachable(3), payload: Array(quoted.prefix(28)))
        script.expectDrop(.unmatchedICMP)
        script.expectState(.established)
    }

    @Test("Source Quench is dropped in silence", .requirement("RFC9293 MUST-55"))
    func sourceQuench() throws {
        let script = try Self.inFlight()
        script.icmp(.sourceQuench, quoting: 5001)
        script.expectDrop(.ignoredICMP)
        script.expectNothing()
        script.expectEvents([])
        #expect(script.status?.softError == nil)
    }

    @Test("a quote that is cut short or not TCP is malformed")
    func badQuote() throws {
        let script = try Self.inFlight()
        for payload in [[], [UInt8](repeating: 0x45, count: 20), [UInt8](repeating: 0, count: 28)] {
            script.icmp(Self.unreachable(3), payload: payload)
            script.expectDrop(.malformedICMP)
        }
        script.expectState(.established)
    }
}

@Suite("Path MTU discovery (RFC 1191)")
struct PathMTUTests {
    /// A connection that has two full segments of 1460 bytes in flight.
    private static func twoInFlight() throws -> SegmentScript {
        let script = SegmentScript.established(peerOptions: TCPOptions(maximumSegmentSize: 1_460))
        try script.send(bytes: StreamBytes.at(0, count: 2_920))
        script.expect(.ack, seq: 5001, length: 1_460)
        script.expect([.psh, .ack], seq: 6461, length: 1_460)
        return script
    }

    private static func tooBig(_ mtu: UInt16) -> ICMPv4Message {
        .destinationUnreachable(code: 4, nextHopMTU: mtu)
    }

    @Test("what was too big is cut anew and sent again at once", .requirement("RFC9293 MUST-16"))
    func repair() throws {
        let script = try Self.twoInFlight()
        script.icmp(Self.tooBig(1_000), quoting: 5001)
        #expect(script.status?.maximumSegmentSize == 960)
        script.expect(.ack, seq: 5001, length: 960)
        script.expect(.ack, seq: 5961, length: 960)
        script.expect(.ack, seq: 6921, length: 960)
        script.expect([.psh, .ack], seq: 7881, length: 40)
        script.expectNothing()
        script.peer(.ack, ack: 7921)
        #expect(script.status?.unacknowledgedBytes == 0)
    }

    @Test("it is no sign of congestion", .requirement("RFC1191 §6.5"))
    func noCongestion() throws {
        let script = try Self.twoInFlight()
        let window = try #require(script.status).congestionWindow
        script.icmp(Self.tooBig(1_000), quoting: 5001)
        #expect(script.status?.congestionWindow == window)
        #expect(script.status?.slowStartThreshold == .max)
        script.takeAllSent()
    }

    @Test("a router that names no MTU is taken to mean the least", arguments: [0, 68, 551] as [UInt16])
    func least(mtu: UInt16) throws {
        let script = try Self.twoInFlight()
        script.icmp(Self.tooBig(mtu), quoting: 5001)
        #expect(script.status?.maximumSegmentSize == 512)
        script.takeAllSent()
    }

    @Test("an MTU that is no smaller changes nothing", arguments: [1_500, 1_501, 65_535] as [UInt16])
    func notSmaller(mtu: UInt16) throws {
        let script = try Self.twoInFlight()
        script.icmp(Self.tooBig(mtu), quoting: 5001)
        #expect(script.status?.maximumSegmentSize == 1_460)
        script.expectNothing()
    }

    @Test("new segments stay small afterwards")
    func afterwards() throws {
        let script = try Self.twoInFlight()
        script.icmp(Self.tooBig(1_000), quoting: 5001)
        script.takeAllSent()
        script.peer(.ack, ack: 7921)
        try script.send(bytes: StreamBytes.at(2_920, count: 2_000))
        script.expect(.ack, seq: 7921, length: 960)
        script.expect(.ack, seq: 8881, length: 960)
        script.takeAllSent()
    }

    @Test(
        "a SYN that was too big is no reason to send anything but the SYN",
        arguments: [
            Route.synSent, .synReceivedActive,
        ])
    func duringHandshake(route: Route) throws {
        let script = SegmentScript.reached(by: route)
        script.icmp(Self.tooBig(600), quoting: 5000)
        script.expectNothing()
        script.peer([.syn, .ack], seq: 1000, ack: 5001, options: TCPOptions(maximumSegmentSize: 1_460))
        script.expectState(.established)
        if route == .synSent { script.expect(.ack, seq: 5001, ack: 1001) }
        script.expectNothing()
        #expect(script.status?.maximumSegmentSize == (route == .synSent ? 560 : 536))
        try script.send(bytes: StreamBytes.at(0, count: 600))
        script.expect(.ack, seq: 5001, length: route == .synSent ? 560 : 536)
        script.peer(.ack)
        script.takeAllSent()
        script.peer(.ack)
        script.at(.seconds(1_000))
        script.expectNothing()
        script.expectState(.established)
    }

    @Test("a FIN that was sent with too much text comes again with it")
    func withFin() throws {
        let script = SegmentScript.established(peerOptions: TCPOptions(maximumSegmentSize: 1_460))
        try script.batch {
            try script.send(bytes: StreamBytes.at(0, count: 1_200))
            try script.close()
        }
        script.expect([.fin, .psh, .ack], seq: 5001, length: 1_200)
        script.icmp(Self.tooBig(1_000), quoting: 5001)
        script.expect(.ack, seq: 5001, length: 960)
        script.expect([.fin, .psh, .ack], seq: 5961, length: 240)
        script.peer(.ack, ack: 6202)
        script.expectState(.finWait2)
    }
}
