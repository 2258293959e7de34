import Testing
import TunstackCore
import TunstackWire

@Suite("Limits of reassembly (RFC 9293 §3.10.7.4)")
struct ReassemblyLimitTests {
    @Test("one gap more than the limit is refused, and the peer is told at once what is wanted")
    func ranges() throws {
        let script = SegmentScript.transfer { $0.limits.reassemblyRanges = 3 }
        for gap in 1...3 as ClosedRange<UInt32> {
            script.peer(.ack, seq: 1_001 + gap * 100, length: 10)
            script.expect(.ack, ack: 1_001)
            script.expectDrop(nil)
        }
        script.peer(.ack, seq: 1_501, length: 10)
        script.expect(.ack, ack: 1_001)
        script.expectDrop(.noBuffer)
        #expect(script.stack.counters[.noBuffer] == 1)
    }

    @Test("with all gaps in use the stream still goes on where it stands")
    func inOrderGoesOn() throws {
        let script = SegmentScript.transfer { $0.limits.reassemblyRanges = 2 }
        for gap in 1...2 as ClosedRange<UInt32> {
            script.peer(.ack, seq: 1_001 + gap * 100, length: 10)
            script.expect(.ack, ack: 1_001)
        }
        script.peer(.ack, seq: 1_001, length: 40)
        script.expect(.ack, ack: 1_041)
        script.peer(.ack, seq: 1_041, length: 60)
        script.expect(.ack, ack: 1_111)
        #expect(try script.receive().bytes == StreamBytes.at(0, count: 110))
    }

    @Test("without memory data is refused, and taken when it comes again and there is some")
    func pool() throws {
        let script = SegmentScript.transfer { $0.limits.bufferBytes = 4_096 }
        script.peer(.ack, length: 1_000)
        script.expect(.ack, ack: 2_001)
        script.peer(.ack, seq: 1_001 + 4_096, length: 1_000)
        script.expect(.ack, ack: 2_001)
        script.expectDrop(.noBuffer)
        #expect(try script.receive().bytes.count == 1_000)
        #expect(script.stack.bufferBytesInUse == 0)
        script.peer(.ack, seq: 2_001, length: 1_000)
        script.expect(.ack, ack: 3_001)
    }

    @Test("no memory is held for a connection that has nothing to keep")
    func idleConnection() throws {
        let script = SegmentScript.transfer()
        #expect(script.stack.bufferBytesInUse == 0)
        script.peer(.ack, length: 10)
        script.expect(.ack)
        #expect(script.stack.bufferBytesInUse == 4_096)
        _ = try script.receive()
        #expect(script.stack.bufferBytesInUse == 0)
        try script.send("x")
        script.expect([.psh, .ack], "x")
        // The byte, and the record of the segment.
        #expect(script.stack.bufferBytesInUse == 8_192)
        script.peer(.ack)
        #expect(script.stack.bufferBytesInUse == 0)
    }
}
