import Glibc
import Testing
import TunstackWire

@testable import TunstackPacketdrill

@Suite("Calls that block")
struct BlockingTests {
    @Test("a blocked accept sleeps without the stack's lock, and is answered at the instant of the last ACK")
    func accept() {
        let drill = Drill()
        let listener = drill.listener()
        let caller = Caller(drill) { Int(drill.accept(listener)) }
        drill.elapse(200_000)
        let before = drill.clock()
        _ = drill.establish()
        drill.elapse(5_000_000)
        let answer = caller.answer()
        #expect(answer.result > listener)
        #expect((before...before + 1_000).contains(answer.time), "however late the thread looks at the clock")
    }

    @Test("a blocked connect returns when the SYN-ACK arrives")
    func connect() throws {
        let drill = Drill()
        let descriptor = drill.socket()
        let caller = Caller(drill) { Int(drill.connect(descriptor)) }
        let syn = try #require(drill.nextPacket()).header
        drill.deliver(
            drill.segment(
                seq: 0, ack: syn.sequenceNumber.rawValue &+ 1, flags: .syn, from: 8080, to: syn.sourcePort))
        #expect(caller.answer().result == 0)
    }

    @Test("a blocked connect to a port where nobody listens fails with ECONNREFUSED")
    func refused() throws {
        let drill = Drill()
        let descriptor = drill.socket()
        let caller = Caller(drill) { Int(drill.connect(descriptor)) }
        let syn = try #require(drill.nextPacket()).header
        drill.deliver(
            drill.segment(
                seq: 0, ack: syn.sequenceNumber.rawValue &+ 1, flags: .rst, from: 8080, to: syn.sourcePort))
        let answer = caller.answer()
        #expect(answer.result == -1)
        #expect(answer.code == ECONNREFUSED)
    }

    @Test("a blocked read takes what one segment brings")
    func read() {
        let drill = Drill()
        let listener = drill.listener()
        let next = drill.establish()
        let connection = drill.accept(listener)
        let caller = Caller(drill) { drill.read(connection, 2_000) }
        drill.deliver(drill.segment(seq: 1, ack: next, flags: .psh), text: 700)
        drill.deliver(drill.segment(seq: 701, ack: next, flags: .psh), text: 700)
        #expect(caller.answer().result == 700)
        #expect(drill.read(connection, 2_000) == 700)
    }

    @Test("a blocked read ends with a reset, told once, and then with the end of the stream")
    func reset() {
        let drill = Drill()
        let listener = drill.listener()
        let next = drill.establish()
        let connection = drill.accept(listener)
        let caller = Caller(drill) { drill.read(connection, 2_000) }
        drill.deliver(drill.segment(seq: 1, ack: next, flags: .rst))
        let answer = caller.answer()
        #expect(answer.result == -1)
        #expect(answer.code == ECONNRESET)
        #expect(drill.read(connection, 2_000) == 0)
        #expect(drill.write(connection, 10) == -1)
        #expect(errno == EPIPE)
    }

    @Test("a read that must not block fails with EAGAIN")
    func wouldBlock() {
        let drill = Drill()
        let listener = drill.listener()
        _ = drill.establish()
        let connection = drill.accept(listener)
        _ = drill.setFlags(connection, O_NONBLOCK)
        #expect(drill.read(connection, 10) == -1)
        #expect(errno == EAGAIN)
    }
}
