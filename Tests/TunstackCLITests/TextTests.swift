import TestSupport
import Testing

@testable import Tunstack
@testable import TunstackCLI
@testable import TunstackCore

@Suite("What the command prints")
struct TextTests {
    @Test("the listing has the columns of netstat", .requirement("mission B47"))
    func listing() {
        let local = Endpoint(IPv4Address(10, 77, 0, 2), 9877)
        let remote = Endpoint(IPv4Address(10, 77, 0, 1), 40_000)
        let text = ConnectionListing.text(of: [
            ConnectionSummary(
                local: Endpoint(IPAddress.unspecified, 9877), remote: nil, state: .listen, receiveQueue: 0,
                sendQueue: 128),
            ConnectionSummary(local: local, remote: remote, state: .finWait2, receiveQueue: 12, sendQueue: 0),
        ])
        #expect(
            text == """
                Proto Recv-Q Send-Q Local Address         Foreign Address       State
                tcp        0    128 *:9877                *:*                   LISTEN
                tcp       12      0 10.77.0.2:9877        10.77.0.1:40000       FIN-WAIT-2
                """)
    }

    @Test(
        "drop reasons are told in words",
        arguments: [
            (DropReason.closedPort, "closed port"), (.unsupportedIPVersion, "unsupported IP version"),
            (.badTCPChecksum, "bad TCP checksum"), (.malformedICMP, "malformed ICMP"),
        ])
    func dropReasons(reason: DropReason, words: String) {
        #expect(PacketLine.words(for: reason) == words)
    }

    @Test("a packet's remarks are its state changes and what became of it")
    func remarks() {
        let key = ConnectionKey(
            local: Endpoint(IPv4Address(10, 77, 0, 2), 9877), remote: Endpoint(IPv4Address(10, 77, 0, 1), 40_000))
        let edges = StateTransition.all.filter { $0.from == .listen && $0.to == .synReceived }
        let passage = PacketPassage(
            direction: .inbound, instant: .origin, dropReason: .closedPort, wasLost: true,
            transitions: edges.map { TransitionRecord(key: key, transition: $0, instant: .origin) })
        #expect(
            PacketLine.remarks(on: passage)
                == " [LISTEN -> SYN-RECEIVED] (dropped: closed port) (lost: the device did not take it)")
        let plain = PacketPassage(
            direction: .outbound, instant: .origin, dropReason: nil, wasLost: false, transitions: [])
        #expect(PacketLine.remarks(on: plain).isEmpty)
    }

    @Test("chargen's lines are 72 printable characters and move on by one")
    func characters() {
        let lines = CharacterPattern.cycle.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 95)
        #expect(lines.allSatisfy { $0.count == 73 && $0.last == UInt8(ascii: "\r") })
        #expect(lines[0].starts(with: " !\"#".utf8))
        #expect(lines[1].starts(with: "!\"#$".utf8))
        #expect(lines[94].starts(with: "~ !\"".utf8))
        #expect(lines.joined().allSatisfy { (0x20...0x7E).contains($0) || $0 == UInt8(ascii: "\r") })
    }

    @Test("times of a trace move with the stack's clock")
    func clock() {
        let clock = WallClock()
        let start = MonotonicClock().now()
        let first = clock.nanoseconds(at: start)
        #expect(clock.nanoseconds(at: start + .milliseconds(1)) == first + 1_000_000)
        let day: Int64 = 24 * 60 * 60 * 1_000_000
        let step = clock.timeOfDay(at: start + .microseconds(5)).microseconds - clock.timeOfDay(at: start).microseconds
        #expect((step + day) % day == 5)
    }
}
