import TestSupport
import Testing
import TunstackCore
import TunstackWire

/// Sends a stack packets that make no sense, and some that nearly do, from a seed.
///
/// What a peer could know or guess is near the truth, so that the packets get past the first checks often enough.
final class PacketStorm {
    /// Room for memory and connections while the storm lasts.
    static let bufferBytes = 1 << 20
    static let connections = 64

    private var random: SplitMix64
    private let script: SegmentScript
    private var output: [UInt8] = []
    /// Packets the stack sent to the last input that had RST set.
    private(set) var resetsForResets = 0
    private(set) var received = 0

    init(route: Route, seed: UInt64) {
        random = SplitMix64(seed: seed)
        let timestamps = random.next() & 1 == 0
        script = SegmentScript.reached(
            by: route, options: timestamps ? ConnectionOptions() : .plain,
            peerOptions: timestamps
                ? TCPOptions(
                    maximumSegmentSize: 1_400, windowScale: 2, sackPermitted: true,
                    timestamps: TCPTimestamps(value: 100, echoReply: 0)) : TCPOptions()
        ) {
            $0.limits.bufferBytes = Self.bufferBytes
            $0.limits.connections = Self.connections
            $0.limits.timeWaitRecords = 16
            $0.limits.queuedReplies = 16
        }
    }

    private func number(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    /// A number at, near or far from a known one.
    private func near(_ known: UInt32) -> UInt32 {
        switch number(8) {
        case 0, 1, 2, 3: known
        case 4: known &+ UInt32(number(2_000))
        case 5: known &- UInt32(number(2_000))
        case 6: known &+ UInt32(number(100_000))
        default: UInt32(truncatingIfNeeded: random.next())
        }
    }

    /// A segment with random flags, numbers, options and text. Its checksum is not filled in.
    private func segment() -> [UInt8] {
        let optionBytes = number(4) == 0 ? 4 * number(11) : 0
        let textLength = number(3) == 0 ? number(300) : 0
        var bytes = [UInt8](repeating: 0, count: 40 + optionBytes + textLength)
        // The usual flags more often than senseless ones.
        let usual: [UInt8] = [0x10, 0x10, 0x18, 0x02, 0x12, 0x11, 0x04, 0x14]
        let flags = number(4) == 0 ? UInt8(truncatingIfNeeded: random.next()) : usual[number(usual.count)]
        let port: UInt16 = number(8) == 0 ? UInt16(number(100)) : 40_000
        put(port, at: 20, in: &bytes)
        put(UInt16(9_877), at: 22, in: &bytes)
        put(near(script.peerNext), at: 24, in: &bytes)
        put(near(script.stackNext), at: 28, in: &bytes)
        bytes[32] = UInt8(5 + optionBytes / 4) << 4
        bytes[33] = flags
        put(UInt16(truncatingIfNeeded: number(4) == 0 ? 0 : random.next()), at: 34, in: &bytes)
        put(UInt16(number(300)), at: 38, in: &bytes)
        if optionBytes == 12 {
            bytes.replaceSubrange(40..<44, with: [1, 1, 8, 10])
            put(near(200), at: 44, in: &bytes)
        } else {
            for index in 40..<40 + optionBytes { bytes[index] = UInt8(number(12)) }
        }
        wrap(&bytes, protocolNumber: 6)
        return bytes
    }

    /// An ICMP message of any kind that quotes a segment of ours, or nearly.
    private func icmp() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 20 + 8 + 28 - (number(8) == 0 ? number(28) : 0))
        bytes[20] = [3, 3, 3, 4, 11, 12, 8, UInt8(number(20))][number(8)]
        bytes[21] = UInt8(number(16))
        put(UInt16(truncatingIfNeeded: random.next()), at: 26, in: &bytes)
        if bytes.count == 56 {
            bytes[28] = 0x45
            bytes[37] = 6
            put(SegmentScript.localAddress.rawValue, at: 40, in: &bytes)
            put(SegmentScript.peerAddress.rawValue, at: 44, in: &bytes)
            put(UInt16(9_877), at: 48, in: &bytes)
            put(UInt16(40_000), at: 50, in: &bytes)
            put(near(script.stackNext &- 1), at: 52, in: &bytes)
        }
        var sum = InternetChecksum()
        bytes.withRawSpan { sum.add($0.extracting(20..<$0.byteCount)) }
        put(sum.finish(), at: 22, in: &bytes)
        wrap(&bytes, protocolNumber: 1)
        return bytes
    }

    private func put(_ value: UInt16, at offset: Int, in bytes: inout [UInt8]) {
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    private func put(_ value: UInt32, at offset: Int, in bytes: inout [UInt8]) {
        put(UInt16(truncatingIfNeeded: value >> 16), at: offset, in: &bytes)
        put(UInt16(truncatingIfNeeded: value), at: offset + 2, in: &bytes)
    }

    /// Fills in the IP header.
    private func wrap(_ bytes: inout [UInt8], protocolNumber: UInt8) {
        bytes[0] = 0x45
        put(UInt16(bytes.count), at: 2, in: &bytes)
        bytes[8] = 64
        bytes[9] = protocolNumber
        put(SegmentScript.peerAddress.rawValue, at: 12, in: &bytes)
        put(SegmentScript.localAddress.rawValue, at: 16, in: &bytes)
        var sum = InternetChecksum()
        bytes.withRawSpan { sum.add($0.extracting(first: 20)) }
        put(sum.finish(), at: 10, in: &bytes)
    }

    private func packet() -> [UInt8] {
        switch number(16) {
        case 0: return icmp()
        case 1:
            var bytes = segment()
            // Damage anywhere, the IP header included; half of the time with a checksum that hides it.
            for _ in 0...number(4) { bytes[number(bytes.count)] ^= UInt8(1 << number(8)) }
            if number(2) == 0 { bytes.removeLast(number(bytes.count)) }
            return bytes
        default: return segment()
        }
    }

    /// One thing that an application or time may do.
    private func act() throws {
        let choice = number(12)
        guard script.connection != nil || choice == 0 || choice > 7 else { return }
        switch choice {
        case 0: script.connection = script.listener.flatMap { script.accept(from: $0) } ?? script.connection
        case 1: script.release()
        case 2: script.abort()
        case 3: try script.close()
        case 4, 5: try script.send(bytes: [UInt8](repeating: 1, count: number(5_000)))
        case 6, 7: _ = try script.receive(upTo: number(5_000))
        case 8: try script.open()
        case 9: script.advance(by: .milliseconds(Int64(number(3_000))))
        case 10: script.advance(by: .seconds(Int64(number(100))))
        default: if script.connection != nil { try script.setOptions { $0.userTimeout = .seconds(3) } }
        }
    }

    /// One packet, and now and then a call or some time.
    func step() {
        if number(16) == 0 {
            // Whether a call succeeds is of no interest here, only that it does no harm.
            do { try act() } catch { script.drain() }
            script.takeAllSent()
            script.takeAllEvents()
        }
        let bytes = packet()
        received += 1
        // The usual place of the flags; where the damage has moved it, the packet does not get that far.
        let isReset = bytes.count > 33 && bytes[9] == 6 && bytes[33] & 0x04 != 0
        bytes.withRawSpan { _ = script.stack.receive($0, checksum: .verified, at: script.now) }
        while true {
            var isSent = false
            output = [UInt8](rawCapacity: 1_500) { isSent = script.stack.nextTransmit(into: &$0, at: script.now) }
            guard isSent else { break }
            if isReset, output[9] == 6, output[33] & 0x04 != 0 { resetsForResets += 1 }
        }
    }

    /// What is left when the storm is over stays within its bounds.
    func check(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(resetsForResets == 0, sourceLocation: sourceLocation)
        #expect(script.stack.bufferBytesInUse <= Self.bufferBytes, sourceLocation: sourceLocation)
        #expect(script.count() <= Self.connections + 16 + 1, sourceLocation: sourceLocation)
        // With everything let go of and all timers run out, nothing is left but the listener.
        script.release()
        while let waiting = script.listener.flatMap({ script.accept(from: $0) }) {
            script.connection = waiting
            script.abort()
            script.release()
        }
        script.advance(by: .seconds(100_000))
        script.takeAllSent()
        script.takeAllEvents()
        let isListening = script.listener != nil
        #expect(script.count() <= (isListening ? 1 : 0) + 1, sourceLocation: sourceLocation)
    }
}

@Suite("Random and damaged packets")
struct RandomPacketTests {
    private static let stormsPerRoute = 60
    private static let packetsPerStorm = 200

    @Test(
        "no packet traps, answers a reset by a reset, or makes the stack grow without bound",
        .requirement("RFC9293 MUST-7"), arguments: Route.allCases)
    func storm(route: Route) {
        for seed in 1...UInt64(Self.stormsPerRoute) {
            let storm = PacketStorm(route: route, seed: seed)
            for _ in 0..<Self.packetsPerStorm { storm.step() }
            storm.check()
        }
    }
}
