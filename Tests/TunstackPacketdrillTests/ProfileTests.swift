import Glibc
import Testing
import TunstackCore
import TunstackWire

@testable import TunstackPacketdrill

@Suite("The profile and what a write takes")
struct ProfileTests {
    @Test("flags name address, MTU and profile; what is unknown is passed over")
    func flags() {
        let profile = Profile(flags: "local=10.1.2.3/8,mtu=9000 profile=rfc cookies=yes")
        #expect(profile.local == IPv4Network(IPv4Address(10, 1, 2, 3), prefixLength: 8))
        #expect(profile.mtu == 9_000)
        #expect(profile.kind == .rfc)
        #expect(Profile(flags: "mtu=12").mtu == 1_500, "less than every host must take")
        #expect(Profile(flags: "").kind == .linux)
    }

    @Test("without settings the profile of Linux has the defaults of Linux")
    func linuxDefaults() {
        let settings = Profile(flags: "sysctl=none").socketSettings
        #expect(settings.connection.windowScale == 7, "for six megabytes")
        #expect(settings.connection.congestion == .cubic)
        #expect(settings.connection.minimumRTO == .milliseconds(200))
        #expect(settings.acceptsECN)
        #expect(!settings.connection.ecn)
        #expect(settings.passiveEstablishmentTimeout == .seconds(63), "1 + 2 + 4 + 8 + 16 + 32")
        #expect(settings.connection.establishmentTimeout == .seconds(131), "four more at equal distances")
    }

    @Test("a chunk that has been begun is filled, one that has left is not")
    func chunks() {
        var queue = WriteQueue(at: SequenceNumber(1))
        #expect(queue.room(sendNext: SequenceNumber(1), goal: 16_000) == 0)
        queue.beginChunk()
        queue.append(16_000)
        #expect(queue.room(sendNext: SequenceNumber(10_001), goal: 16_000) == 10_000)
        #expect(queue.room(sendNext: SequenceNumber(16_001), goal: 16_000) == 0)
    }

    @Test("a long write is pushed when more than half of the largest window has been written since the last push")
    func pushes() {
        var queue = WriteQueue(at: SequenceNumber(1))
        #expect(!queue.isPushed(afterMore: 16_000, largestWindow: 32_000))
        #expect(queue.isPushed(afterMore: 16_001, largestWindow: 32_000))
        queue.append(16_001)
        queue.notePush()
        #expect(!queue.isPushed(afterMore: 16_000, largestWindow: 32_000))
    }

    @Test("a write that must not block takes what Linux's accounting allows, and says EAGAIN when that is nothing")
    func partialWrite() {
        let drill = Drill()
        let listener = drill.listener()
        _ = drill.establish()
        let connection = drill.accept(listener)
        _ = drill.setFlags(connection, O_NONBLOCK)
        var size: Int32 = 21_000
        typealias SetOption = @convention(c) (UserData, Int32, Int32, Int32, UnsafeRawPointer?, socklen_t) -> Int32
        let result = unsafe drill.slot(.setOption, as: SetOption.self)(
            drill.data, connection, OptionLevel.socket, SocketOption.sendBuffer, &size, 4)
        #expect(result == 0)
        // A window of 50,000 makes chunks of 25,000: the first fills up again after ten segments have left.
        #expect(drill.write(connection, 100_000) == 60_000)
        #expect(drill.write(connection, 10) == -1)
        #expect(errno == EAGAIN)
    }
}
