import Testing
import TunstackWire

@testable import TunstackCore

@Suite("The order of TIME-WAIT records")
struct TimeWaitOrderTests {
    @Test("a record that its peer keeps alive does not make the order of all records grow")
    func bounded() {
        let script = SegmentScript(listening: 9877)
        for port in 1...1_000 as ClosedRange<UInt16> {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.peer(.ack)
            script.accept()
            script.release()
            script.peer([.fin, .ack])
            script.expectState(.timeWait)
            // The first peer repeats its FIN for ever; every other record ends in its time.
            script.advance(by: .seconds(31))
            script.connect(fromPort: 1)
            script.peer([.fin, .ack], seq: 1001)
            script.takeAllSent()
        }
        #expect(script.count(.timeWait) <= 3)
        #expect(script.stack.timeWaitOrder.count <= 8)
        script.at(.seconds(100_000))
        #expect(script.count(.timeWait) == 0)
    }
}
