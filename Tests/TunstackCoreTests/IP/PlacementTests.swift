import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Placement: text that is read to where it belongs")
struct PlacementTests {
    /// Two connections in the same state: what arrives at one of them is offered a place.
    private final class Twins {
        let placing: SegmentScript
        let plain: SegmentScript
        var placedCount: UInt64 { placing.stack.counters.packetsPlaced }
        var misplacedCount: UInt64 { placing.stack.counters.packetsMisplaced }

        init(_ make: () throws -> SegmentScript) rethrows {
            placing = try make()
            plain = try make()
        }

        /// A packet arrives at both, and what follows from it must be the same.
        func arrive(_ packet: [UInt8], checksum: ChecksumStatus = .unverified, _ comment: Comment? = nil) {
            let expected = packet.withRawSpan { plain.stack.receive($0, checksum: checksum, at: plain.now) }
            let reason = place(packet, checksum)
            #expect(reason == expected, comment)
            compare(comment)
        }

        private func place(_ packet: [UInt8], _ checksum: ChecksumStatus) -> DropReason? {
            var header: [UInt8] = []
            var textLength = 0
            var wasOffered = false
            placing.stack.offerPlacement { headerLength, first, second in
                wasOffered = true
                header = Array(packet.prefix(headerLength))
                let text = Array(packet.dropFirst(headerLength).prefix(first.byteCount + second.byteCount))
                textLength = text.count
                let head = text.prefix(first.byteCount)
                let tail = text.dropFirst(first.byteCount)
                unsafe first.withUnsafeMutableBytes { unsafe $0.copyBytes(from: head) }
                unsafe second.withUnsafeMutableBytes { unsafe $0.copyBytes(from: tail) }
            }
            guard wasOffered else {
                return packet.withRawSpan { placing.stack.receive($0, checksum: checksum, at: placing.now) }
            }
            let overflow = Array(packet.dropFirst(header.count + textLength))
            return header.withRawSpan { header in
                overflow.withRawSpan { overflow in
                    placing.stack.receivePlaced(
                        header: header, textLength: textLength, overflow: overflow, checksum: checksum, at: placing.now)
                }
            }
        }

        /// What both have sent and told is the same, to the byte.
        func compare(_ comment: Comment? = nil) {
            placing.drain()
            plain.drain()
            let (sent, expected) = (placing.takeAllSent().map(\.bytes), plain.takeAllSent().map(\.bytes))
            #expect(sent == expected, comment)
            #expect(placing.takeAllEvents() == plain.takeAllEvents(), comment)
            #expect(placing.stack.counters.packetsReceived == plain.stack.counters.packetsReceived, comment)
            #expect(placing.stack.counters.packetsDropped == plain.stack.counters.packetsDropped, comment)
            #expect(placing.state == plain.state, comment)
        }

        func read(upTo count: Int = 1 << 20) throws {
            let (one, other) = (try placing.receive(upTo: count), try plain.receive(upTo: count))
            #expect(one.result == other.result)
            #expect(one.bytes == other.bytes)
            compare()
        }
    }

    private static func twins(_ options: ConnectionOptions = .plain { $0.windowScale = 7 }) -> Twins {
        Twins {
            var syn = TCPOptions(maximumSegmentSize: 1_000)
            syn.windowScale = options.windowScale
            syn.sackPermitted = options.selectiveAcknowledgment
            let script = SegmentScript.transfer(options: options, peerOptions: syn)
            script.takeAllEvents()
            return script
        }
    }

    /// A packet from the peer of the current connection, with the stream's bytes from `seq` on.
    private static func packet(
        _ flags: TCPFlags = .ack, seq: UInt32, length: Int, port: Port = 40_000, options: TCPOptions = TCPOptions(),
        change: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        let header = TCPHeader(
            sourcePort: port, destinationPort: 9877, sequenceNumber: SequenceNumber(seq),
            acknowledgmentNumber: SequenceNumber(5_001), flags: flags, window: 65_535, options: options)
        var bytes = Packets.tcp(
            header, from: SegmentScript.peerAddress, to: SegmentScript.localAddress,
            text: StreamBytes.at(Int(seq) - 1_001, count: length))
        change(&bytes)
        return bytes
    }

    /// Two large packets have come in order, so that a third is expected at the number that this gives.
    private static func expecting(_ twins: Twins) throws -> UInt32 {
        for index in 0..<2 as Range<UInt32> { twins.arrive(packet(seq: 1_001 + index * 10_000, length: 10_000)) }
        try twins.read()
        #expect(twins.placedCount == 0)
        return 21_001
    }

    @Test("what was expected is taken without a copy, wherever the ring ends, and is read like anything else")
    func rightGuess() throws {
        let twins = Self.twins()
        var next = try Self.expecting(twins)
        for length in [10_000, 60_000, 5_000, 65_495, 1, 20_001] {
            twins.arrive(Self.packet(seq: next, length: length))
            next += UInt32(length)
            if length % 2 == 0 { try twins.read(upTo: 30_000) }
        }
        #expect(twins.placedCount == 6 && twins.misplacedCount == 0)
        try twins.read()
        twins.arrive(Self.packet([.fin, .psh, .ack], seq: next, length: 9_000))
        #expect(twins.placedCount == 7)
        try twins.read()
        try twins.read()
        #expect(twins.placing.state == .closeWait)
        #expect(twins.placing.stack.bufferBytesInUse == 0)
    }

    @Test("text beyond the window does not become part of the stream")
    func beyondWindow() throws {
        let twins = Self.twins(
            .plain {
                $0.receiveBufferBytes = 12_000
                $0.maximumReceiveBufferBytes = 12_000
            })
        let next = try Self.expecting(twins)
        twins.arrive(Self.packet(seq: next, length: 20_000))
        try twins.read()
        twins.arrive(Self.packet(seq: next + 12_000, length: 5_000))
        try twins.read()
    }

    @Test(
        "every wrong guess comes to what it would have come to without one",
        arguments: [
            "old", "overlapping", "beyond a gap", "another header length", "another connection", "bad checksum",
            "bad IP checksum",
            "reset", "syn", "short", "acknowledgment", "ping", "padded", "truncated", "garbage", "fragment",
        ])
    func wrongGuess(_ kind: String) throws {
        let twins = Self.twins()
        let next = try Self.expecting(twins)
        let packet = Self.wrongPacket(kind, next)
        twins.arrive(packet, "\(kind)")
        if twins.placing.state == .established { try twins.read() }
        #expect(twins.placedCount == 0, "\(kind)")
        // Nothing of it is in the way of what follows.
        twins.arrive(Self.packet(seq: next, length: 30_000), "after \(kind)")
        if twins.placing.state == .established { try twins.read() }
    }

    private static func wrongPacket(_ kind: String, _ next: UInt32) -> [UInt8] {
        switch kind {
        case "old": packet(seq: next - 10_000, length: 10_000)
        case "overlapping": packet(seq: next - 100, length: 10_000)
        case "beyond a gap": packet(seq: next + 5_000, length: 10_000)
        case "another header length":
            packet(seq: next, length: 10_000, options: TCPOptions(timestamps: TCPTimestamps(value: 1, echoReply: 2)))
        case "another connection": packet(seq: next, length: 10_000, port: 40_001)
        case "bad checksum": packet(seq: next, length: 10_000) { $0[9_000] ^= 1 }
        case "bad IP checksum": packet(seq: next, length: 10_000) { $0[10] ^= 1 }
        case "reset": packet([.rst, .ack], seq: next, length: 10_000)
        case "syn": packet([.syn, .ack], seq: next, length: 10_000)
        case "short": Array(packet(seq: next, length: 0).prefix(30))
        case "acknowledgment": packet(seq: next, length: 0)
        case "ping":
            Packets.icmp(
                .echoRequest(identifier: 1, sequence: 1), from: SegmentScript.peerAddress,
                to: SegmentScript.localAddress,
                payload: StreamBytes.at(0, count: 1_000))
        case "padded": packet(seq: next, length: 10_000) { $0.append(0) }
        case "truncated": Array(packet(seq: next, length: 10_000).dropLast())
        case "fragment":
            Packets.ip(
                .tcp, from: SegmentScript.peerAddress, to: SegmentScript.localAddress,
                payload: Array(packet(seq: next, length: 10_000).dropFirst(20))
            ) { $0.moreFragments = true }
        default: StreamBytes.at(7, count: 10_000)
        }
    }

    @Test("whatever arrives in whatever order, both read and say the same", arguments: 0..<12 as Range<UInt64>)
    func anyArrivals(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let twins = Self.twins(
            .plain {
                $0.windowScale = 7
                $0.selectiveAcknowledgment = seed % 2 == 0
            })
        var next = 0
        for step in 0..<80 {
            let isExpected = Int.random(in: 0..<4, using: &random) > 0
            let start = isExpected ? next : max(0, next + Int.random(in: -30_000...30_000, using: &random))
            let length =
                Int.random(in: 0..<6, using: &random) == 0
                ? Int.random(in: 0...3_000, using: &random) : Int.random(in: 4_096...65_000, using: &random)
            let spoils = Int.random(in: 0..<12, using: &random) == 0
            twins.arrive(
                Self.packet(seq: UInt32(1_001 + start), length: length) { if spoils { $0[$0.count / 2] ^= 4 } },
                checksum: !spoils && Bool.random(using: &random) ? .verified : .unverified, "step \(step)")
            if Bool.random(using: &random) { try twins.read(upTo: Int.random(in: 1...200_000, using: &random)) }
            next = Int(twins.plain.status?.receiveNext.rawValue ?? 1_001) - 1_001
        }
        #expect(twins.placedCount > 10)
        #expect(twins.misplacedCount > 5)
    }

    @Test("a stream that pauses keeps no memory, and streams that take turns are not guessed at")
    func noGuess() throws {
        let twins = Self.twins()
        let next = try Self.expecting(twins)
        let stack = twins.placing
        var offers = 0
        stack.stack.offerPlacement { _, first, second in
            offers += 1
            #expect(first.byteCount + second.byteCount >= 60_000)
        }
        #expect(stack.stack.bufferBytesInUse >= 65_536)
        stack.stack.withdrawPlacement()
        #expect(stack.stack.bufferBytesInUse == 0)
        // A gap: what follows will be out of order.
        twins.arrive(Self.packet(seq: next + 10_000, length: 10_000))
        stack.stack.offerPlacement { _, _, _ in offers += 1 }
        #expect(offers == 1)
    }
}
