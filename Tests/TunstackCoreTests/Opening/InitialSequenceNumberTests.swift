import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Initial sequence numbers (RFC 9293 §3.4.1, RFC 6528)")
struct InitialSequenceNumberTests {
    /// The number that a listener answers a SYN with, for each of these peers' ports.
    private static func numbers(
        ports: [UInt16], seed: UInt64 = 1, at time: Interval = .zero
    ) throws -> [UInt32] {
        var configuration = StackConfiguration(address: IPv4Network(SegmentScript.localAddress, prefixLength: 24))
        configuration.defaultConnectionOptions = .plain
        var generator = SplitMix64(seed: seed)
        let script = SegmentScript()
        script.stack = Stack(configuration: configuration, random: &generator, at: .origin)
        _ = try script.stack.listen(on: script.key.local, at: .origin)
        script.at(time)
        for port in ports {
            script.connect(fromPort: port)
            script.peer(.syn)
        }
        return script.takeAllSent().compactMap(\.tcp?.sequenceNumber.rawValue)
    }

    @Test(
        "the clock part ticks every 4 microseconds", .requirement("RFC6528 §3"), .requirement("RFC9293 MUST-8"),
        .requirement("mission B15"))
    func clock() throws {
        let start = try Self.numbers(ports: [1])[0]
        func distance(_ time: Interval) throws -> UInt32 { try Self.numbers(ports: [1], at: time)[0] &- start }
        #expect(try distance(Interval(nanoseconds: 3_999)) == 0)
        #expect(try distance(.microseconds(4)) == 1)
        #expect(try distance(.milliseconds(4)) == 1_000)
        #expect(try distance(.seconds(1)) == 250_000)
        // Once round in 4.77 hours.
        #expect(try distance(.microseconds(4 << 32)) == 0)
    }

    @Test(
        "every four-tuple has its own number space", .requirement("RFC6528 §3"), .requirement("RFC9293 SHLD-1"),
        .requirement("mission B14"))
    func perTuple() throws {
        let numbers = try Self.numbers(ports: Array(1...64))
        #expect(Set(numbers).count == 64)
        // Neighbours are not near each other.
        let near = zip(numbers, numbers.dropFirst()).filter { abs(Int($0.1) - Int($0.0)) < 1 << 20 }
        #expect(near.count <= 1)
    }

    @Test(
        "without the key nobody can compute the hash", .requirement("RFC6528 §3"), .requirement("RFC9293 MUST-9"),
        .requirement("mission B14"))
    func keyed() throws {
        let ports = Array(1...16) as [UInt16]
        let numbers = try Self.numbers(ports: ports, seed: 1)
        let others = try Self.numbers(ports: ports, seed: 2)
        #expect(try Self.numbers(ports: ports, seed: 1) == numbers)
        #expect(zip(numbers, others).allSatisfy { $0 != $1 })
        // Not even the differences of numbers are the same under another key.
        #expect(zip(numbers, others).map { $0 &- $1 }.count == Set(zip(numbers, others).map { $0 &- $1 }).count)
    }

    @Test("both ends choose their own number", .requirement("mission B14"))
    func ownNumbers() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn, seq: 77)
        script.expect([.syn, .ack], seq: 5000, ack: 78)
    }
}

@Suite("Quiet time (RFC 9293 §3.4.3)")
struct QuietTimeTests {
    private static func quiet(_ configuration: inout StackConfiguration) {
        configuration.keepsQuietTime = true
        configuration.maximumSegmentLifetime = .seconds(120)
    }

    @Test("for one MSL after the start no SYN is answered", .requirement("mission B40"))
    func passive() {
        let script = SegmentScript(listening: 9877, configure: Self.quiet)
        script.at(.milliseconds(119_999))
        script.peer(.syn)
        script.expectDrop(.quietTime)
        script.expectNothing()
        script.expectState(.listen)
        script.at(.seconds(120))
        script.peer(.syn)
        script.expect([.syn, .ack])
    }

    @Test("for one MSL after the start none is sent", .requirement("mission B40"))
    func active() throws {
        let script = SegmentScript(configure: Self.quiet)
        script.at(.seconds(20))
        #expect(throws: OpenError.quietTime(remaining: .seconds(100))) { try script.open() }
        script.expectNothing()
        script.at(.seconds(120))
        try script.open()
        script.expect(.syn)
    }

    @Test("segments of connections that were forgotten are reset in the meantime", .requirement("mission B43"))
    func forgotten() {
        let script = SegmentScript(listening: 9877, configure: Self.quiet)
        script.peer([.psh, .ack], "abc", seq: 300, ack: 100)
        script.expect(.rst, seq: 100)
    }

    @Test("without it a stack answers from the first moment")
    func off() {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn)
        script.expect([.syn, .ack])
    }
}
