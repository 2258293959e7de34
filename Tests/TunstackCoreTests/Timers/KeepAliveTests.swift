import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Keep-alive (RFC 9293 §3.8.4)")
struct KeepAliveTests {
    private static let on = ConnectionOptions.plain { $0.keepAlive = KeepAlive() }

    /// The times, in seconds, at which something was sent until then.
    private func times(on script: SegmentScript, until time: Interval) -> [Int64] {
        script.at(time)
        return script.takeAllSent().map { $0.time.nanoseconds / 1_000_000_000 }
    }

    @Test("it is off unless the application asks for it", .requirement("RFC9293 MUST-25"))
    func off() {
        let script = SegmentScript.transfer()
        #expect(script.stack.nextDeadline == nil)
        script.advance(by: .minutes(60 * 24 * 30))
        script.expectNothing()
        script.expectState(.established)
    }

    @Test(
        "two hours of silence, ten probes 75 s apart, and the peer is dead after 7950 s",
        .requirement("mission B42"), .requirement("mission B43"), .requirement("RFC9293 MUST-28"),
        .requirement("RFC9293 MUST-29"),
        .requirement("RFC9293 MAY-5"))
    func defaults() {
        let script = SegmentScript.transfer(options: Self.on)
        let expected = (0..<10).map { 7_200 + 75 * Int64($0) }
        #expect(times(on: script, until: .milliseconds(7_949_999)) == expected)
        script.expectState(.established)
        #expect(times(on: script, until: .seconds(7_950)) == [])
        script.expectState(.closed)
        script.expectCloseReason(.keepAliveTimeout)
        script.expectEvents(.closed)
    }

    @Test("a probe has an old number and no text", .requirement("RFC9293 SHLD-12"))
    func probe() {
        let script = SegmentScript.transfer(options: Self.on)
        script.at(.seconds(7_200))
        script.expect(.ack, seq: 5_000, ack: 1_001)
    }

    @Test(
        "an answered probe starts the two hours anew", .requirement("RFC9293 MUST-26"), .requirement("RFC9293 MUST-29"))
    func answered() {
        let script = SegmentScript.transfer(options: Self.on)
        for _ in 0..<9 {
            script.advance(by: .seconds(7_200))
            script.expect(.ack, seq: 5_000)
            script.peer(.ack)
            script.expectNothing()
        }
        script.expectState(.established)
    }

    @Test("an answer to the last of the probes is enough", .requirement("RFC9293 MUST-29"))
    func lateAnswer() {
        let script = SegmentScript.transfer(options: Self.on)
        #expect(times(on: script, until: .seconds(7_949)).count == 10)
        script.peer(.ack)
        #expect(times(on: script, until: .seconds(7_949 + 7_199)) == [])
        #expect(times(on: script, until: .seconds(7_949 + 7_200)) == [7_949 + 7_200])
        script.expectState(.established)
    }

    @Test("anything that the peer sends starts it anew", .requirement("mission B42"), .requirement("RFC9293 MUST-26"))
    func anyData() throws {
        let script = SegmentScript.transfer(options: Self.on)
        script.at(.seconds(7_000))
        script.peer([.psh, .ack], "x")
        script.expect(.ack)
        #expect(times(on: script, until: .seconds(14_199)) == [])
        #expect(times(on: script, until: .seconds(14_200)) == [14_200])
    }

    @Test("an acknowledgment of our data does too", .requirement("RFC9293 MUST-26"))
    func ourData() throws {
        let script = SegmentScript.transfer(options: Self.on)
        script.at(.seconds(7_000))
        try script.send("x")
        script.expect([.psh, .ack], "x")
        script.peer(.ack)
        #expect(times(on: script, until: .seconds(14_199)) == [])
        #expect(times(on: script, until: .seconds(14_200)) == [14_200])
    }

    @Test("while data is in flight nothing is probed", .requirement("RFC9293 MUST-26"))
    func inFlight() throws {
        let script = SegmentScript.transfer(
            options: .plain {
                $0.keepAlive = KeepAlive()
                $0.keepAlive?.idle = .seconds(10)
                $0.dataTimeout = .seconds(1_000)
            })
        script.at(.seconds(9))
        try script.send("x")
        script.at(.seconds(60))
        for packet in script.takeAllSent() { #expect(packet.tcp?.sequenceNumber == SequenceNumber(5_001)) }
    }

    @Test("interval, gaps and number of probes can be chosen", .requirement("RFC9293 MUST-27"))
    func chosen() {
        var keepAlive = KeepAlive()
        keepAlive.idle = .seconds(60)
        keepAlive.interval = .seconds(5)
        keepAlive.probes = 3
        let script = SegmentScript.transfer(options: .plain { $0.keepAlive = keepAlive })
        #expect(times(on: script, until: .seconds(74)) == [60, 65, 70])
        script.expectState(.established)
        script.at(.seconds(75))
        script.expectState(.closed)
    }

    @Test("it is switched on and off while a connection lives", .requirement("RFC9293 MUST-24"))
    func switched() throws {
        let script = SegmentScript.transfer()
        script.at(.seconds(100))
        try script.setOptions { $0.keepAlive = KeepAlive() }
        script.at(.seconds(7_350))
        script.expect(.ack, seq: 5_000)
        try script.setOptions { $0.keepAlive = nil }
        script.at(.seconds(100_000))
        script.expectNothing()
        script.expectState(.established)
    }

    @Test("switched on after a long silence, it counts from the last sign of life or from now, and probes in time")
    func switchedOnLate() throws {
        let script = SegmentScript.transfer()
        script.at(.seconds(7_000))
        try script.setOptions { $0.keepAlive = KeepAlive() }
        let first = times(on: script, until: .seconds(14_200)).first
        #expect(first == 7_200 || first == 14_200)
    }

    @Test("zero probes count as one: a peer is never dead unasked", .requirement("RFC9293 MUST-29"))
    func noProbes() {
        let script = SegmentScript.transfer(
            options: .plain {
                $0.keepAlive = KeepAlive()
                $0.keepAlive?.probes = 0
            })
        #expect(times(on: script, until: .seconds(7_274)) == [7_200])
        script.expectState(.established)
        script.at(.seconds(7_275))
        script.expectState(.closed)
    }

    @Test("a peer's probe is answered at once, and is a sign of life")
    func peerProbes() {
        let script = SegmentScript.transfer(options: Self.on)
        script.at(.seconds(5_000))
        script.peer(.ack, seq: 1_000)
        script.expect(.ack, seq: 5_001, ack: 1_001)
        #expect(times(on: script, until: .seconds(12_199)) == [])
        #expect(times(on: script, until: .seconds(12_200)) == [12_200])
    }

    @Test("a probe with a byte of junk is answered too", .requirement("RFC9293 MAY-6"))
    func junkProbe() {
        let script = SegmentScript.transfer(options: Self.on)
        script.peer(.ack, seq: 1_000, length: 1)
        script.expect(.ack, seq: 5_001, ack: 1_001)
    }

    @Test("it goes on in CLOSE-WAIT, where a peer can vanish too", .requirement("mission B43"))
    func closeWait() {
        let script = SegmentScript.transfer(options: Self.on)
        script.peer([.fin, .ack])
        script.expect(.ack)
        #expect(times(on: script, until: .seconds(7_949)).count == 10)
        script.at(.seconds(7_950))
        script.expectState(.closed)
        script.expectCloseReason(.keepAliveTimeout)
    }

    @Test("a peer that has restarted answers the probe with a reset", .requirement("mission B43"))
    func restartedPeer() {
        let script = SegmentScript.transfer(options: Self.on)
        script.at(.seconds(7_200))
        script.expect(.ack, seq: 5_000, ack: 1_001)
        script.peer(.rst, seq: 1_001)
        script.expectState(.closed)
        script.expectCloseReason(.resetByPeer)
    }
}
