import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Choice of local ports (RFC 6056, RFC 9293 §3.10.1)")
struct PortTests {
    private static func openPort(_ script: SegmentScript, to remote: Endpoint) throws -> UInt16 {
        let id = try script.open(to: remote)
        script.takeAllSent()
        return try #require(script.status(of: id)).key.local.port.rawValue
    }

    private static func script(_ range: ClosedRange<UInt16>) -> SegmentScript {
        SegmentScript { $0.ephemeralPorts = range }
    }

    @Test("every port of the range is given out once, then the range is exhausted", .requirement("RFC6056 §3.3"))
    func exhaustion() throws {
        let script = Self.script(50_000...50_009)
        var ports: Set<UInt16> = []
        for _ in 0..<10 { ports.insert(try Self.openPort(script, to: script.key.remote)) }
        #expect(ports == Set(50_000...50_009))
        #expect(throws: OpenError.noPortAvailable) {
            try script.open(to: script.key.remote)
        }
        // For another peer the same ports are free: the pair counts.
        let other = Endpoint(SegmentScript.peerAddress, 81)
        #expect((50_000...50_009).contains(try Self.openPort(script, to: other)))
    }

    @Test("the whole range can be one port, and the last one")
    func narrowRange() throws {
        let script = Self.script(65_535...65_535)
        #expect(try Self.openPort(script, to: script.key.remote) == 65_535)
    }

    @Test("a port that is listened on is not given out")
    func listening() throws {
        let script = Self.script(50_000...50_001)
        try script.listen(on: Endpoint(IPAddress.unspecified, 50_000))
        #expect(try Self.openPort(script, to: script.key.remote) == 50_001)
        #expect(throws: OpenError.noPortAvailable) {
            try script.open(to: script.key.remote)
        }
    }

    @Test("a port comes back when its connection is gone, and after TIME-WAIT", .requirement("mission B38"))
    func timeWait() throws {
        let script = Self.script(50_000...50_000)
        script.key = ConnectionKey(local: Endpoint(SegmentScript.localAddress, 50_000), remote: script.key.remote)
        try script.open()
        script.peer([.syn, .ack])
        try script.close()
        script.peer([.fin, .ack])
        script.expectState(.timeWait)
        #expect(throws: OpenError.noPortAvailable) { try script.open(to: script.key.remote) }
        #expect(throws: OpenError.connectionExists) {
            try script.open(to: script.key.remote, from: script.key.local)
        }
        // The local port is refused for other peers too if it is asked for by name.
        #expect(throws: OpenError.connectionExists) {
            try script.open(to: Endpoint(SegmentScript.peerAddress, 81), from: script.key.local)
        }
        script.at(.seconds(60))
        try script.open(to: script.key.remote, from: script.key.local)
        script.takeAllSent()
    }

    @Test("ports for one peer follow each other, for different peers they begin apart", .requirement("RFC6056 §3.3.3"))
    func unpredictable() throws {
        let script = SegmentScript()
        let first = try Self.openPort(script, to: script.key.remote)
        let second = try Self.openPort(script, to: script.key.remote)
        #expect(second == (first == 65_535 ? 49_152 : first + 1))
        var distances: Set<Int> = []
        for port in 1...20 as ClosedRange<UInt16> {
            let other = try Self.openPort(script, to: Endpoint(SegmentScript.peerAddress, Port(port)))
            distances.insert(Int(other) - Int(first))
        }
        #expect(distances.count == 20)
        // A stack with other secrets begins elsewhere.
        var generator = SplitMix64(seed: 2)
        var other = Stack(configuration: script.stack.configuration, random: &generator, at: .origin)
        let id = try other.open(to: script.key.remote, at: .origin)
        #expect(other.status(id)?.key.local.port.rawValue != first)
    }

    @Test("a local socket must be one of ours", .requirement("RFC9293 MUST-43"))
    func foreignAddress() {
        let script = SegmentScript()
        #expect(throws: OpenError.addressNotAvailable) {
            try script.open(to: script.key.remote, from: Endpoint(SegmentScript.peerAddress, 0))
        }
    }

    @Test("the address alone may be given, or the port alone", .requirement("RFC9293 MUST-43"))
    func partialLocal() throws {
        let other = IPv4Address(10, 77, 0, 3)
        let script = SegmentScript { $0.addresses.append(IPv4Network(other, prefixLength: 24)) }
        let byAddress = try script.open(to: script.key.remote, from: Endpoint(other, 0))
        #expect(script.status(of: byAddress)?.key.local.address == IPAddress(other))
        let byPort = try script.open(to: script.key.remote, from: Endpoint(IPAddress.unspecified, 80))
        #expect(script.status(of: byPort)?.key.local == Endpoint(SegmentScript.localAddress, 80))
        script.takeAllSent()
    }

    @Test("the socket of a listener cannot open actively")
    func listenerSocket() {
        let script = SegmentScript(listening: 9877)
        #expect(throws: OpenError.connectionExists) { try script.open() }
    }
}
