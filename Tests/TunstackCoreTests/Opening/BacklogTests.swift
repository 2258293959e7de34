import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("SYN queue and accept queue (RFC 4987 §3)")
struct BacklogTests {
    private static func script(
        synBacklog: Int = 1_024, backlog: Int = 128, configure: (inout StackConfiguration) -> Void = { _ in }
    ) -> SegmentScript {
        var options = ListenerOptions()
        options.synBacklog = synBacklog
        options.backlog = backlog
        return SegmentScript(listening: 9877, listenerOptions: options, configure: configure)
    }

    @Test(
        "a flood of SYNs fills the SYN queue and no more; the rest are dropped in silence and counted",
        .requirement("mission B21"))
    func synFlood() {
        let script = Self.script(synBacklog: 10)
        for port in 1...1_000 {
            script.connect(fromPort: UInt16(port))
            script.peer(.syn, seq: UInt32(port))
            if port <= 10 {
                script.expect([.syn, .ack], seq: 5000, ack: UInt32(port) + 1)
            } else {
                script.expectDrop(.synQueueFull)
                script.expectNothing()
            }
        }
        #expect(script.count(.synReceived) == 10)
        #expect(script.stack.counters[.synQueueFull] == 990)
        #expect(script.stack.bufferBytesInUse == 0)
        // Only the ACK promotes an entry, and each that leaves makes room for another.
        script.connect(fromPort: 3)
        script.peer(.ack, seq: 4, ack: 5001)
        script.expectState(.established)
        script.connect(fromPort: 2_000)
        script.peer(.syn, seq: 1000)
        script.expect([.syn, .ack])
        #expect(script.count(.synReceived) == 10)
    }

    @Test("entries of a flood are gone after R2", .requirement("mission B21"))
    func floodEnds() {
        let script = Self.script(synBacklog: 10)
        for port in 1...10 {
            script.connect(fromPort: UInt16(port))
            script.peer(.syn)
        }
        script.at(.seconds(180))
        #expect(script.count(.synReceived) == 0)
        #expect(script.takeAllSent().count == 10 * 8)
        script.peer(.syn)
        script.expect([.syn, .ack])
    }

    @Test("with a full accept queue the last ACK is not taken, and it is asked for again")
    func acceptQueueFull() {
        let script = Self.script(backlog: 1)
        for port in [1, 2] as [UInt16] {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.expect([.syn, .ack])
        }
        script.connect(fromPort: 1)
        script.peer(.ack)
        script.expectState(.established)
        script.connect(fromPort: 2)
        script.peer(.ack)
        script.expectDrop(.acceptQueueFull)
        script.expectState(.synReceived)
        script.expectNothing()

        // A new SYN would have nowhere to go.
        script.connect(fromPort: 3)
        script.peer(.syn)
        script.expectDrop(.acceptQueueFull)
        script.expectNothing()

        script.accept()
        script.connect(fromPort: 2)
        script.at(.seconds(1))
        script.expect([.syn, .ack], seq: 5000, ack: 1001)
        script.peer(.ack)
        script.expectState(.established)
        script.accept()
    }

    @Test("in a full queue the oldest entry gives way, once it has gone unanswered for a quarter of a second")
    func oldestGivesWay() {
        let script = Self.script(synBacklog: 2)
        for (port, time) in [(1, 0), (2, 100)] as [(UInt16, Int64)] {
            script.at(.milliseconds(time))
            script.connect(fromPort: port)
            script.peer(.syn)
            script.expect([.syn, .ack])
        }
        script.at(.milliseconds(249))
        script.connect(fromPort: 3)
        script.peer(.syn)
        script.expectDrop(.synQueueFull)
        script.at(.milliseconds(250))
        script.peer(.syn)
        script.expect([.syn, .ack])
        #expect(script.stack.counters.synQueueOverflows == 1)
        #expect(script.count(.synReceived) == 2)
        // The second is the oldest now, and is too young; it and the third can still be completed.
        script.connect(fromPort: 4)
        script.peer(.syn)
        script.expectDrop(.synQueueFull)
        for port in [2, 3] as [UInt16] {
            script.connect(fromPort: port)
            script.peer(.ack)
            script.accept()
            script.expectState(.established)
        }
        script.connect(fromPort: 1)
        script.peer(.ack, ack: 5_001)
        script.expect(.rst)
    }

    @Test("what a listener remembers of the order of its entries does not grow with those that have ended")
    func orderIsBounded() {
        let script = Self.script(synBacklog: 4, backlog: 1_000)
        script.connect(fromPort: 1)
        script.peer(.syn)
        script.expect([.syn, .ack])
        for port in 2..<500 as Range<UInt16> {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.expect([.syn, .ack])
            script.peer(.ack)
        }
        script.takeAllEvents()
        #expect(script.listener.map { script.stack.listeners[Int($0.index)].halfOpenOrder.count <= 17 } == true)
    }

    @Test("connections are accepted in the order in which they were completed")
    func order() {
        let script = Self.script()
        for port in [1, 2, 3] as [UInt16] {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.expect([.syn, .ack])
        }
        for port in [2, 3, 1] as [UInt16] {
            script.connect(fromPort: port)
            script.peer(.ack)
        }
        var accepted: [Port?] = []
        for _ in 0..<3 {
            script.accept()
            accepted.append(script.status?.key.remote.port)
        }
        #expect(accepted == [2, 3, 1])
        #expect(script.listener.flatMap { script.accept(from: $0) } == nil)
    }

    @Test("one event tells of any number of connections that wait")
    func oneEvent() {
        let script = Self.script()
        for port in [1, 2] as [UInt16] {
            script.batch {
                script.connect(fromPort: port)
                script.peer(.syn)
                script.peer(.ack, seq: 1001, ack: 5001)
            }
        }
        script.takeAllSent()
        #expect(script.takeAllEvents().count == 2)
        script.batch {
            for port in [3, 4] as [UInt16] {
                script.connect(fromPort: port)
                script.peer(.syn)
                script.peer(.ack, seq: 1001, ack: 5001)
            }
        }
        script.takeAllSent()
        #expect(script.takeAllEvents() == script.listener.map { [.acceptable($0)] })
        for _ in 0..<4 { script.accept() }
    }

    @Test("the table of connections has a limit, half-open entries included")
    func tableLimit() throws {
        let script = Self.script { $0.limits.connections = 2 }
        for port in [1, 2] as [UInt16] {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.expect([.syn, .ack])
        }
        script.connect(fromPort: 3)
        script.peer(.syn)
        script.expectDrop(.connectionTableFull)
        script.expectNothing()
        #expect(throws: OpenError.tooManyConnections) {
            try script.open(to: Endpoint(SegmentScript.peerAddress, 80))
        }
    }

    @Test(
        "a connection that ends while it waits to be accepted is handed out all the same",
        .requirement("RFC9293 MUST-12"))
    func resetBeforeAccept() throws {
        let script = Self.script()
        script.peer(.syn)
        script.expect([.syn, .ack])
        script.peer([.psh, .ack], "abc")
        script.expect(.ack)
        script.peer(.rst)
        script.accept()
        script.expectEvents([.readable, .closed])
        script.expectCloseReason(.resetByPeer)
        script.release()
        #expect(script.status == nil)
    }

    @Test("an ACK without the timestamps that were agreed on does not promote an entry", .requirement("RFC7323 §3.2"))
    func missingTimestamp() {
        let script = SegmentScript(listening: 9877, options: ConnectionOptions())
        let stamp = TCPOptions(timestamps: TCPTimestamps(value: 100, echoReply: 0))
        script.peer(.syn, options: stamp)
        script.expect([.syn, .ack])
        script.peer(.ack)
        script.expectDrop(.missingTimestamp)
        script.expectNothing()
        // Nothing has come of it: the entry still asks, and still ends with R2.
        script.at(.seconds(1))
        script.expect([.syn, .ack])
        script.at(.seconds(180))
        script.takeAllSent()
        script.expectState(.listen)
    }

    @Test("an ACK with a timestamp older than the SYN's does not promote an entry", .requirement("RFC7323 §5.3"))
    func oldTimestamp() {
        let script = SegmentScript(listening: 9877, options: ConnectionOptions())
        script.peer(.syn, options: TCPOptions(timestamps: TCPTimestamps(value: 100, echoReply: 0)))
        script.expect([.syn, .ack])
        script.peer(.ack, options: TCPOptions(timestamps: TCPTimestamps(value: 99, echoReply: 0)))
        script.expectDrop(.pawsRejected)
        script.expect(.ack, seq: 5001, ack: 1001)
        script.at(.seconds(180))
        script.takeAllSent()
        script.expectState(.listen)
    }
}
