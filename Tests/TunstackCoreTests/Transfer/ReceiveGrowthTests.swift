import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("A receive buffer that grows")
struct ReceiveGrowthTests {
    private static let mss = 1_000

    /// A connection with a round trip of 100 ms, and a peer that sends a round at a time.
    private func script(
        start: Int = 20_000, maximum: Int = 1 << 20, scale: UInt8? = 5, timestamps: Bool = false,
        configure: (inout StackConfiguration) -> Void = { _ in }
    ) -> SegmentScript {
        var options = ConnectionOptions.plain {
            $0.receiveBufferBytes = start
            $0.maximumReceiveBufferBytes = maximum
            $0.maximumSegmentSize = UInt16(Self.mss)
            $0.timestamps = timestamps
        }
        options.windowScale = scale
        let script = SegmentScript(listening: 9877, options: options, configure: configure)
        script.peer(.syn, options: synOptions(scale, timestamps))
        script.takeAllSent()
        script.advance(by: .milliseconds(100))
        script.peer(.ack, options: echo(of: script, timestamps))
        script.accept()
        script.takeAllSent()
        return script
    }

    private func synOptions(_ scale: UInt8?, _ timestamps: Bool) -> TCPOptions {
        TCPOptions(
            maximumSegmentSize: UInt16(Self.mss), windowScale: scale,
            timestamps: timestamps ? TCPTimestamps(value: 1, echoReply: 0) : nil)
    }

    private func echo(of script: SegmentScript, _ timestamps: Bool) -> TCPOptions {
        let elapsed = script.now - .origin
        let value = UInt32(truncatingIfNeeded: max(0, elapsed.nanoseconds / 1_000_000 - 100))
        return TCPOptions(timestamps: timestamps ? TCPTimestamps(value: value + 1, echoReply: value) : nil)
    }

    /// What the stack allows beyond what it has taken.
    private func window(_ script: SegmentScript) -> Int { script.status?.receiveWindow ?? 0 }

    /// The peer sends as much as it is allowed to, though no more than `most`, spread over a round trip, and the
    /// application reads along, no more than `reading`. Says how much was sent.
    @discardableResult
    private func round(
        _ script: SegmentScript, upTo most: Int, reading: Int = .max, timestamps: Bool = false
    ) throws -> Int {
        var sent = 0
        var toRead = reading
        for step in 1...10 {
            script.advance(by: .milliseconds(10))
            var left = min(most == .max ? .max : most * step / 10 - sent, window(script))
            sent += left
            script.batch {
                while left > 0 {
                    let length = min(left, Self.mss)
                    script.peer(.ack, length: length, options: echo(of: script, timestamps))
                    left -= length
                }
            }
            if toRead > 0 { toRead -= try script.receive(upTo: min(toRead, 1 << 21)).bytes.count }
        }
        script.takeAllSent()
        script.takeAllEvents()
        return sent
    }

    @Test("it stays ahead of a sender that doubles every round trip, up to the cap", arguments: [false, true])
    func slowStart(timestamps: Bool) throws {
        let script = script(timestamps: timestamps)
        var most = 10_000
        while most < 1 << 19 {
            #expect(try round(script, upTo: most, timestamps: timestamps) == most)
            // What has been read in the round before is half of this, and what comes next is twice of it.
            #expect(try #require(script.status?.receiveBufferLimit) >= min(2 * most, 1 << 20))
            most *= 2
        }
        try round(script, upTo: most, timestamps: timestamps)
        #expect(script.status?.receiveBufferLimit == 1 << 20)
    }

    @Test("an application that does not read gets no larger buffer, and one that reads little gets little")
    func slowReader() throws {
        let script = script()
        for _ in 0..<20 { try round(script, upTo: .max, reading: 0) }
        #expect(script.status?.receiveBufferLimit == 20_000)
        #expect(window(script) < Self.mss)
        for _ in 0..<40 { try round(script, upTo: .max, reading: 3_000) }
        #expect(script.status?.receiveBufferLimit == 20_000)
    }

    @Test("a sender with little to send costs no memory", arguments: [1, 500, 4_000])
    func littleToSend(count: Int) throws {
        let script = script()
        for _ in 0..<40 { try round(script, upTo: count) }
        #expect(script.status?.receiveBufferLimit == 20_000)
    }

    @Test("with a fixed size nothing grows")
    func fixed() throws {
        let script = script(start: 20_000, maximum: 1)
        for _ in 0..<10 { try round(script, upTo: .max) }
        #expect(script.status?.receiveBufferLimit == 20_000)
    }

    @Test("it does not grow beyond what the window field can tell", .requirement("RFC7323 §2.2"))
    func fieldLimit() throws {
        for (scale, most) in [(nil, 65_535), (0, 65_535), (2, 262_140)] as [(UInt8?, Int)] {
            let script = script(scale: scale)
            for _ in 0..<12 { try round(script, upTo: .max) }
            #expect(script.status?.receiveBufferLimit == most)
            #expect(window(script) > most / 2)
        }
    }

    @Test("the shift that a SYN offers can tell the largest buffer", .requirement("RFC7323 §2.2"))
    func offeredShift() throws {
        for (maximum, shift) in [(60_000, 0), (1 << 20, 5), (100 << 20, 11)] as [(Int, UInt8)] {
            var options = ConnectionOptions()
            options.receiveBufferBytes = 1_000
            options.maximumReceiveBufferBytes = maximum
            let script = SegmentScript(options: options)
            try script.open()
            #expect(script.takeSent()?.tcp?.options.windowScale == shift)
        }
    }

    @Test("when memory is scarce it does not grow, and the stream goes on; when there is some again, it does")
    func scarceMemory() throws {
        let script = script { $0.limits.bufferBytes = 1 << 20 }
        var other = SequenceRing()
        #expect(other.reserve(500_000, keeping: 0, from: SequenceNumber(0), pool: &script.stack.environment.pool))
        var another = SequenceRing()
        #expect(another.reserve(4_096, keeping: 0, from: SequenceNumber(0), pool: &script.stack.environment.pool))
        for _ in 0..<10 { #expect(try round(script, upTo: .max) >= 19_000) }
        #expect(script.status?.receiveBufferLimit == 20_000)
        other.release(to: &script.stack.environment.pool)
        another.release(to: &script.stack.environment.pool)
        for _ in 0..<3 { try round(script, upTo: .max) }
        #expect(try #require(script.status?.receiveBufferLimit) > 60_000)
    }
}
