import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("TIME-WAIT (RFC 9293 §3.6.1, §3.10.7.4)")
struct TimeWaitTests {
    @Test(
        "it lasts twice the MSL", .requirement("RFC7323 §5.8"), .requirement("RFC9293 MUST-13"),
        .requirement("mission B35"),
        arguments: [.seconds(30), .seconds(60), .seconds(120)] as [Interval])
    func duration(msl: Interval) {
        let script = SegmentScript.reached(by: .timeWaitFromFinWait2) { $0.maximumSegmentLifetime = msl }
        script.at(msl * 2 - .milliseconds(1))
        script.expectState(.timeWait)
        script.at(msl * 2)
        script.expectState(.closed)
        #expect(script.transitions.last?.transition.cause == .timeWaitTimeout)
        script.release()
        #expect(script.status == nil)
        #expect(script.stack.nextDeadline == nil)
    }

    @Test(
        "a FIN seen again is acknowledged again and restarts the timer", .requirement("mission B36"),
        .requirement("mission B37"))
    func repeatedFin() {
        let script = SegmentScript.inState(.timeWait)
        script.at(.seconds(50))
        script.peer([.fin, .ack], seq: 1001, ack: 5002)
        script.expectDrop(nil)
        script.expect(.ack, seq: 5002, ack: 1002)
        script.at(.seconds(109))
        script.expectState(.timeWait)
        script.at(.seconds(110))
        script.expectState(.closed)
    }

    @Test("an old duplicate is answered by the last ACK, and does not restart the timer", .requirement("mission B37"))
    func oldDuplicate() {
        let script = SegmentScript.inState(.timeWait)
        script.at(.seconds(50))
        script.peer([.psh, .ack], "old", seq: 998)
        script.expectDrop(.outsideWindow)
        script.expect(.ack, seq: 5002, ack: 1002)
        script.at(.seconds(60))
        script.expectState(.closed)
    }

    @Test("a reset does not cut it short", .requirement("RFC1337 §3"))
    func reset() {
        let script = SegmentScript.inState(.timeWait)
        script.peer(.rst, seq: 1002)
        script.peer([.rst, .ack], seq: 1002)
        script.expectDrop(.resetInTimeWait)
        script.expectNothing()
        script.at(.milliseconds(59_999))
        script.expectState(.timeWait)
        script.at(.seconds(60))
        script.expectState(.closed)
    }

    @Test("the pair of sockets cannot be opened, and the port cannot be had", .requirement("mission B38"))
    func pairRefused() throws {
        let script = SegmentScript.inState(.timeWait)
        #expect(throws: OpenError.connectionExists) { try script.open() }
        script.stack.closeListener(try #require(script.listener), at: script.now)
        #expect(throws: ListenError.addressInUse) { try script.listen(on: script.key.local) }
        #expect(throws: OpenError.connectionExists) {
            try script.open(to: Endpoint(SegmentScript.peerAddress, 9), from: script.key.local)
        }
        script.at(.seconds(60))
        try script.open()
        script.expect(.syn)
    }

    @Test("what was received can still be read, then and after")
    func readable() throws {
        let script = SegmentScript.inState(.finWait2)
        script.peer([.fin, .psh, .ack], "abcdef")
        script.expect(.ack)
        script.expectState(.timeWait)
        #expect(try script.read(upTo: 3) == "abc")
        script.at(.seconds(60))
        script.expectState(.closed)
        #expect(try script.read(upTo: 2) == "de")
        #expect(try script.read() == "f")
        #expect(try script.receive().result == .endOfStream)
        #expect(script.stack.bufferBytesInUse == 0)
    }

    @Test("what was received can still be read after LAST-ACK and CLOSED")
    func readableAfterLastAck() throws {
        let script = SegmentScript.established()
        script.peer([.fin, .psh, .ack], "abc")
        try script.close()
        script.takeAllSent()
        script.peer(.ack)
        script.expectState(.closed)
        #expect(try script.read() == "abc")
        #expect(try script.receive().result == .endOfStream)
    }

    @Test("ABORT ends it at once and in silence")
    func abort() {
        let script = SegmentScript.inState(.timeWait)
        script.abort()
        script.expectNothing()
        script.expectState(.closed)
        #expect(script.count(.timeWait) == 0)
        script.release()
        #expect(script.stack.nextDeadline == nil)
    }

    @Test("with timestamps the last ACK carries them")
    func timestamps() throws {
        let stamp = TCPOptions(timestamps: TCPTimestamps(value: 100, echoReply: 0))
        let script = SegmentScript.reached(
            by: .timeWaitFromFinWait2, options: .plain { $0.timestamps = true }, peerOptions: stamp)
        script.at(.seconds(2))
        script.peer([.fin, .ack], seq: 1001, options: stamp)
        script.expect(.ack, options: TCPOptions(timestamps: TCPTimestamps(value: 2_000, echoReply: 100)))
    }

    @Test("records are bounded: the oldest gives way")
    func bounded() throws {
        let script = SegmentScript(listening: 9877) { $0.limits.timeWaitRecords = 3 }
        for port in 1...5 as ClosedRange<UInt16> {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.peer(.ack)
            script.accept()
            script.release()
            script.peer([.fin, .ack])
            script.takeAllSent()
        }
        #expect(script.count(.timeWait) == 3)
        #expect(script.stack.counters.timeWaitOverflows == 2)
        script.connect(fromPort: 2)
        script.expectState(.listen)
        script.connect(fromPort: 3)
        script.expectState(.timeWait)
        #expect(script.count() == 4)
    }
}

@Suite("A new incarnation in TIME-WAIT (RFC 9293 §3.6.1, RFC 6191)")
struct NewIncarnationTests {
    private static func stamp(_ value: UInt32) -> TCPOptions {
        TCPOptions(timestamps: TCPTimestamps(value: value, echoReply: 0))
    }

    /// TIME-WAIT with a listener, 5002 and 1002 being the next numbers; with timestamps the peer's last was 100.
    private static func script(timestamps: Bool) -> SegmentScript {
        SegmentScript.reached(
            by: .timeWaitFromFinWait2, options: .plain { $0.timestamps = true },
            peerOptions: timestamps ? stamp(100) : TCPOptions())
    }

    @Test(
        "a SYN with a number beyond all of the old connection's opens a new one",
        .requirement("RFC9293 MAY-2"), .requirement("mission B38"))
    func newerNumber() throws {
        let script = Self.script(timestamps: false)
        script.peer(.syn, seq: 1003)
        // Our numbers begin beyond all that the old connection used.
        script.expect([.syn, .ack], seq: 5003, ack: 1004)
        script.expectState(.synReceived)
        script.expectCloseReason(.closed)
        script.peer(.ack, seq: 1004, ack: 5004)
        script.accept()
        script.expectState(.established)
        #expect(script.transitions.map(\.transition.cause).contains(.newIncarnation))
    }

    @Test("a SYN with an old number is an old duplicate", .requirement("mission B37"))
    func olderNumber() {
        let script = Self.script(timestamps: false)
        for number in [1000, 1001, 1002] as [UInt32] {
            script.peer(.syn, seq: number)
            script.expectDrop(.outsideWindow)
            script.expect(.ack, seq: 5002, ack: 1002)
            script.expectState(.timeWait)
        }
    }

    @Test(
        "timestamps decide before numbers do", .requirement("RFC9293 SHLD-4"), .requirement("RFC6191 §2"),
        arguments: [
            // A later timestamp: any number will do.
            (101, 500, true), (101, 2_000, true),
            // The same timestamp: the number decides.
            (100, 1_003, true), (100, 1_002, false), (100, 500, false),
            // An earlier timestamp is an old duplicate's.
            (99, 500, false), (99, 2_000, false),
        ] as [(UInt32, UInt32, Bool)])
    func byTimestamp(value: UInt32, seq: UInt32, opens: Bool) {
        let script = Self.script(timestamps: true)
        script.peer(.syn, seq: seq, options: Self.stamp(value))
        script.expectState(opens ? .synReceived : .timeWait)
        script.expect(opens ? [.syn, .ack] : .ack, ack: opens ? seq + 1 : 1_002)
    }

    @Test(
        "a SYN is measured by the last timestamp seen, that of a bare ACK in TIME-WAIT too", .requirement("RFC6191 §2"),
        .requirement("RFC7323 §4.3"),
        arguments: [
            // A later one in order counts.
            (150, 1_002, 5_002, 150), (150, 1_002, 5_001, 150),
            // An earlier one does not, nor one out of order, nor one that acknowledges what was never sent.
            (99, 1_002, 5_002, 100), (150, 1_003, 5_002, 100), (150, 1_001, 5_002, 100), (150, 1_002, 5_003, 100),
        ] as [(UInt32, UInt32, UInt32, UInt32)])
    func byLastTimestamp(value: UInt32, seq: UInt32, ack: UInt32, last: UInt32) {
        let script = Self.script(timestamps: true)
        script.peer(.ack, seq: seq, ack: ack, options: Self.stamp(value))
        script.takeAllSent()
        script.peer(.syn, seq: 500, options: Self.stamp(last))
        script.expectState(.timeWait)
        script.takeAllSent()
        script.peer(.syn, seq: 500, options: Self.stamp(last + 1))
        script.expectState(.synReceived)
        script.expect([.syn, .ack], ack: 501)
    }

    @Test(
        "a SYN that drops the timestamps of the old connection goes by its number", .requirement("RFC6191 §2"),
        arguments: [(1_003, true), (1_002, false)] as [(UInt32, Bool)])
    func timestampsDropped(seq: UInt32, opens: Bool) {
        let script = Self.script(timestamps: true)
        script.peer(.syn, seq: seq)
        script.expectState(opens ? .synReceived : .timeWait)
        script.expect(opens ? [.syn, .ack] : .ack)
    }

    @Test("a SYN that brings timestamps where there were none is new", .requirement("RFC6191 §2"))
    func timestampsNew() {
        let script = Self.script(timestamps: false)
        script.peer(.syn, seq: 500, options: Self.stamp(1))
        script.expectState(.synReceived)
        script.expect([.syn, .ack], seq: 5003, ack: 501)
    }

    @Test("without a listener nothing is opened")
    func noListener() throws {
        let script = Self.script(timestamps: false)
        script.stack.closeListener(try #require(script.listener), at: script.now)
        script.peer(.syn, seq: 900_000)
        script.expect(.ack, seq: 5002, ack: 1002)
        script.expectState(.timeWait)
    }

    @Test("a SYN that there is no room for leaves TIME-WAIT as it was")
    func noRoom() throws {
        let script = SegmentScript.inState(.timeWait)
        script.stack.closeListener(try #require(script.listener), at: script.now)
        var options = ListenerOptions()
        options.synBacklog = 0
        options.reusesAddress = true
        try script.listen(on: script.key.local, options: options)
        script.peer(.syn, seq: 900_000)
        script.expectDrop(.synQueueFull)
        script.expectNothing()
        script.expectState(.timeWait)
    }

    @Test(
        "a new incarnation that fails gives TIME-WAIT its sockets back, for another two MSL",
        .requirement("RFC9293 MAY-2"),
        arguments: IncarnationEnd.allCases)
    func fails(because end: IncarnationEnd) throws {
        let script = Self.script(timestamps: false)
        script.at(.seconds(10))
        script.peer(.syn, seq: 1_003)
        script.expect([.syn, .ack], seq: 5_003, ack: 1_004)
        #expect(script.count(.timeWait) == 0)
        try end.act(script)
        script.takeAllSent()
        script.expectState(.timeWait)
        #expect(script.count(.synReceived) == 0)
        // It answers as before, and two MSL count from now.
        script.peer(.ack, seq: 998)
        script.expect(.ack, seq: 5_002, ack: 1_002)
        script.advance(by: .milliseconds(59_999))
        script.expectState(.timeWait)
        script.advance(by: .milliseconds(1))
        #expect(script.count(.timeWait) == 0)
        #expect(script.status?.state == .closed)
        #expect(script.transitions.last?.transition.cause == .timeWaitTimeout)
        script.release()
        #expect(script.stack.nextDeadline == nil)
    }

    /// Ways for a new incarnation to come to nothing.
    enum IncarnationEnd: CaseIterable, Sendable {
        case reset, repeatedSyn, silence, hardError, listenerCloses

        fileprivate func act(_ script: SegmentScript) throws {
            switch self {
            case .reset: script.peer(.rst, seq: 1_004)
            case .repeatedSyn: script.peer(.syn, seq: 1_010)
            case .silence: script.advance(by: .seconds(180))
            case .hardError: script.icmp(.destinationUnreachable(code: 3, nextHopMTU: 0), quoting: 5_003)
            case .listenerCloses: script.stack.closeListener(try #require(script.listener), at: script.now)
            }
        }
    }

    @Test("while a new incarnation opens the old connection can be aborted, and then nothing returns to TIME-WAIT")
    func abortedMeanwhile() {
        let script = Self.script(timestamps: false)
        script.peer(.syn, seq: 1_003)
        script.abort()
        #expect(script.status?.state == .closed)
        script.peer(.rst, seq: 1_004)
        script.takeAllSent()
        #expect(script.count() == 1)
        script.release()
        #expect(script.stack.nextDeadline == nil)
    }

    @Test("a record that a new incarnation has displaced can give way to newer ones")
    func overflowsMeanwhile() {
        let script = SegmentScript(listening: 9877) { $0.limits.timeWaitRecords = 1 }
        func reachTimeWait(from port: UInt16) {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.peer(.ack)
            script.accept()
            script.release()
            script.peer([.fin, .ack])
        }
        reachTimeWait(from: 1)
        script.peer(.syn, seq: 2_000)
        reachTimeWait(from: 2)
        #expect(script.stack.counters.timeWaitOverflows == 1)
        script.connect(fromPort: 1)
        script.peer(.rst, seq: 2_001)
        script.expectState(.listen)
        script.takeAllSent()
        #expect(script.count(.timeWait) == 1)
    }

    @Test("a stale handle never leads to the new incarnation")
    func staleHandle() throws {
        let script = SegmentScript.inState(.timeWait)
        let old = try #require(script.connection)
        script.release()
        script.peer(.syn, seq: 2_000)
        script.peer(.ack)
        script.takeAllSent()
        script.accept()
        #expect(script.connection != old)
        #expect(script.status(of: old) == nil)
        script.connection = old
        #expect(throws: ConnectionError.connectionDoesNotExist) { try script.send("abc") }
        script.abort()
        script.expectState(.established)
    }
}
