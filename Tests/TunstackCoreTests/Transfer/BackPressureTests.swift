import Testing
import TunstackCore
import TunstackWire

@Suite("Back-pressure on SEND (RFC 9293 §3.9.1.2)")
struct BackPressureTests {
    private func script(buffer: Int = 4_000, configure: (inout StackConfiguration) -> Void = { _ in }) -> SegmentScript
    {
        .transfer(options: .plain { $0.sendBufferBytes = buffer }, configure: configure)
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
        // Data that waits to be read uses all the memory that there is.
        for _ in 0..<5 { script.peer(.ack, length: 1_000) }
        script.takeAllSent()
        script.takeAllEvents()
        #expect(try script.send(count: 100) == 0)
        #expect(try script.receive().bytes.count == 5_000)
        script.expectEvents(.writable)
        #expect(try script.send(count: 100) == 100)
        script.expectStream(5_001...5_100, pushed: true)
    }
}
