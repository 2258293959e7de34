import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Peers that cannot be (RFC 9293 §3.9.1.1, §3.9.2.3, RFC 1122 §3.2.1.3)")
struct InvalidPeerTests {
    /// Addresses that no host has, seen from 10.77.0.2/24.
    static let impossible = [
        IPv4Address(0, 0, 0, 0), IPv4Address(0, 1, 2, 3), IPv4Address(127, 0, 0, 1), IPv4Address(224, 0, 0, 1),
        IPv4Address(239, 255, 255, 255), IPv4Address(240, 0, 0, 1), IPv4Address(255, 255, 255, 255),
        IPv4Address(10, 77, 0, 255), IPv4Address(10, 77, 0, 0), SegmentScript.localAddress,
    ]

    @Test("an active OPEN to one is refused", .requirement("RFC9293 MUST-46"), arguments: impossible)
    func open(_ address: IPv4Address) {
        let script = SegmentScript()
        #expect(throws: OpenError.invalidRemote) {
            try script.open(to: Endpoint(address, 80))
        }
    }

    @Test("an active OPEN to port 0 or to what is not IPv4 is refused", .requirement("RFC9293 MUST-46"))
    func openToNothing() {
        let script = SegmentScript()
        #expect(throws: OpenError.invalidRemote) {
            try script.open(to: Endpoint(SegmentScript.peerAddress, 0))
        }
        #expect(throws: OpenError.invalidRemote) {
            try script.open(to: Endpoint(IPAddress(high: 1, low: 1), 80))
        }
    }

    @Test(
        "a SYN from one is dropped in silence, the land attack among them", .requirement("RFC9293 MUST-63"),
        arguments: impossible)
    func synFrom(_ address: IPv4Address) {
        let script = SegmentScript(listening: 9877)
        // The land attack: our own socket as the source.
        script.key = ConnectionKey(local: script.key.local, remote: Endpoint(address, 9877))
        script.peer(.syn)
        script.expectDrop(.invalidSource)
        script.expectNothing()
        #expect(script.stack.counters[.invalidSource] == 1)
    }

    @Test(
        "a SYN to a group or to everyone is dropped in silence", .requirement("RFC9293 MUST-57"),
        arguments: [IPv4Address(224, 0, 0, 1), IPv4Address(255, 255, 255, 255), IPv4Address(10, 77, 0, 255)])
    func synTo(_ address: IPv4Address) {
        let script = SegmentScript(listening: 9877)
        script.key = ConnectionKey(local: Endpoint(address, 9877), remote: script.key.remote)
        script.peer(.syn)
        script.expectDrop(.notUnicast)
        script.expectNothing()
    }

    @Test("a connection is named by both sockets", .requirement("mission B1"))
    func sockets() throws {
        let script = SegmentScript(listening: 9877)
        for port in [1, 2] as [UInt16] {
            script.connect(fromPort: port)
            script.peer(.syn)
            script.peer(.ack)
            script.accept()
            script.peer([.psh, .ack], "from \(port)")
            #expect(try script.read() == "from \(port)")
        }
        script.takeAllSent()
        var names: [String] = []
        script.stack.forEachConnection { summary in
            if let remote = summary.remote { names.append("\(summary.local) \(remote)") }
        }
        #expect(names == ["10.77.0.2:9877 10.77.0.1:1", "10.77.0.2:9877 10.77.0.1:2"])
    }
}
