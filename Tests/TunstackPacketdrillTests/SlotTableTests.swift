import Glibc
import TestSupport
import Testing
import TunstackWire

@testable import TunstackPacketdrill

@Suite("The table of functions")
struct SlotTableTests {
    @Test("the table has 33 places of eight bytes, and none is empty")
    func everySlot() {
        let drill = Drill()
        #expect(SlotTable.byteCount == 264)
        for index in 0..<33 { #expect(unsafe drill.pointer(index) != nil, "place \(index)") }
    }

    @Test("what is not supported fails with ENOSYS")
    func unsupported() {
        typealias Splice =
            @convention(c) (
                UserData, Int32, UnsafeMutablePointer<Int64>?, Int32, UnsafeMutablePointer<Int64>?, Int, UInt32
            ) -> Int
        let drill = Drill()
        let result = unsafe drill.slot(.splice, as: Splice.self)(drill.data, 0, nil, 1, nil, 10, 0)
        #expect(result == -1)
        #expect(errno == ENOSYS)
    }

    @Test("a socket of another kind is refused with the number that Linux gives")
    func otherSockets() {
        let drill = Drill()
        #expect(drill.socket(domain: AF_UNIX) == -1)
        #expect(errno == EAFNOSUPPORT)
        #expect(drill.socket(type: 2) == -1)
        #expect(errno == EPROTONOSUPPORT)
    }

    @Test("calls on what is no socket of ours tell so")
    func unknownDescriptors() {
        let drill = Drill()
        #expect(drill.listen(987_654) == -1)
        #expect(errno == EBADF)
        #expect(drill.listen(1) == -1)
        #expect(errno == ENOTSOCK)
        #expect(drill.read(drill.socket(), 10) == -1)
        #expect(errno == ENOTCONN)
        #expect(drill.write(drill.socket(), 10) == -1)
        #expect(errno == EPIPE)
        #expect(drill.accept(drill.socket()) == -1)
        #expect(errno == EINVAL)
    }

    @Test("descriptors are the host's, and close(2) gives them back")
    func descriptors() {
        let drill = Drill()
        let descriptor = drill.socket()
        #expect(fcntl(descriptor, F_GETFD) >= 0)
        #expect(drill.close(descriptor) == 0)
        #expect(fcntl(descriptor, F_GETFD) == -1)
        #expect(drill.close(descriptor) == -1)
        #expect(errno == EBADF)
    }

    @Test("getsockopt(2) of the process answers our sockets, and leaves others to the host")
    func interposed() {
        let drill = Drill()
        _ = drill.listener()
        let next = drill.establish()
        let connection = drill.accept(drill.session.monitor.locked { drill.session.sockets.keys.min() ?? -1 })
        drill.deliver(drill.segment(seq: 1, ack: next, flags: .psh), text: 100)
        var info = [UInt8](repeating: 0, count: 280)
        var length = socklen_t(info.count)
        let result = unsafe info.withUnsafeMutableBytes {
            unsafe interposedGetsockopt(connection, OptionLevel.tcp, TCPOptionName.info, $0.baseAddress, &length)
        }
        #expect(result == 0)
        #expect(length == 280)
        #expect(info[0] == 1, "ESTABLISHED")
        #expect(info[80] == 10, "ten segments of congestion window")

        var ends: [Int32] = [0, 0]
        unsafe ends.withUnsafeMutableBufferPointer {
            _ = unsafe pipe($0.baseAddress ?? $0.baseAddress.unsafelyUnwrapped)
        }
        var value: Int32 = 0
        length = 4
        #expect(unsafe interposedGetsockopt(ends[0], OptionLevel.socket, SocketOption.type, &value, &length) == -1)
        #expect(errno == ENOTSOCK, "the host says what a pipe is")
        for end in ends { Glibc.close(end) }
    }
}
