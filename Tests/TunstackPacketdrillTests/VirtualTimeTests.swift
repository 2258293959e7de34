import Glibc
import Testing
import TunstackWire

@testable import TunstackPacketdrill

@Suite("Virtual time")
struct VirtualTimeTests {
    @Test("every look at the clock costs a microsecond, and nothing else makes it go on")
    func creep() {
        let drill = Drill()
        let first = drill.clock()
        #expect(drill.clock() == first + 1)
        _ = drill.socket()
        #expect(drill.clock() == first + 2)
    }

    @Test("sleeping runs the timers that are due, in order, each packet with its own time")
    func sleepRunsTimers() throws {
        let drill = Drill(flags: "profile=rfc sysctl=none")
        let descriptor = drill.socket()
        _ = drill.setFlags(descriptor, O_NONBLOCK)
        #expect(drill.connect(descriptor) == -1)
        #expect(errno == EINPROGRESS)
        let start = drill.clock()
        drill.elapse(8_000_000)
        #expect(drill.clock() == start + 8_000_001)
        var times: [Int64] = []
        for _ in 0..<4 {
            let packet = try #require(drill.nextPacket())
            #expect(packet.header.flags.contains(.syn))
            times.append((packet.time - start) / 100_000)
        }
        #expect(times == [0, 10, 30, 70], "the SYN and its repetitions after 1, 2 and 4 seconds")
    }

    @Test("waiting for a packet makes time go on to the next timer")
    func receiveJumps() throws {
        let drill = Drill()
        let descriptor = drill.socket()
        _ = drill.setFlags(descriptor, O_NONBLOCK)
        _ = drill.connect(descriptor)
        let first = try #require(drill.nextPacket())
        let second = try #require(drill.nextPacket())
        #expect(second.time - first.time == 1_000_000)
        #expect(drill.clock() >= second.time)
    }

    @Test("when nothing can ever leave, there is a packet of no bytes")
    func nothingLeft() {
        let drill = Drill()
        _ = drill.listener()
        #expect(drill.nextPacket() == nil)
    }
}
