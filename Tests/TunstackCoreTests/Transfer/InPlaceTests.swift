import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Reading and writing in place")
struct InPlaceTests {
    /// RECEIVE in place of at most so many bytes.
    private func receive(_ script: SegmentScript, upTo count: Int) throws -> (
        result: ReceiveResult, bytes: [UInt8], pieces: Int
    ) {
        var bytes: [UInt8] = []
        var pieces = 0
        let id = try #require(script.connection)
        let result = try script.stack.receive(on: id, at: script.now) { first, second in
            bytes.append(bytes: first)
            bytes.append(bytes: second)
            pieces = second.isEmpty ? 1 : 2
            bytes = Array(bytes.prefix(count))
            return bytes.count
        }
        script.drain()
        return (result, bytes, pieces)
    }

    @Test("what is consumed is gone, what is not is there again, and the window opens", .requirement("RFC9293 MUST-39"))
    func receiving() throws {
        let script = SegmentScript.transfer(
            options: .plain {
                $0.receiveBufferBytes = 3_000
                $0.maximumReceiveBufferBytes = 3_000
            })
        for _ in 0..<3 { script.peer(.ack, length: 1_000) }
        script.takeAllSent()
        let first = try receive(script, upTo: 100)
        #expect(first.result == .bytes(100) && first.bytes == StreamBytes.at(0, count: 100))
        let nothing = try receive(script, upTo: 0)
        #expect(nothing.result == .bytes(0))
        script.expectNothing()
        let rest = try receive(script, upTo: 3_000)
        #expect(rest.result == .bytes(2_900) && rest.bytes == StreamBytes.at(100, count: 2_900))
        script.expect(.ack, ack: 4_001, win: 3_000)
        #expect(try receive(script, upTo: 1).result == .wouldBlock)
        #expect(script.stack.bufferBytesInUse == 0)
        script.peer([.fin, .ack])
        script.takeAllSent()
        #expect(try receive(script, upTo: 1).result == .endOfStream)
    }

    @Test("bytes that run over the end of the ring come in two pieces")
    func twoPieces() throws {
        // The ring has 4 KiB; the bytes begin at 1,001.
        let script = SegmentScript.transfer()
        for _ in 0..<3 { script.peer(.ack, length: 1_000) }
        _ = try receive(script, upTo: 2_900)
        for _ in 0..<2 { script.peer(.ack, length: 1_000) }
        script.takeAllSent()
        let read = try receive(script, upTo: 9_000)
        #expect(read.pieces == 2 && read.bytes == StreamBytes.at(2_900, count: 2_100))
    }

    @Test("what is written in place is sent, and nothing else")
    func sending() throws {
        let script = SegmentScript.transfer()
        let id = try #require(script.connection)
        let text = StreamBytes.at(0, count: 700)
        var offered = 0
        let sent = try script.stack.send(upTo: 5_000, on: id, at: script.now) { output in
            offered = output.freeCapacity
            text.withRawSpan { output.append(bytes: $0) }
        }
        #expect(sent == 700 && offered > 0)
        script.drain()
        script.expectStream(5_001...5_700, pushed: true)
        let none = try script.stack.send(upTo: 5_000, on: id, at: script.now) { _ in }
        #expect(none == 0)
        script.peer(.ack)
        #expect(script.stack.bufferBytesInUse == 0)
        #expect(script.takeEvents().contains(.writable) == false)
    }

    @Test("over the end of the ring it is written in two calls, and a full buffer says when there is room again")
    func sendingInTwo() throws {
        let script = SegmentScript.transfer(
            options: .plain {
                $0.sendBufferBytes = 4_096
                $0.maximumSendBufferBytes = 4_096
            })
        let id = try #require(script.connection)
        var rest = StreamBytes.at(0, count: 6_000)
        var calls = 0
        let sent = try script.stack.send(upTo: 6_000, on: id, at: script.now) { output in
            calls += 1
            let count = output.freeCapacity
            Array(rest.prefix(count)).withRawSpan { output.append(bytes: $0) }
            rest.removeFirst(count)
        }
        // 5,001 is 905 modulo 4,096.
        #expect(sent == 4_096 && calls == 2)
        script.drain()
        script.expectStream(5_001...9_000)
        script.takeEvents()
        script.peer(.ack, ack: 8_001)
        script.expectEvents([.writable])
        script.peer(.ack, ack: 9_001)
        script.expectStream(9_001...9_096, pushed: true)
        try script.close()
        #expect(throws: ConnectionError.connectionClosing) {
            _ = try script.stack.send(upTo: 1, on: id, at: script.now) { _ in Issue.record("nobody can send any more") }
        }
        script.takeAllSent()
    }

    @Test("a relay to the same connection is an echo, and moves what there is room for")
    func echo() throws {
        let script = SegmentScript.transfer(
            options: .plain {
                $0.sendBufferBytes = 1_500
                $0.maximumSendBufferBytes = 1_500
            })
        let id = try #require(script.connection)
        for _ in 0..<2 { script.peer(.ack, length: 1_000) }
        script.takeAllSent()
        #expect(try script.stack.relay(from: id, to: id, upTo: 200, at: script.now) == .bytes(200))
        #expect(try script.stack.relay(from: id, to: id, at: script.now) == .bytes(1_300))
        #expect(try script.stack.relay(from: id, to: id, at: script.now) == .bytes(0))
        script.drain()
        script.expectStream(5_001...6_000)
        script.takeEvents()
        script.peer(.ack)
        #expect(script.takeEvents().contains(.writable))
        script.expectStream(6_001...6_500, pushed: true)
        #expect(try script.stack.relay(from: id, to: id, at: script.now) == .bytes(500))
        #expect(try script.stack.relay(from: id, to: id, at: script.now) == .wouldBlock)
        script.peer(.ack, ack: 6_501)
        script.drain()
        script.expectStream(6_501...7_000, pushed: true)
        script.peer([.fin, .ack])
        #expect(try script.stack.relay(from: id, to: id, at: script.now) == .endOfStream)
        script.takeAllSent()
    }

    @Test("a relay tells which end is over, and takes nothing that cannot be sent")
    func relayErrors() throws {
        let script = SegmentScript.transfer()
        let id = try #require(script.connection)
        script.peer(.ack, length: 1_000)
        script.takeAllSent()
        let gone = ConnectionID(index: 99, generation: 1)
        #expect(relayError(script, gone, id) == .source(.connectionDoesNotExist))
        #expect(relayError(script, id, gone) == .destination(.connectionDoesNotExist))
        try script.close()
        script.takeAllSent()
        #expect(relayError(script, id, id) == .destination(.connectionClosing))
        try #expect(script.receive().bytes.count == 1_000)
        script.takeAllSent()
    }

    private func relayError(_ script: SegmentScript, _ source: ConnectionID, _ destination: ConnectionID) -> RelayError?
    {
        do throws(RelayError) {
            _ = try script.stack.relay(from: source, to: destination, at: script.now)
            return nil
        } catch {
            return error
        }
    }
}
