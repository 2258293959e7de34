import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("PSH, records and bursts")
struct PushTests {
    private func script(_ change: (inout ConnectionOptions) -> Void = { _ in }) -> SegmentScript {
        .transfer(
            options: .plain {
                $0.pushesBursts = true
                change(&$0)
            })
    }

    /// The numbers of segments that carry PSH, counted from 0.
    private func pushed(_ script: SegmentScript) -> [Int] {
        script.takeAllSent().enumerated().compactMap { $1.tcp?.flags.contains(.psh) == true ? $0 : nil }
    }

    @Test("of segments that leave together the last carries PSH, and no more leave together than half of the window")
    func bursts() throws {
        let script = script()
        try script.send(count: 20_000)
        #expect(pushed(script) == [4, 9], "ten segments of window")
    }

    @Test("without bursts only the end of what was sent carries PSH", .requirement("RFC9293 MUST-61"))
    func plain() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 8_000)
        #expect(pushed(script) == [7])
    }

    @Test("what was pushed for itself is pushed again when it is repaired; the end of a burst is not")
    func repairs() throws {
        let script = script()
        try script.send(count: 3_000)
        script.takeAllSent()
        script.advance(by: .seconds(2))
        let repair = script.takeAllSent().first
        #expect(repair?.tcp?.sequenceNumber == SequenceNumber(5_001))
        #expect(repair?.tcp?.flags == .ack)
    }

    @Test("the end of a record ends a segment, which nothing follows in it")
    func records() throws {
        let script = SegmentScript.transfer()
        try script.send(bytes: StreamBytes.at(0, count: 300), flags: .endOfRecord)
        script.expectStream(5_001...5_300, pushed: true)
        try script.send(bytes: StreamBytes.at(300, count: 300), flags: [.endOfRecord, .more])
        try script.send(bytes: StreamBytes.at(600, count: 300))
        script.expectStream(5_301...5_600, pushed: true)
    }

    @Test("a push that is kept is carried out though more was queued behind it")
    func keptPush() throws {
        let script = SegmentScript.transfer(peerWindow: 1_000)
        try script.send(bytes: StreamBytes.at(0, count: 2_000), flags: .keepPush)
        try script.send(bytes: StreamBytes.at(2_000, count: 2_000))
        script.expectStream(5_001...6_000)
        script.peer(.ack, win: 3_000)
        script.expectStream(6_001...7_000, pushed: true)
        script.expectStream(7_001...9_000, pushed: true)
    }
}
