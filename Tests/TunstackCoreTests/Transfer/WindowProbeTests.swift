import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Zero-window probes (RFC 9293 §3.8.6.1)")
struct WindowProbeTests {
    /// The peer's window is shut, and data waits.
    private func blocked(options: ConnectionOptions = .plain) throws -> SegmentScript {
        let script = SegmentScript.transfer(options: options)
        script.peer(.ack, win: 0)
        try script.send(count: 3_000)
        script.expectNothing()
        return script
    }

    @Test(
        "the first probe goes after one RTO, with one byte, and the gaps double up to the largest",
        .requirement("RFC9293 MUST-36"), .requirement("RFC9293 SHLD-29"), .requirement("RFC9293 SHLD-30"))
    func gaps() throws {
        let script = try blocked()
        var times: [Interval] = []
        while times.count < 12 {
            script.advance(by: .milliseconds(10))
            for packet in script.takeAllSent() {
                #expect(packet.tcp?.sequenceNumber == SequenceNumber(5_001))
                #expect(packet.payload == StreamBytes.at(0, count: 1))
                times.append(packet.time - .origin)
                script.peer(.ack, ack: 5_001, win: 0)
            }
        }
        let gaps = zip(times, [.zero] + times).map { $0 - $1 }
        let doubled: [Int64] = [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200]
        #expect(gaps.prefix(9).map { $0 } == doubled.map { Interval.milliseconds($0) })
        #expect(gaps.dropFirst(9).allSatisfy { $0 == .seconds(60) })
    }

    @Test(
        "a window may stay shut for ever while probes are answered", .requirement("RFC9293 MUST-37"),
        .requirement("RFC9293 MAY-8"))
    func forEver() throws {
        let script = try blocked()
        for _ in 0..<24 * 60 {
            script.advance(by: .minutes(1))
            for _ in script.takeAllSent() { script.peer(.ack, ack: 5_001, win: 0) }
        }
        script.expectState(.established)
        script.peer(.ack, ack: 5_001, win: 65_535)
        script.expectStream(5_001...8_000, pushed: true)
    }

    @Test(
        "a probe or its answer may be lost, whatever the gap: the connection ends only after R2 without an answer",
        .requirement("RFC9293 MUST-37"))
    func lostProbe() throws {
        let script = try blocked()
        var probes = 0
        for _ in 0..<30 * 60 {
            script.advance(by: .seconds(1))
            for _ in script.takeAllSent() {
                probes += 1
                if !probes.isMultiple(of: 4) { script.peer(.ack, ack: 5_001, win: 0) }
            }
        }
        script.expectState(.established)
    }

    @Test("when the peer stops answering, R2 ends the connection", .requirement("RFC9293 MUST-20"))
    func givesUp() throws {
        let script = try blocked(options: .plain { $0.dataTimeout = .seconds(100) })
        script.at(.seconds(100))
        script.expectState(.established)
        script.at(.seconds(400))
        script.takeAllSent()
        script.expectState(.closed)
        script.expectCloseReason(.timedOut)
    }

    @Test("a peer that takes the byte of a probe moves on by one, and stays shut")
    func probeIsTaken() throws {
        let script = try blocked(options: .plain { $0.noDelay = true })
        script.at(.milliseconds(200))
        script.expectStream(5_001...5_001)
        script.peer(.ack, ack: 5_002, win: 0)
        script.expectNothing()
        script.at(.seconds(2))
        let next = script.takeAllSent().first
        #expect(next?.tcp?.sequenceNumber == SequenceNumber(5_002))
        #expect(next?.payload == StreamBytes.at(1, count: 1))
        script.peer(.ack, ack: 5_003)
        script.expectStream(5_003...8_000, pushed: true)
    }

    @Test("an opening window sends at once, and the probes end")
    func opens() throws {
        let script = try blocked()
        script.at(.milliseconds(100))
        script.peer(.ack, ack: 5_001, win: 65_535)
        script.expectStream(5_001...8_000, pushed: true)
        script.peer(.ack)
        script.at(.seconds(100))
        script.expectNothing()
    }

    @Test("a FIN waits for the window too, and is what probes when nothing else is left")
    func finIsProbed() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 0)
        try script.close()
        script.expectNothing()
        script.at(.milliseconds(200))
        script.expect([.fin, .ack], seq: 5_001)
        script.peer(.ack, ack: 5_001, win: 0)
        script.at(.milliseconds(600))
        script.expect([.fin, .ack], seq: 5_001)
        script.peer(.ack, ack: 5_002, win: 0)
        script.expectState(.finWait2)
        script.at(.seconds(100))
        script.expectNothing()
    }

    @Test("nothing is probed when nothing waits")
    func nothingWaits() {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 0)
        script.advance(by: .minutes(10))
        script.expectNothing()
    }

    @Test("a released connection does not outlive R2 on answers alone", .requirement("RFC6429 §3"))
    func released() throws {
        let script = try blocked()
        script.release()
        var seconds: Int64 = 0
        while script.count(.finWait1) > 0, seconds < 1_000 {
            seconds += 1
            script.advance(by: .seconds(1))
            for _ in script.takeAllSent() { script.peer(.ack, ack: 5_001, win: 0) }
        }
        #expect((100...200).contains(seconds))
        #expect(script.stack.bufferBytesInUse == 0)
    }

    @Test("a probe that is due when its byte has been taken does not turn into a FIN")
    func noFin() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 0)
        try script.send(count: 1)
        script.advance(by: .milliseconds(250))
        #expect(script.takeAllSent().map(\.payload.count) == [1])
        script.batch {
            script.stack.advance(to: script.now + .seconds(10))
            script.peer(.ack, ack: 5_002, win: 0)
        }
        #expect(script.takeAllSent().allSatisfy { $0.tcp?.flags.contains(.fin) == false })
        script.expectState(.established)
    }

    @Test("the ACK of a peer whose probe we have taken counts, though its number is one behind")
    func crossing() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 1_000)
        script.takeAllSent()
        script.peer(.ack, seq: 1_000, ack: 6_001)
        script.expectDrop(nil)
        script.expectNothing()
        #expect(script.status?.unacknowledgedBytes == 0)
    }

    @Test("the ACK of a peer that has filled our window counts, though its number is past the edge")
    func rightEdge() throws {
        let script = SegmentScript.transfer()
        try script.send(count: 1_000)
        script.takeAllSent()
        let window = try #require(script.status?.receiveWindow)
        script.peer(.ack, seq: 1_001 + UInt32(window), ack: 6_001)
        script.expectDrop(nil)
        #expect(script.status?.unacknowledgedBytes == 0)
        script.peer(.rst, seq: 1_001 + UInt32(window))
        script.expectDrop(.outsideWindow)
        script.expectState(.established)
    }

    @Test("when the window shuts again the gaps begin anew", .requirement("RFC9293 SHLD-30"))
    func again() throws {
        let script = try blocked()
        for _ in 0..<4 {
            while script.takeAllSent().isEmpty { script.advance(by: .milliseconds(10)) }
            script.peer(.ack, ack: 5_001, win: 0)
        }
        script.peer(.ack, ack: 5_001)
        script.expectStream(5_001...8_000, pushed: true)
        script.peer(.ack, win: 0)
        try script.send(count: 1_000)
        script.expectNothing()
        script.advance(by: .milliseconds(200))
        script.expect([.ack], seq: 8_001, length: 1)
    }

    @Test("a window that opens in the instant of a probe makes the probe needless", arguments: [true, false])
    func opensInTime(carriesText: Bool) throws {
        let script = try blocked(options: .plain { $0.windowProbesCarryText = carriesText })
        script.batch {
            script.at(.milliseconds(200))
            script.peer(.ack, ack: 5_001)
        }
        script.expectStream(5_001...8_000, pushed: true)
        script.expectNothing()
    }

    @Test("when a probe has taken the last byte along there is nothing to probe for any more")
    func lastByte() throws {
        let script = SegmentScript.transfer()
        script.peer(.ack, win: 0)
        try script.send("x")
        script.advance(by: .milliseconds(200))
        #expect(script.takeAllSent().map(\.payload) == [Array("x".utf8)])
        script.peer(.ack, ack: 5_002, win: 0)
        script.advance(by: .minutes(10))
        script.expectNothing()
        #expect(script.stack.nextDeadline == nil)
        #expect(script.status?.retransmissions == 0)
    }
}
