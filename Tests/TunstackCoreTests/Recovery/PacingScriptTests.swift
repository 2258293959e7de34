import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Pacing and delivery rate of a connection")
struct PacingScriptTests {
    private static var paced: ConnectionOptions { .plain { $0.pacing = true } }

    private static func paidAt(_ script: SegmentScript) throws -> Instant {
        script.stack.connections[Int(try #require(script.connection).index)].pacer.paidAt
    }

    private static func isApplicationLimited(_ script: SegmentScript) throws -> Bool {
        script.stack.connections[Int(try #require(script.connection).index)].recovery.rate.isApplicationLimited
    }

    @Test("a repair is paid for like new text")
    func repair() throws {
        var options = Self.paced
        options.selectiveAcknowledgment = true
        let script = try SegmentScript.tenInFlight(options: options)
        script.at(.milliseconds(200))
        let before = try Self.paidAt(script)
        script.acknowledge(5_001, 6_001..<9_001)
        #expect(script.takeTexts() == [5_001])
        #expect(try Self.paidAt(script) > before)
    }

    @Test("what has arrived is paid for: segments one by one do not add up to a wait")
    func oneByOne() throws {
        let script = SegmentScript.measured(.milliseconds(500), options: Self.paced)
        for _ in 0..<30 {
            try script.send(count: 1_000)
            #expect(script.takeTexts().count == 1)
            #expect(try Self.paidAt(script) <= script.now + .milliseconds(10))
            script.peer(.ack)
        }
        script.takeAllEvents()
    }

    @Test("when the queue runs dry the delivery rate is the application's from then on")
    func applicationLimited() throws {
        let script = SegmentScript.measured(.milliseconds(100))
        try script.send(count: 30_000)
        script.peer(.ack, ack: 9_001)
        #expect(try !Self.isApplicationLimited(script))
        while script.status?.queuedBytes != 0 { script.peer(.ack) }
        #expect(try Self.isApplicationLimited(script))
        script.takeAllSent()
        script.peer(.ack)
        script.takeAllEvents()
    }
}
