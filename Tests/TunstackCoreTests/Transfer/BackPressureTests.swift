import Testing
import TunstackCore
import TunstackWire

@Suite("Back-pressure on SEND (RFC 9293 §3.9.1.2)")
struct BackPressureTests {
    /// A connection whose send buffer holds so many bytes, at first and at most.
    private func script(
        buffer: Int = 4_000, maximum: Int? = nil, configure: (inout StackConfiguration) -> Void = { _ in }
    ) -> SegmentScript {
        let options = ConnectionOptions.plain {
            $0.sendBufferBytes = buffer
            $0.maximumSendBufferBytes = maximum ?? buffer
        }
        return .transfer(options: options, configure: configure)
    }

    @Test("SEND takes what fits, and says when there is room again")
    func writable() throws {
        let script = script()
        #expect(try script.send(count: 10_000) == 4_000)
        script.expectStream(5_001...9_000, pushed: true)
        #expect(try script.send(count: 1) == 0)
        script.expectEvents([])
        script.peer(.ack, ack: 6_001)
        script.expectEvents(.writable)
        #expect(try script.send(count: 10_000) == 1_000)
        script.expectStream(9_001...10_000, pushed: true)
        script.peer(.ack)
        script.expectEvents([.writable, .sendsAcknowledged])
    }

    @Test("an application that was not refused hears nothing of room")
    func notRefused() throws {
        let script = script()
        #expect(try script.send(count: 4_000) == 4_000)
        script.expectStream(5_001...9_000, pushed: true)
        script.peer(.ack, ack: 6_001)
        script.expectEvents([])
        script.peer(.ack)
        script.expectEvents(.sendsAcknowledged)
    }

    @Test("the buffer grows to two congestion windows, and one who was refused room hears of it")
    func grows() throws {
        let script = script(buffer: 4_000, maximum: 30_000)
        // The acknowledgment of the SYN made room for twice the initial window.
        #expect(script.status?.sendBufferLimit == 20_000)
        #expect(try script.send(count: 40_000) == 20_000)
        script.expectStream(5_001...15_000)
        #expect(try script.send(count: 1) == 0)
        // One segment leaves the buffer, and two more are allowed into the network for it.
        script.peer(.ack, ack: 6_001)
        script.expectEvents(.writable)
        #expect(script.status?.sendBufferLimit == 22_000)
        script.takeAllSent()
        #expect(try script.send(count: 40_000) == 3_000)
        script.takeAllSent()
        // A window of 19 segments would ask for more than is allowed.
        script.peer(.ack, ack: 15_001)
        script.peer(.ack)
        script.peer(.ack)
        #expect(script.status?.sendBufferLimit == 30_000)
        script.takeAllSent()
    }

    @Test("SEND takes no more than may wait to leave, and says so when half of that has left, acknowledged or not")
    func unsent() throws {
        let script = SegmentScript.transfer(options: .plain { $0.unsentBytes = 4_000 })
        for first in [5_001, 9_001] as [UInt32] {
            #expect(try script.send(count: 30_000) == 4_000)
            script.expectStream(first...first + 3_999, pushed: true)
            script.expectEvents(.writable)
        }
        // The congestion window has room for two segments more.
        #expect(try script.send(count: 30_000) == 4_000)
        script.expectStream(13_001...14_000)
        script.expectStream(14_001...15_000)
        script.expectEvents(.writable)
        #expect(try script.send(count: 30_000) == 2_000)
        script.expectEvents([])
        script.peer(.ack, ack: 6_001)
        script.expectStream(15_001...17_000)
        script.expectEvents(.writable)
        script.takeAllSent()
    }

    @Test("what the peer's window never allowed needs no room")
    func smallPeerWindow() throws {
        let options = ConnectionOptions.plain { $0.sendBufferBytes = 1_000 }
        let script = SegmentScript.transfer(peerWindow: 3_000, options: options)
        #expect(script.status?.sendBufferLimit == 6_000)
        try script.send(count: 10_000)
        script.expectStream(5_001...8_000)
        script.peer(.ack, win: 3_000)
        #expect(script.status?.sendBufferLimit == 6_000)
        script.takeAllSent()
    }

    @Test("when memory is scarce the buffer does not grow")
    func scarceMemory() throws {
        // A block for the text and one for the record of the segments.
        let script = script(maximum: 1 << 20) { $0.limits.bufferBytes = 12_288 }
        #expect(script.status?.sendBufferLimit == 20_000)
        try script.send(count: 8_000)
        script.expectStream(5_001...13_000, pushed: true)
        script.peer(.ack, ack: 6_001)
        #expect(script.status?.sendBufferLimit == 20_000)
        // Now all of it is free again.
        script.peer(.ack)
        #expect(script.status?.sendBufferLimit == 36_000)
    }

    @Test("the status tells what is not acknowledged, and what has not left")
    func status() throws {
        let script = SegmentScript.transfer(peerWindow: 2_000)
        try script.send(count: 5_000)
        script.expectStream(5_001...7_000)
        #expect(script.status?.unacknowledgedBytes == 5_000)
        #expect(script.status?.queuedBytes == 3_000)
        script.peer(.ack, ack: 6_001, win: 1_000)
        #expect(script.status?.unacknowledgedBytes == 4_000)
    }

    @Test("a send that the stack has no memory for is told when there is some")
    func poolIsExhausted() throws {
        let script = script { $0.limits.bufferBytes = 8_192 }
        // Data that waits to be read leaves memory for the text or for the record of what is sent of it, not for both.
        for _ in 0..<4 { script.peer(.ack, length: 1_000) }
        script.takeAllSent()
        script.takeAllEvents()
        #expect(try script.send(count: 100) == 0)
        #expect(try script.receive().bytes.count == 4_000)
        script.expectEvents(.writable)
        #expect(try script.send(count: 100) == 100)
        script.expectStream(5_001...5_100, pushed: true)
    }

    @Test("text never takes up the memory without which it cannot leave")
    func memoryToSend() throws {
        let script = script(buffer: 100_000) { $0.limits.bufferBytes = 8_192 }
        for first in stride(from: 5_001, to: 45_001, by: 4_096) as StrideTo<UInt32> {
            #expect(try script.send(count: 100_000) == 4_096)
            script.expectStream(first...first + 4_095, pushed: true)
            script.peer(.ack)
        }
        #expect(script.status?.unacknowledgedBytes == 0)
    }
}
